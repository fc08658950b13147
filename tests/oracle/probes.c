/*
 * Connections to Services: those that were recorded, and the same in the
 * replay. Each goes where the proxy of one node sends it then: by the
 * endpoints that this has programmed, the strategy of mode iptables, and the
 * Service's session affinity. That nobody serves the Service is told by its
 * endpoints; the fake kubelet's pods have no servers.
 */
#include <stdlib.h>
#include <string.h>

#include "models/lb/lb.h"
#include "models/network/affinity.h"
#include "models/network/kubeproxy.h"
#include "sim/io/csv.h"
#include "tests/oracle/replay.h"

/* All connections come from one address, beside the first node's proxy. */
enum { CLIENT = 1, CLIENT_NODE = 0 };
/* The model connects so many times as often as was recorded, so that chance
 * is all but the recording's. */
enum { TIMES = 20 };

struct prober {
    struct lb_balancer balancer;
    struct rng rng;
    service_id service; /* that the probes go to; NO_ID: not looked for yet */
};

/* --- recorded --- */

static bool header(void *self, const struct csv_row *row)
{
    (void)self;
    return row->count == 2;
}

static bool probe(void *self, const struct csv_row *row)
{
    struct trace *t = self;
    double at = strtod(row->fields[0], NULL);

    VEC_PUSH(t->hits,
             ((struct trace_hit){at, trace_pod_at(t, row->fields[1], at)}));
    return true;
}

bool probes_read(struct recording *r)
{
    const char *path = recording_match(r, "probe", ".csv", 0);
    struct diag *diag;
    bool ok;

    if (!path)
        return true;
    diag = diag_new();
    ok = csv_read(path, header, probe, r->trace, false, NULL, diag);
    if (!ok)
        diag_print(diag, stdout);
    diag_free(diag);
    return ok;
}

/* --- which Service --- */

static bool is_letter(char c)
{
    return c && strchr("abcdefghijklmnopqrstuvwxyz0123456789-", c);
}

/* The text has the Service's name as a word. */
static bool names(const char *text, const char *service)
{
    size_t length = strlen(service);

    for (const char *at = text; (at = strstr(at, service)); at += length) {
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[length]))
            return true;
    }
    return false;
}

static const struct endpoint_set *endpoints_of(const struct replay *p,
                                               service_id id)
{
    return proxy_endpoints(p->s->proxies, CLIENT_NODE, id);
}

static bool answered_by_any(const struct replay *p, const struct input *in)
{
    struct doc_node *counts = doc_get(in->root, "counts");

    for (struct doc_node *x = counts ? counts->first : NULL; x; x = x->next) {
        if (trace_pod_at(p->r->trace, x->key, in->t) != SIZE_MAX)
            return true;
    }
    return false;
}

/* What a measurement says of its Service; else the first that has what it
 * takes: session affinity, endpoints or none. in NULL: of the probes. */
static service_id service_of(const struct replay *p, const struct input *in)
{
    const char *text = in ? doc_text(in->root, "text") : NULL;
    const char *given = in ? doc_text(in->root, "service") : NULL;
    bool sticky = text && strstr(text, "sessionAffinity");
    bool any = !in || answered_by_any(p, in);
    service_id like = NO_ID;

    for (service_id i = 0; i < p->s->world->services.count; i++) {
        const struct service *s = world_service(p->s->world, i);
        const char *name = s->spec->meta.name;

        if (s->deleted != SIM_NEVER)
            continue;
        if (given ? strcmp(given, name) == 0 : text && names(text, name))
            return i;
        if (like == NO_ID && !given && s->spec->client_ip_affinity == sticky &&
            any == (endpoints_of(p, i)->usable > 0))
            like = i;
    }
    return like;
}

/* --- the model's --- */

/* NULL: nobody answers. */
static const struct endpoint *connect_to(struct replay *p, service_id id,
                                         struct affinity *table)
{
    const struct service_spec *spec = world_service(p->s->world, id)->spec;
    const struct endpoint_set *set = endpoints_of(p, id);
    const struct endpoint *endpoint = NULL;
    sim_time now = sim_now(p->s->sim);

    if (set->usable == 0)
        return NULL;
    if (spec->client_ip_affinity)
        endpoint = affinity_find(table, CLIENT_NODE, CLIENT, set, now,
                                 spec->affinity_timeout);
    if (!endpoint)
        endpoint = lb_balancer_pick(&p->prober->balancer, set, &p->prober->rng,
                                    CLIENT, now);
    if (spec->client_ip_affinity)
        affinity_note(table, CLIENT_NODE, CLIENT, endpoint->pod, now);
    return endpoint;
}

static void on_probe(struct sim *sim, void *self, struct event_args args)
{
    struct replay *p = self;
    struct prober *prober = p->prober;
    const struct endpoint *endpoint = NULL;

    (void)sim;
    if (prober->service == NO_ID)
        prober->service = service_of(p, NULL);
    if (prober->service != NO_ID)
        endpoint =
            connect_to(p, prober->service, &(struct affinity){.entries = NULL});
    VEC_PUSH(p->trace->hits,
             ((struct trace_hit){p->r->trace->hits.items[args.subject].t,
                                 endpoint ? endpoint->pod : SIZE_MAX}));
}
static const struct event_type probe_event = {"oracle.probe", 1, on_probe};

static double recorded_count(const struct input *in)
{
    struct doc_node *counts = doc_get(in->root, "counts");
    double sum = 0;

    for (struct doc_node *x = counts->first; x; x = x->next)
        sum += strtod(x->text, NULL);
    return sum;
}

static void count(struct trace_measure *m, const struct endpoint *endpoint,
                  const struct endpoint *before)
{
    if (!endpoint) {
        m->unanswered++;
        return;
    }
    m->answered++;
    m->repeats += before && before->pod == endpoint->pod;
    for (size_t i = 0; i < m->shares.count; i++)
        m->shares.items[i].count += m->shares.items[i].pod == endpoint->pod;
}

static void on_measure(struct sim *sim, void *self, struct event_args args)
{
    struct replay *p = self;
    const struct input *in = &p->r->inputs.items[args.subject];
    service_id id = service_of(p, in);
    struct trace_measure m = {.input = args.subject};
    struct affinity table = {.entries = NULL};
    const struct endpoint *before = NULL;

    (void)sim;
    if (id != NO_ID) {
        const struct service_spec *spec = world_service(p->s->world, id)->spec;
        const struct endpoint_set *set = endpoints_of(p, id);

        m.service = intern(p->trace->intern, spec->meta.name);
        m.sticky = spec->client_ip_affinity;
        for (uint32_t i = 0; i < set->usable; i++)
            VEC_PUSH(m.shares,
                     ((struct trace_share){set->endpoints[i].pod, 0}));
        for (double n = TIMES * recorded_count(in); n > 0; n--) {
            const struct endpoint *endpoint = connect_to(p, id, &table);

            count(&m, endpoint, before);
            before = endpoint;
        }
    }
    affinity_release(&table);
    VEC_PUSH(p->trace->measures, m);
}
static const struct event_type measure_event = {"oracle.measure", 1,
                                                on_measure};

void probes_start(struct replay *p)
{
    p->prober = mem_zalloc(sizeof *p->prober);
    p->prober->service = NO_ID;
    lb_balancer_init(&p->prober->balancer, &lb_random, NULL);
    rng_init(&p->prober->rng, p->s->root, "oracle.connections", NULL, 0);
    for (size_t i = 0; i < p->r->trace->hits.count; i++)
        sim_at(p->s->sim, replay_at(p, p->r->trace->hits.items[i].t),
               &probe_event, p, (struct event_args){i, 0});
    for (size_t i = 0; i < p->r->inputs.count; i++) {
        if (doc_get(p->r->inputs.items[i].root, "counts"))
            sim_at(p->s->sim, replay_at(p, p->r->inputs.items[i].t),
                   &measure_event, p, (struct event_args){i, 0});
    }
}

void probes_release(struct replay *p)
{
    if (p->prober)
        lb_balancer_release(&p->prober->balancer);
    free(p->prober);
}
