/*
 * kubectl drain NODE...: cordons all of them, then takes one after another:
 * evicts its pods side by side, each again 5 s after a refusal, and waits
 * until they are gone.
 * Kubernetes v1.36, staging/src/k8s.io/kubectl/pkg/drain, pkg/cmd/drain.
 */
#include <stdlib.h>

#include "models/eviction.h"
#include "models/kubectl/words.h"
#include "models/select.h"

/* EvictErrorRetryDelay; the interval of waitForDelete. */
static const sim_time retry_delay = 5 * SIM_S, wait_interval = SIM_S;

struct command {
    struct kubectl_objects nodes;
    bool force, by_delete; /* --disable-eviction */
    bool ignore_daemonsets;
    bool by_selector; /* --pod-selector: other pods stay */
    struct selector pods;
    sim_time grace;   /* < 0: each pod's own */
    sim_time timeout; /* for each node; SIM_NEVER: none */
};

/* A drain that goes on; the world's memory. */
struct drain {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
    node_id *nodes;
    size_t node_count, next;
    size_t pending;    /* pods of the present node, not yet done with */
    sim_time deadline; /* of the present node */
};

static void on_evict(struct sim *sim, void *self, struct event_args args);
static void on_wait(struct sim *sim, void *self, struct event_args args);

static const struct event_type evict_event = {"drain.evict", 2, on_evict};
static const struct event_type wait_event = {"drain.wait", 2, on_wait};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"ignore-daemonsets",
                                        "delete-emptydir-data",
                                        "force",
                                        "grace-period",
                                        "timeout",
                                        "disable-eviction",
                                        "pod-selector",
                                        "selector",
                                        NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    int64_t grace = -1;
    bool ok = words_check_flags(words, flags, diag);

    c->timeout = 0;
    ok = words_int(words, "grace-period", false, -1, &grace, diag) && ok;
    ok = words_duration(words, "timeout", &c->timeout, diag) && ok;
    ok = words_objects(loader, words, 1, OBJECT_NODE, 1U << OBJECT_NODE,
                       &c->nodes, diag) &&
         ok;
    if (words_flag(words, "pod-selector")) {
        c->by_selector = true;
        ok = loader_parse_selector(loader, words_flag(words, "pod-selector"),
                                   words->place, &c->pods) &&
             ok;
    }
    c->ignore_daemonsets = words_has(words, "ignore-daemonsets");
    c->force = words_has(words, "force");
    c->by_delete = words_has(words, "disable-eviction");
    c->grace = grace < 0 ? -1 : grace * SIM_S;
    if (c->timeout == 0)
        c->timeout = SIM_NEVER;
    return ok ? c : NULL;
}

/* --- one node --- */

static bool has_ended(const struct pod *pod)
{
    return pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
}

/* The filters of kubectl pkg/drain/filters.go: which pods go, and why none
 * does. */
static bool is_meant(const struct drain *d, const struct pod *pod)
{
    const struct command *c = d->command;

    if (c->by_selector && !selector_matches(&c->pods, &pod->template->labels))
        return false;
    return pod->owner_kind != OWNER_DAEMONSET || has_ended(pod);
}

static const char *refusal(const struct drain *d, const struct node *node)
{
    const struct world *w = d->s->world;
    bool daemon = false, bare = false;

    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(w, node->pods.items[i]);

        if (has_ended(pod) ||
            (d->command->by_selector &&
             !selector_matches(&d->command->pods, &pod->template->labels)))
            continue;
        daemon |= pod->owner_kind == OWNER_DAEMONSET;
        bare |= pod->owner_kind == OWNER_NONE;
    }
    if (daemon && !d->command->ignore_daemonsets)
        return "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets "
               "to ignore)";
    if (bare && !d->command->force)
        return "cannot delete pods that declare no controller (use --force to "
               "override)";
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    pod_id x = *(const pod_id *)a, y = *(const pod_id *)b;

    return (x > y) - (x < y);
}

/* Begins with the next node that has pods to evict; after the last one the
 * drain is over. */
static void next_node(struct drain *d)
{
    struct world *w = d->s->world;

    while (d->pending == 0 && d->next < d->node_count) {
        const struct node *node = world_node(w, d->nodes[d->next++]);
        const char *why = refusal(d, node);
        VEC_OF(pod_id) pods = {0};

        if (why) {
            world_event(w, true, "DrainRefused", node->spec->name, "%s", why);
            continue;
        }
        for (size_t i = 0; i < node->pods.count; i++) {
            if (is_meant(d, world_pod(w, node->pods.items[i])))
                VEC_PUSH(pods, node->pods.items[i]);
        }
        if (pods.count > 0)
            qsort(pods.items, pods.count, sizeof *pods.items, by_number);
        d->pending = pods.count;
        d->deadline = d->command->timeout == SIM_NEVER
                          ? SIM_NEVER
                          : sim_now(w->sim) + d->command->timeout;
        for (size_t i = 0; i < pods.count; i++)
            sim_after(w->sim, 0, &evict_event, d,
                      (struct event_args){.subject = pods.items[i]});
        VEC_FREE(pods);
    }
    if (d->pending == 0 && w->incidents.items[d->origin].end == SIM_NEVER)
        world_incident_end(w, d->origin);
}

static void done_with(struct drain *d)
{
    if (--d->pending == 0)
        next_node(d);
}

/* --- one pod --- */

/* --disable-eviction deletes whatever the budgets say. */
static enum eviction_answer ask(struct drain *d, pod_id id)
{
    struct world *w = d->s->world;

    if (!d->command->by_delete)
        return eviction_request(w, id, d->command->grace, "Evicted", d->origin);
    world_pod_delete(w, id, d->command->grace, "Evicted", d->origin);
    return EVICTION_GRANTED;
}

static void on_evict(struct sim *sim, void *self, struct event_args args)
{
    struct drain *d = self;
    enum eviction_answer answer;

    if (!world_pod(d->s->world, (pod_id)args.subject) ||
        sim_now(sim) > d->deadline) {
        done_with(d);
        return;
    }
    answer = ask(d, (pod_id)args.subject);
    if (answer == EVICTION_GRANTED)
        sim_after(sim, 0, &wait_event, d, args);
    else if (answer == EVICTION_REFUSED)
        sim_after(sim, retry_delay, &evict_event, d, args);
    else
        done_with(d);
}

static void on_wait(struct sim *sim, void *self, struct event_args args)
{
    struct drain *d = self;

    if (world_pod(d->s->world, (pod_id)args.subject) &&
        sim_now(sim) <= d->deadline)
        sim_after(sim, wait_interval, &wait_event, d, args);
    else
        done_with(d);
}

/* --- all of it --- */

static void cordon(void *self, uint32_t id)
{
    struct drain *d = self;
    struct world *w = d->s->world;

    world_node_set_unschedulable(w, id, true);
    world_node(w, id)->origin = d->origin;
    d->nodes[d->node_count++] = id;
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct drain *d = world_alloc(s->world, sizeof *d);

    d->s = s;
    d->command = c;
    d->origin = origin;
    d->nodes =
        world_alloc(s->world, s->world->nodes.count * sizeof *d->nodes + 1);
    objects_each(s->world, &c->nodes, cordon, d);
    next_node(d);
}

const struct kubectl_verb kubectl_drain = {
    .name = "drain",
    .summary = "NODE --ignore-daemonsets: cordon, then evict its pods",
    .parse = parse,
    .run = run,
};
