#include "models/network/categorize.h"

#include "models/world.h"

struct proxy_service categorize_service(bool internal_local,
                                        bool external_local, bool accessible)
{
    /* Packets that come from the cluster to an outside address take any
     * endpoint, whatever the external policy. */
    return (struct proxy_service){.cluster = !internal_local || accessible,
                                  .local = internal_local ||
                                           (external_local && accessible)};
}

static bool is_ready(const struct proxy_endpoint *e)
{
    return e->flags & ENDPOINT_READY;
}

static bool is_ending(const struct proxy_endpoint *e)
{
    return !is_ready(e) && (e->flags & ENDPOINT_SERVING) &&
           (e->flags & ENDPOINT_TERMINATING);
}

/* The hint that ready endpoints must have to be used; 0: none. */
static uint8_t wanted_hint(const struct proxy_service *service,
                           const struct proxy_endpoint *endpoints, size_t count)
{
    uint8_t all = HINT_NODES | HINT_ZONES, some = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_ready(&endpoints[i])) {
            all &= endpoints[i].hints;
            some |= endpoints[i].hints;
        }
    }
    if (service->prefer_node && (all & HINT_NODES) && (some & HINT_NODE))
        return HINT_NODE;
    return (all & HINT_ZONES) && (some & HINT_ZONE) ? HINT_ZONE : 0;
}

/* Marks the endpoints used under one policy: the ready ones, else those that
 * terminate. */
static void mark(const struct proxy_service *service,
                 struct proxy_endpoint *endpoints, size_t count, uint8_t use,
                 uint8_t hint)
{
    bool (*fits)(const struct proxy_endpoint *) = is_ready;
    bool any = service->only_ready;

    for (size_t i = 0; i < count && !any; i++)
        any = is_ready(&endpoints[i]) &&
              (use == USE_CLUSTER || endpoints[i].local);
    if (!any)
        fits = is_ending;
    for (size_t i = 0; i < count; i++) {
        struct proxy_endpoint *e = &endpoints[i];

        if (fits(e) && (use == USE_CLUSTER || e->local) &&
            (!any || (e->hints & hint) == hint))
            e->use |= use;
    }
}

bool categorize_endpoints(const struct proxy_service *service,
                          struct proxy_endpoint *endpoints, size_t count)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        endpoints[i].use = 0;
        any |= is_ready(&endpoints[i]) ||
               (!service->only_ready && is_ending(&endpoints[i]));
    }
    if (service->cluster)
        mark(service, endpoints, count, USE_CLUSTER,
             wanted_hint(service, endpoints, count));
    if (service->local)
        mark(service, endpoints, count, USE_LOCAL, 0);
    return any && (service->cluster || service->local);
}
