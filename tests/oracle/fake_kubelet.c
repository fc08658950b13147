/*
 * The recordings' fake kubelet. A pod that is bound runs and is ready after
 * as long as the recorded pod took that it stands for; its container ends
 * min(term_s, grace) after the deletion, then it is unready and gone. While
 * its node is stopped nothing happens; when that starts again containers are
 * as they were and everything is reported anew.
 */
#include <math.h>
#include <string.h>

#include "models/kubelet.h"
#include "tests/oracle/replay.h"

/* As seen in the recordings: from one write to the next. */
static const double step_s = 0.01, report_s = 0.05;

enum { DO_START, DO_END, DO_REMOVE, DO_REPORT, DO_SUCCEED };

static void on_event(struct sim *sim, void *self, struct event_args args);
static const struct event_type pod_event = {"oracle.fake-kubelet", 0, on_event};
static void on_resumed(struct sim *sim, void *self, struct event_args args);
static const struct event_type resumed_event = {"oracle.resumed", 0,
                                                on_resumed};

static struct fake_pod *pod_of(struct replay *p, pod_id id)
{
    while (p->pods.count <= id)
        VEC_PUSH(p->pods, (struct fake_pod){.running = false});
    return &p->pods.items[id];
}

static void later(struct replay *p, pod_id id, int what, double delay)
{
    struct fake_pod *f = pod_of(p, id);

    sim_after(
        p->s->sim, sim_seconds(delay > 0 ? delay : 0), &pod_event, p,
        (struct event_args){(uint64_t)id | (uint64_t)what << 40, ++f->stamp});
}

static const struct trace_pod *recorded(const struct replay *p, pod_id id)
{
    size_t i = p->pairing.recorded.items[id];

    return i == SIZE_MAX ? NULL : &p->r->trace->pods.items[i];
}

/* A share of the jitter: the same for a pod in every run of a seed. */
static double drawn(const struct replay *p, pod_id id)
{
    struct rng rng;

    rng_init(&rng, p->s->root, "oracle.start", NULL, id);
    return p->r->start + p->r->jitter * rng_uniform(&rng);
}

static double start_delay(const struct replay *p, pod_id id)
{
    const struct trace_pod *y = recorded(p, id);
    double longest = p->r->start + p->r->jitter + 1;

    /* Where it took much longer, its node was stopped meanwhile. */
    if (y && !isnan(y->ready) && y->ready - y->bound < longest)
        return y->ready - y->bound;
    return drawn(p, id);
}

static double end_delay(const struct replay *p, const struct pod *pod)
{
    double grace = sim_to_seconds(pod->grace);

    return grace < p->r->term ? grace : p->r->term;
}

/* --- a pod's life --- */

static void bound(struct replay *p, const struct pod *pod)
{
    double delay = start_delay(p, pod->id);

    pod_of(p, pod->id)->start_at = replay_now(p) + delay;
    if (!p->nodes.items[pod->node].stopped)
        later(p, pod->id, DO_START, delay);
}

static void start(struct replay *p, const struct pod *pod)
{
    struct fake_pod *f = pod_of(p, pod->id);
    const struct trace_pod *y = recorded(p, pod->id);

    f->running = true;
    if (!pod->ip)
        world_pod_report_ip(p->s->world, pod->id, 0x0af40001 + pod->id);
    world_pod_set_phase(p->s->world, pod->id, POD_RUNNING, NULL);
    world_pod_set_ready(p->s->world, pod->id, !f->unready);
    if (y && !isnan(y->succeeded) && y->succeeded > y->ready)
        later(p, pod->id, DO_SUCCEED, y->succeeded - y->ready);
}

/* A Job's pod has done its work. */
static void succeed(struct replay *p, const struct pod *pod)
{
    pod_of(p, pod->id)->running = false;
    world_pod_set_phase(p->s->world, pod->id, POD_SUCCEEDED, "Completed");
    world_pod_set_ready(p->s->world, pod->id, false);
}

static void end(struct replay *p, const struct pod *pod)
{
    pod_of(p, pod->id)->running = false;
    world_pod_set_ready(p->s->world, pod->id, false);
    later(p, pod->id, DO_REMOVE, step_s);
}

static void on_event(struct sim *sim, void *self, struct event_args args)
{
    struct replay *p = self;
    pod_id id = (pod_id)(args.subject & UINT32_MAX);
    const struct pod *pod = world_pod(p->s->world, id);
    const struct fake_pod *f = pod_of(p, id);

    (void)sim;
    if (!pod || f->stamp != args.detail || p->nodes.items[pod->node].stopped)
        return;
    switch ((int)(args.subject >> 40)) {
    case DO_START:
        start(p, pod);
        break;
    case DO_END:
        end(p, pod);
        break;
    case DO_SUCCEED:
        succeed(p, pod);
        break;
    case DO_REMOVE:
        world_pod_remove(p->s->world, id);
        break;
    default:
        world_pod_set_ready(p->s->world, id, f->running && !f->unready);
    }
}

/* --- what it hears --- */

static void on_pod(struct replay *p, const struct world_change *change)
{
    const struct pod *pod = world_pod(p->s->world, change->id);

    if (change->what == WHAT_BOUND)
        bound(p, pod);
    else if (change->what == WHAT_TERMINATING &&
             !p->nodes.items[pod->node].stopped)
        later(p, pod->id, DO_END, end_delay(p, pod));
}

/* The last renewal before the first stop, as recorded; else all nodes renew
 * within half a second, at a phase that chance chose. */
static void on_lease(void *self, struct doc_node *root)
{
    struct replay *p = self;
    struct doc_node *renewed = doc_get(root, "last_renew");

    for (struct doc_node *x = renewed ? renewed->first : NULL; x; x = x->next) {
        node_id id = world_find(p->s->world, CHANGE_NODE, "", x->key);

        if (id != NO_ID && isnan(p->nodes.items[id].stopped_at)) {
            p->nodes.items[id].lease = strtod(x->text, NULL);
            p->nodes.items[id].stopped_at = 0;
        }
    }
}

static void add_node(struct replay *p, node_id id)
{
    struct fake_node node = {.stopped_at = NAN};
    struct rng rng;

    rng_init(&rng, p->s->root, "oracle.lease", NULL, 0);
    node.lease = -10 * rng_uniform(&rng);
    rng_init(&rng, p->s->root, "oracle.lease", NULL, id + 1);
    node.lease += rng_uniform(&rng) / 2;
    if (replay_now(p) > 0) /* added later */
        node.lease = replay_now(p);
    VEC_PUSH(p->nodes, node);
}

static void notify(void *self, const struct world_change *change)
{
    struct replay *p = self;

    if (change->kind == CHANGE_POD)
        on_pod(p, change);
    else if (change->what == WHAT_ADDED)
        add_node(p, change->id);
}

static void on_first(struct sim *sim, void *self, struct event_args args)
{
    struct replay *p = self;

    (void)sim;
    (void)args;
    if (recording_has(p->r, "leases.jsonl"))
        lines_read(recording_file(p->r, "leases.jsonl"), NULL, on_lease, p);
}
static const struct event_type first_event = {"oracle.leases", 0, on_first};

static sim_time last_lease(void *self, node_id id)
{
    const struct replay *p = self;
    const struct fake_node *node = &p->nodes.items[id];
    double period = recording_number(p->r, "lease_s", 10);
    double until = node->stopped ? node->stopped_at : replay_now(p);
    double last = node->lease + floor((until - node->lease) / period) * period;

    return last > -p->offset ? replay_at(p, last) : 0;
}

void fake_kubelet_start(struct replay *p)
{
    kubelets_stand_in(p->s->kubelets, last_lease, p);
    world_watch(p->s->world, 1U << CHANGE_POD | 1U << CHANGE_NODE, notify, p);
    sim_at(p->s->sim, replay_at(p, 0) + SIM_MS, &first_event, p,
           (struct event_args){0, 0});
}

/* --- what is done to it --- */

void fake_kubelet_crash(struct replay *p, pod_id id, double back_after)
{
    const struct pod *pod = world_pod(p->s->world, id);

    pod_of(p, id)->running = false;
    world_pod_crashed(p->s->world, id, INCIDENT_NONE);
    world_pod_set_restarts(p->s->world, id, pod->restarts + 1);
    world_pod_set_ready(p->s->world, id, false);
    later(p, id, DO_START, back_after);
}

void fake_kubelet_fail(struct replay *p, pod_id id)
{
    struct fake_pod *f = pod_of(p, id);

    f->running = false;
    f->stamp++;
    world_pod_set_phase(p->s->world, id, POD_FAILED, "Evicted");
}

void fake_kubelet_readiness(struct replay *p, pod_id id, bool ready)
{
    struct fake_pod *f = pod_of(p, id);

    f->unready = !ready;
    world_pod_set_ready(p->s->world, id, ready && f->running);
}

void fake_kubelet_stop_node(struct replay *p, node_id id)
{
    struct fake_node *node = &p->nodes.items[id];

    if (node->stopped)
        return;
    node->stopped = true;
    node->stopped_at = replay_now(p);
}

static void resume_pod(struct replay *p, const struct pod *pod)
{
    const struct fake_pod *f = pod_of(p, pod->id);
    double left = f->start_at - replay_now(p);

    if (pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED)
        return;
    if (pod->deletion != SIM_NEVER)
        later(p, pod->id, DO_END, end_delay(p, pod));
    else if (f->running)
        later(p, pod->id, DO_REPORT, report_s);
    else
        later(p, pod->id, DO_START, left > report_s ? left : p->r->start);
}

static void on_resumed(struct sim *sim, void *self, struct event_args args)
{
    struct replay *p = self;
    const struct node *node = world_node(p->s->world, (node_id)args.subject);

    (void)sim;
    if (!node->deleted && !p->nodes.items[node->id].stopped)
        world_node_set_ready(p->s->world, node->id, NODE_TRUE);
}

void fake_kubelet_start_node(struct replay *p, node_id id)
{
    const struct node *node = world_node(p->s->world, id);

    p->nodes.items[id].stopped = false;
    p->nodes.items[id].lease = replay_now(p);
    sim_after(p->s->sim, sim_seconds(step_s), &resumed_event, p,
              (struct event_args){id, 0});
    for (size_t i = 0; i < node->pods.count; i++)
        resume_pod(p, world_pod(p->s->world, node->pods.items[i]));
}

void fake_kubelet_report(struct replay *p, node_id id, bool ready)
{
    if (!world_node(p->s->world, id)->deleted)
        world_node_set_ready(p->s->world, id, ready ? NODE_TRUE : NODE_FALSE);
}
