#include "models/traffic/server.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "models/kubelet.h"
#include "models/metrics/metrics.h"
#include "models/traffic/server_private.h"

static void on_idle(struct sim *sim, void *self, struct event_args args);
static void on_probe_end(struct sim *sim, void *self, struct event_args args);
static const struct event_type idle_event = {"server.idle", 0, on_idle};
static const struct event_type probe_event = {"server.probe_failed", 8,
                                              on_probe_end};

/* left: the job that was served; NULL: one came, or all are gone. */
static void tell_load(struct servers *v, const struct server_pod *server,
                      const struct queue_job *left)
{
    struct lb_load load = {.pod = server->pod,
                           .present = (uint64_t)queue_present(&server->queue)};

    if (left) {
        load.left = true;
        load.before = left->found;
        load.sojourn = sim_now(v->s->sim) - left->arrival;
    }
    v->client.load(v->client.self, &load);
}

/* -------------------------------------------------------------- probes */

static uint64_t probe_new(struct servers *v, struct server_pod *server,
                          server_probed *done, void *self,
                          struct event_args args)
{
    struct probe_call fresh = {0}, *call;
    uint32_t i;

    if (v->free_probes.count) {
        i = v->free_probes.items[--v->free_probes.count];
    } else {
        i = (uint32_t)v->probes.count;
        VEC_PUSH(v->probes, fresh);
    }
    call = &v->probes.items[i];
    call->done = done;
    call->self = self;
    call->args = args;
    call->server = server;
    call->timeout = 0;
    return (uint64_t)call->generation << 32 | i;
}

static struct probe_call *probe_find(struct servers *v, uint64_t id)
{
    struct probe_call *call = &v->probes.items[(uint32_t)id];

    return call->done && call->generation == id >> 32 ? call : NULL;
}

static void probe_drop(struct servers *v, struct probe_call *call)
{
    uint32_t i = (uint32_t)(call - v->probes.items);

    sim_cancel(v->s->sim, call->timeout);
    call->done = NULL;
    call->generation++;
    VEC_PUSH(v->free_probes, i);
}

static void probe_answer(struct servers *v, uint64_t id, bool ok)
{
    struct probe_call *call = probe_find(v, id), copy;

    if (!call)
        return;
    copy = *call;
    probe_drop(v, call);
    copy.done(copy.self, copy.args, ok);
}

/* Timed out, or its process has ended. */
static void on_probe_end(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    probe_answer(self, args.subject, false);
}

static void probes_forget(struct servers *v, const struct server_pod *server)
{
    for (size_t i = 0; i < v->probes.count; i++)
        if (v->probes.items[i].done && v->probes.items[i].server == server)
            probe_drop(v, &v->probes.items[i]);
}

static sim_time probe_work(struct servers *v)
{
    if (v->probe_constant)
        return v->probe_work;
    return dist_sample_time(&v->s->scenario->cluster.kubelet.probe_time,
                            &v->probe_rng);
}

void server_probe(struct servers *v, struct pod *pod, sim_time timeout,
                  server_probed *done, void *self, struct event_args args)
{
    struct server_pod *server = pod->server;
    struct event_args call = {0};

    assert(done);
    if (!server || server->state != LISTENING || queue_full(&server->queue)) {
        done(self, args, false);
        return;
    }
    call.subject = probe_new(v, server, done, self, args);
    v->probes.items[(uint32_t)call.subject].timeout =
        sim_after(v->s->sim, timeout, &probe_event, v, call);
    queue_enter(&server->queue, probe_work(v), call.subject, PROBE, 0);
    if (v->client.load)
        tell_load(v, server, NULL);
}

/* --------------------------------------------------------- Little's law */

static inline uint64_t overlap(const struct little *l, sim_time arrival,
                               sim_time now)
{
    return (uint64_t)(now - (arrival > l->begin ? arrival : l->begin));
}

static inline void come(struct little *l, sim_time now)
{
    l->present++;
    l->moment += (uint64_t)now;
}

static inline void leave(struct little *l, sim_time arrival, sim_time now)
{
    l->present--;
    l->moment -= (uint64_t)now;
    l->overlap += overlap(l, arrival, now);
}

void servers_begin_window(struct servers *v)
{
    struct little *l = &v->little;

    l->begin = sim_now(v->s->sim);
    l->moment = l->present * (uint64_t)l->begin;
    l->overlap = 0;
}

void servers_audit(struct servers *v)
{
    sim_time now = sim_now(v->s->sim);
    uint64_t sum = v->little.overlap, present = 0, area;

    for (uint32_t i = 0; i < v->queues.count; i++) {
        const struct queue_job *job = &v->queues.jobs[i];

        if (!job->queue || job->detail == PROBE)
            continue;
        present++;
        sum += overlap(&v->little, job->arrival, now);
    }
    area = v->little.present * (uint64_t)now - v->little.moment;
    if (present != v->little.present)
        simulation_fail(v->s,
                        "attempts in pods are lost: %" PRIu64
                        " came and did not leave, %" PRIu64 " are there",
                        v->little.present, present);
    else if (sum != area)
        simulation_fail(v->s,
                        "Little's law is broken: the number in the pods "
                        "integrates to %" PRIu64
                        " ns, the attempts' times sum to %" PRIu64 " ns",
                        area, sum);
}

/* ------------------------------------------------------------- service */

static void tell_served(struct servers *v, const struct server_pod *server,
                        const struct queue_job *job)
{
    sim_time now = sim_now(v->s->sim);

    leave(&v->little, job->arrival, now);
    metrics_served(v->s->metrics, job->detail, server->pod, job->arrival,
                   job->start, now);
    if (server->queue.shared && job->start != SIM_NEVER)
        metrics_worked(v->s->metrics, job->detail, job->start, now, job->work);
}

static void tell_idle(struct servers *v, const struct server_pod *server)
{
    if (server->state == LISTENING && queue_present(&server->queue) == 0)
        v->client.idle(v->client.self, server->pod);
}

static void served(void *self, struct queue *queue, const struct queue_job *job)
{
    struct servers *v = self;
    struct server_pod *server = (struct server_pod *)queue;

    if (job->detail == PROBE) {
        probe_answer(v, job->user, true);
    } else {
        server->answered++;
        server->worked += job->work;
        tell_served(v, server, job);
        v->client.answered(v->client.self, job->user,
                           job->flag ? CAUSE_APP_ERROR : CAUSE_NONE);
    }
    if (v->client.idle)
        tell_idle(v, server);
    if (v->client.load)
        tell_load(v, server, job);
    if (server->state == DRAINING && queue_present(queue) == 0)
        kubelet_process_idle(v->s->kubelets, server->pod);
}

/* A job's flag: whether it is answered by an error, and its calls. */
static void worked(void *self, struct queue *queue, uint64_t job, uint32_t flag)
{
    struct servers *v = self;

    (void)queue;
    v->client.call(v->client.self, flag / QUEUE_STAYS, job);
}

void server_called(struct servers *v, uint64_t job, bool failed)
{
    queue_leave(&v->queues, job, failed);
}

static void drop_calls(struct servers *v, const struct queue_job *job)
{
    if (job->flag >= QUEUE_STAYS)
        v->client.drop(v->client.self, job->flag / QUEUE_STAYS);
}

/* Its process ended while the node lives. */
static void reset_one(void *self, struct queue *queue,
                      const struct queue_job *job)
{
    struct servers *v = self;

    if (job->detail == PROBE) {
        sim_after(v->s->sim, 0, &probe_event, v,
                  (struct event_args){.subject = job->user});
        return;
    }
    drop_calls(v, job);
    tell_served(v, (struct server_pod *)queue, job);
    v->client.answered(v->client.self, job->user, CAUSE_RESET);
}

static void lose_one(void *self, struct queue *queue,
                     const struct queue_job *job)
{
    struct servers *v = self;

    if (job->detail == PROBE)
        return;
    drop_calls(v, job);
    tell_served(v, (struct server_pod *)queue, job);
    v->client.lost(v->client.self, job->user);
}

static void clear(struct servers *v, struct server_pod *server,
                  queue_left *lost)
{
    queue_clear(&server->queue, lost, v);
    if (v->client.load)
        tell_load(v, server, NULL);
}

static inline sim_time slowed(const struct server_pod *server, sim_time now,
                              sim_time work)
{
    const struct workload *workload = server->workload;
    double factor = server->slowness;

    if (workload->cold_factor != 1 && now - server->opened < workload->cold_for)
        factor *= workload->cold_factor;
    if (__builtin_expect(factor == 1, 1) || work == SIM_NEVER)
        return work;
    return sim_seconds(sim_to_seconds(work) * factor);
}

enum cause server_submit(struct servers *v, const struct pod *pod,
                         uint32_t traffic, uint64_t client, sim_time work,
                         struct rng *rng)
{
    struct server_pod *server = pod->server;
    const struct workload *workload;
    uint32_t flag;

    if (!server || server->state != LISTENING)
        return CAUSE_CONNECT_REFUSED;
    if (queue_full(&server->queue))
        return CAUSE_OVERLOADED;
    workload = server->workload;
    if (__builtin_expect(work == SIM_NEVER, 1))
        work = dist_sample_time(&workload->service_time, rng);
    flag = server->error_rate > 0 && rng_uniform(rng) < server->error_rate;
    if (__builtin_expect(workload->call_count > 0, 0) && flag == 0)
        flag = QUEUE_STAYS *
               v->client.plan(v->client.self, pod, client, workload, rng);
    work = slowed(server, sim_now(v->s->sim), work);
    come(&v->little, sim_now(v->s->sim));
    queue_enter(&server->queue, work, client, traffic, flag);
    if (v->client.load)
        tell_load(v, server, NULL);
    return CAUSE_NONE;
}

/* ----------------------------------------------------------- processes */

static void set_serving(struct servers *v, struct pod *pod, bool serving)
{
    if (pod->serving != serving)
        world_pod_set_serving(v->s->world, pod->id, serving);
}

static struct server_pod *make(struct servers *v, const struct pod *pod)
{
    struct server_pod *server = mem_zalloc(sizeof *server);
    const struct workload *workload =
        &v->s->scenario->workloads[pod->template->workload];
    int64_t sharers = workload->discipline == DISCIPLINE_PS
                          ? QUEUE_UNLIMITED
                          : workload->concurrency;

    server->pod = pod->id;
    server->state = ENDED;
    server->workload = workload;
    server->index = v->pods.count;
    queue_init(&server->queue, &v->queues, workload->concurrency, sharers,
               workload->queue_limit);
    VEC_PUSH(v->pods, server);
    server_faults_join(v, server, pod->node);
    return server;
}

void server_open(struct servers *v, struct pod *pod)
{
    if (!pod->server)
        pod->server = make(v, pod);
    assert(queue_present(&pod->server->queue) == 0);
    pod->server->state = LISTENING;
    pod->server->opened = sim_now(v->s->sim);
    pod->server->answered = 0;
    pod->server->worked = 0;
    set_serving(v, pod, true);
    if (v->client.idle)
        tell_idle(v, pod->server);
}

static void on_idle(struct sim *sim, void *self, struct event_args args)
{
    struct servers *v = self;
    struct pod *pod = world_pod(v->s->world, (pod_id)args.subject);

    (void)sim;
    if (pod && pod->server && pod->server->state == DRAINING &&
        queue_present(&pod->server->queue) == 0)
        kubelet_process_idle(v->s->kubelets, pod->id);
}

void server_drain(struct servers *v, struct pod *pod)
{
    struct server_pod *server = pod->server;

    if (!server || server->state != LISTENING)
        return;
    server->state = DRAINING;
    if (queue_present(&server->queue) == 0)
        sim_after(v->s->sim, 0, &idle_event, v,
                  (struct event_args){.subject = pod->id});
    set_serving(v, pod, false);
}

void server_reset(struct servers *v, struct pod *pod)
{
    if (!pod->server)
        return;
    pod->server->state = ENDED;
    clear(v, pod->server, reset_one);
    server_faults_leave(v, pod->server);
    set_serving(v, pod, false);
}

void server_vanish(struct servers *v, struct pod *pod)
{
    if (!pod->server)
        return;
    pod->server->state = ENDED;
    probes_forget(v, pod->server);
    clear(v, pod->server, lose_one);
    server_faults_leave(v, pod->server);
    set_serving(v, pod, false);
}

/* The record goes; pod->server is left to the caller. */
static void destroy(struct servers *v, struct server_pod *server)
{
    struct server_pod *last = v->pods.items[--v->pods.count];

    v->pods.items[server->index] = last;
    last->index = server->index;
    queue_release(&server->queue);
    VEC_FREE(server->faults);
    free(server);
}

void server_free(struct servers *v, struct pod *pod)
{
    struct server_pod *server = pod->server;

    if (!server)
        return;
    server->state = ENDED;
    clear(v, server, reset_one);
    probes_forget(v, server);
    pod->server = NULL;
    destroy(v, server);
    set_serving(v, pod, false);
}

/* ------------------------------------------------------------- servers */

/* A pod's object went (by force) before its sandbox: the kubelet will find
 * that out and kill it; to clients it is dead from now on. */
static void on_change(void *self, const struct world_change *change)
{
    struct servers *v = self;
    struct pod *pod;

    if (change->what != WHAT_DELETED)
        return;
    pod = world_pod(v->s->world, change->id);
    if (!pod || !pod->server)
        return;
    pod->server->state = ENDED;
    clear(v, pod->server, reset_one);
    probes_forget(v, pod->server);
    destroy(v, pod->server);
    pod->server = NULL;
}

void servers_set_client(struct servers *v, struct server_client client)
{
    assert(client.answered && client.lost);
    v->client = client;
}

struct servers *servers_new(struct simulation *s)
{
    struct servers *v = mem_zalloc(sizeof *v);

    v->s = s;
    queues_init(&v->queues, s->sim, served, v);
    v->queues.worked = worked;
    rng_init(&v->probe_rng, s->root, "server.probe", NULL, 0);
    v->probe_constant = dist_is_constant(
        &s->scenario->cluster.kubelet.probe_time, &v->probe_work);
    world_watch(s->world, 1u << CHANGE_POD, on_change, v);
    return v;
}

void servers_free(struct servers *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->pods.count; i++) {
        queue_clear(&v->pods.items[i]->queue, NULL, NULL);
        queue_release(&v->pods.items[i]->queue);
        VEC_FREE(v->pods.items[i]->faults);
        free(v->pods.items[i]);
    }
    VEC_FREE(v->pods);
    VEC_FREE(v->probes);
    VEC_FREE(v->free_probes);
    VEC_FREE(v->slow_nodes);
    queues_release(&v->queues);
    free(v);
}
