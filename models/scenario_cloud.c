/*
 * spec.cloudLoadBalancers: keys, defaults, sources; and their translation.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"

#define CL(field) offsetof(struct raw_cloud, field)

static const char *const providers[] = {"aws-nlb", "aws-nlb-local", "azure",
                                        "gke", NULL};
static const char *const targets[] = {"instance", "ip", NULL};

/* What follows from the provider, where the entry does not say. */
static const struct preset {
    sim_time interval, timeout;
    int64_t healthy, unhealthy;
    sim_time deregistration;
    bool cross_zone, terminates;
} presets[] = {
    [CLOUD_AWS_NLB] = {30 * SIM_S, 10 * SIM_S, 3, 3, 300 * SIM_S, false, true},
    [CLOUD_AWS_NLB_LOCAL] = {10 * SIM_S, 6 * SIM_S, 2, 2, 300 * SIM_S, false,
                             true},
    [CLOUD_AZURE] = {15 * SIM_S, 15 * SIM_S, 2, 2, 240 * SIM_S, true, false},
    [CLOUD_GKE] = {3 * SIM_S, 1 * SIM_S, 2, 2, 0, true, false},
};

static const struct param health[] = {
    {.name = "interval",
     .type = PARAM_DURATION,
     .offset = offsetof(struct health_check_spec, interval),
     .text = "30s",
     .min = 1e-3,
     .max = 86400,
     .help = "between checks of a target; aws-nlb-local 10s, azure 15s, gke 3s",
     .source = "k/k#73362 (NLB 30 s x 3); cloud-provider-aws: 10 s under "
               "policy Local; Azure: 15 s; GKE L4: 3 s x 2"},
    {.name = "timeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct health_check_spec, timeout),
     .text = "10s",
     .min = 1e-3,
     .max = 86400,
     .help = "no answer by then is a failure; aws-nlb-local 6s, azure 15s, "
             "gke 1s",
     .source = "AWS target groups: 10 s TCP, 6 s HTTP"},
    {.name = "healthyThreshold",
     .type = PARAM_INT,
     .offset = offsetof(struct health_check_spec, healthy),
     .text = "3",
     .min = 1,
     .max = 1000,
     .help = "successes in a row; others than aws-nlb 2; the first check of a "
             "target decides alone",
     .source = "cloud-provider-aws"},
    {.name = "unhealthyThreshold",
     .type = PARAM_INT,
     .offset = offsetof(struct health_check_spec, unhealthy),
     .text = "3",
     .min = 1,
     .max = 1000,
     .help = "failures in a row; others than aws-nlb 2",
     .source = "cloud-provider-aws"},
    {0}};

const struct param scenario_cloud_table[] = {
    {.name = "service",
     .type = PARAM_STRING,
     .offset = CL(service),
     .required = true,
     .help = "[namespace/]name of a Service of type LoadBalancer"},
    {.name = "provider",
     .type = PARAM_ENUM,
     .offset = CL(provider),
     .text = "aws-nlb",
     .choices = providers,
     .help = "whose defaults count"},
    {.name = "targets",
     .type = PARAM_ENUM,
     .offset = CL(spec.targets),
     .text = "instance",
     .choices = targets,
     .help = "instance: nodes, and on by their kube-proxies; ip: pods"},
    {.name = "healthCheck",
     .type = PARAM_TABLE,
     .offset = CL(spec.health),
     .table = health,
     .help = "of targets: nodes by kube-proxy's health port (under "
             "externalTrafficPolicy Local the Service's own), pods by a probe"},
    {.name = "registrationDelay",
     .type = PARAM_DIST,
     .offset = CL(spec.registration),
     .text = "5s",
     .help = "from a change of nodes, or of ready pods, to its being in use",
     .source = "our choice: a reconcile and the provider's API"},
    {.name = "deregistrationDelay",
     .type = PARAM_DURATION,
     .offset = CL(spec.deregistration),
     .text = "300s",
     .max = 86400,
     .help = "kept connections to a target that left live on; azure 240s, gke "
             "0s",
     .source = "AWS deregistration_delay.timeout_seconds"},
    {.name = "crossZone",
     .type = PARAM_BOOL,
     .offset = CL(spec.cross_zone),
     .text = "false",
     .help = "each zone's entry uses the targets of all zones; azure, gke: "
             "true",
     .source = "AWS load_balancing.cross_zone.enabled of an NLB"},
    {.name = "unhealthyTermination",
     .type = PARAM_BOOL,
     .offset = CL(spec.terminates),
     .text = "true",
     .help = "connections to a target that is found unhealthy are reset; "
             "azure, gke: false, they go on",
     .source = "AWS target_health_state.unhealthy.connection_termination."
               "enabled; Azure: established flows go on; GKE "
               "connectionPersistenceOnUnhealthyBackends"},
    {0}};

static bool says(struct doc_node *item, const char *key)
{
    return doc_get(item, key) != NULL;
}

static void complete(struct raw_cloud *raw, struct doc_node *item)
{
    const struct preset *p = &presets[raw->provider];
    struct doc_node *check = doc_get(item, "healthCheck");
    struct cloud_spec *s = &raw->spec;

    if (!says(check, "interval"))
        s->health.interval = p->interval;
    if (!says(check, "timeout"))
        s->health.timeout = p->timeout;
    if (!says(check, "healthyThreshold"))
        s->health.healthy = p->healthy;
    if (!says(check, "unhealthyThreshold"))
        s->health.unhealthy = p->unhealthy;
    if (!says(item, "deregistrationDelay"))
        s->deregistration = p->deregistration;
    if (!says(item, "crossZone"))
        s->cross_zone = p->cross_zone;
    if (!says(item, "unhealthyTermination"))
        s->terminates = p->terminates;
    s->health.on = true;
}

static bool entry_read(struct scenario_reader *r, struct raw_cloud *raw,
                       size_t index, struct cloud_spec *out)
{
    struct doc_node *item = reader_item(r, "cloudLoadBalancers", index);
    struct doc_node *name = doc_get(item, "service");
    const struct service_spec *s =
        reader_find_service(r, raw->service, name ? name->place : item->place);

    complete(raw, item);
    *out = raw->spec;
    out->place = item->place;
    if (!s)
        return false;
    out->space = s->meta.space;
    out->service = s->meta.name;
    if (s->type == SERVICE_LOAD_BALANCER)
        return true;
    diag_error(r->diag, name->place,
               "Service '%s' is not of type LoadBalancer: it gets none",
               raw->service);
    return false;
}

bool scenario_build_clouds(struct scenario_reader *r)
{
    struct param_list *list = &r->raw->clouds;
    struct raw_cloud *raw = list->items;
    struct cloud_spec *items =
        intern_alloc(r->l.intern, list->count * sizeof *items);
    bool ok = true;

    for (size_t i = 0; i < list->count; i++) {
        ok &= entry_read(r, &raw[i], i, &items[i]);
        for (size_t k = 0; items[i].service && k < i; k++) {
            if (items[k].service != items[i].service ||
                items[k].space != items[i].space)
                continue;
            diag_error(r->diag, items[i].place,
                       "Service '%s' has a cloud load balancer already",
                       raw[i].service);
            ok = false;
        }
    }
    r->s->cloud_count = list->count;
    r->s->clouds = items;
    return ok;
}
