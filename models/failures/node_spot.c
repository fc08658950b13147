/*
 * A spot machine is taken back: after the notice (AWS 120 s, GCP and Azure
 * 30 s) it is gone, and another one comes for it, three minutes after the
 * notice unless the scenario says when. Its Node object goes when the cloud's
 * controller finds it NotReady (controllers/cloudnodelifecycle.c).
 *
 * What is done about the notice:
 *   none      nothing: the power is cut with all that runs
 *   drain     a handler cordons and drains the node at once (aws-node-
 *             termination-handler)
 *   shutdown  the machine is told to shut down at once (GCP), and the kubelet
 *             ends its pods where it has a shutdownGracePeriod
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "models/drain.h"
#include "models/failures/failure.h"
#include "models/kubelet.h"

enum { NOTICE_NONE, NOTICE_DRAIN, NOTICE_SHUTDOWN };

struct config {
    sim_time notice;
    int on_notice;
};

static const char *const answers[] = {"none", "drain", "shutdown", NULL};

static const struct param params[] = {
    {.name = "notice",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, notice),
     .text = "120s",
     .max = 86400,
     .help = "so long before it is gone it is known",
     .source = "AWS; GCP and Azure: 30 s"},
    {.name = "onNotice",
     .type = PARAM_ENUM,
     .offset = offsetof(struct config, on_notice),
     .text = "none",
     .choices = answers,
     .help = "what is done about it: nothing, a drain, or a shutdown"},
    {0}};

/* As the handler calls kubectl's library: no pod is a reason not to go. The
 * pause, some requests, is our choice: without it new pods would be bound to
 * nodes whose cordon the scheduler has not yet heard of. */
static const struct drain_options handler = {.force = true,
                                             .ignore_daemonsets = true,
                                             .grace = -1,
                                             .timeout = SIM_NEVER,
                                             .pause = 100 * SIM_MS};

/* A machine, from its notice on. */
struct machine {
    struct simulation *s;
    node_id node;
    incident_id origin;
};

static void on_gone(struct sim *sim, void *self, struct event_args args)
{
    const struct machine *m = self;

    (void)sim;
    (void)args;
    kubelet_node_down(m->s->kubelets, m->node, m->origin);
    world_node_lose(m->s->world, m->node);
}

static const struct event_type gone_event = {"spot.gone", 4, on_gone};

static void drain(struct simulation *s, const struct machine *m)
{
    char object[300];
    incident_id incident;

    snprintf(object, sizeof object, "node/%s",
             world_node(s->world, m->node)->spec->name);
    incident =
        world_incident(s->world, "spot-handler", "drain", object, m->origin);
    drain_begin(s, &handler, &m->node, 1, incident);
}

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    const struct config *c = config;
    const struct node *node = world_node(s->world, id);
    struct machine *m;

    if (node->noticed)
        return false;
    m = world_alloc(s->world, sizeof *m);
    *m = (struct machine){s, id, origin};
    world_node_notice(s->world, id, origin);
    world_event(s->world, true, "SpotInterruption", node->spec->name,
                "The machine will be taken back");
    if (c->on_notice == NOTICE_DRAIN && !s->world->api_stopped)
        drain(s, m);
    else if (c->on_notice == NOTICE_SHUTDOWN)
        kubelet_node_shutdown(s->kubelets, id, c->notice, origin);
    sim_after(s->sim, c->notice, &gone_event, m, (struct event_args){0});
    return true;
}

/* --- the next one --- */

static const char hostname[] = "kubernetes.io/hostname";

/* The old one's Node is there still: another name, "pool-2-2". */
static const struct node_spec *renamed(struct world *w,
                                       const struct node_spec *old)
{
    size_t size = old->labels.count * sizeof *old->labels.items;
    size_t length = strlen(old->name) + 16;
    struct node_spec *spec = world_alloc(w, sizeof *spec);
    struct label *labels = world_alloc(w, size + 1);
    char *name = world_alloc(w, length);

    for (unsigned k = 2;
         k == 2 || world_find(w, CHANGE_NODE, "", name) != NO_ID; k++)
        snprintf(name, length, "%s-%u", old->name, k);
    memcpy(labels, old->labels.items, size);
    for (size_t i = 0; i < old->labels.count; i++) {
        if (strcmp(labels[i].key, hostname) == 0)
            labels[i].value = name;
    }
    *spec = *old;
    spec->name = name;
    spec->labels.items = labels;
    return spec;
}

static void on_registers(struct sim *sim, void *self, struct event_args args);
static const struct event_type registers_event = {"spot.registers", 4,
                                                  on_registers};

/* A kubelet that cannot register its Node tries again (pkg/kubelet
 * kubelet_node_status.go registerWithAPIServer: up to 7 s). */
static const sim_time register_retry = 7 * SIM_S;

static void on_registers(struct sim *sim, void *self, struct event_args args)
{
    struct simulation *s = self;
    const struct node_spec *spec =
        world_node(s->world, (node_id)args.subject)->spec;

    if (s->world->api_stopped) {
        sim_after(sim, register_retry, &registers_event, s, args);
        return;
    }
    if (world_find(s->world, CHANGE_NODE, "", spec->name) != NO_ID)
        spec = renamed(s->world, spec);
    world_node_create(s->world, spec);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    (void)origin;
    sim_after(s->sim, 0, &registers_event, s,
              (struct event_args){.subject = id});
}

const struct failure_mode failure_node_spot = {
    .name = "spot",
    .subject = SUBJECT_NODE,
    .summary = "gone after a notice; another comes after the repair, 3 min",
    .has_repair = true,
    .repair = 180,
    .params = params,
    .config_size = sizeof(struct config),
    .strike = strike,
    .mend = mend,
};
