/*
 * kubelet_fixture - a cluster with kubelets, and in place of the model of
 * servers one that notes what it is told and answers probes as a test wants.
 */
#ifndef TESTS_UNIT_KUBELET_FIXTURE_H
#define TESTS_UNIT_KUBELET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/kubelet.h"
#include "models/network/ipam.h"
#include "models/traffic/server.h"
#include "tests/unit/node_fixture.h"

/* --- the server of requests, as the kubelet sees it --- */

struct servers {
    struct fixture *f;
    bool busy;           /* a process told to drain has work left */
    bool hung;           /* probes time out */
    unsigned probes;     /* asked so far */
    const bool *answers; /* by probe; NULL: all pass */
    size_t answer_count;
    bool quiet; /* probes are not logged */
};

struct server_pod {
    bool listens;
    uint64_t answered;
    bool hung;
};

static inline void note(struct servers *v, const struct pod *pod,
                        const char *what)
{
    fixture_note(v->f, "server %u %s", pod->id, what);
}

void server_open(struct servers *v, struct pod *pod)
{
    if (!pod->server)
        pod->server = calloc(1, sizeof *pod->server);
    pod->server->listens = true;
    note(v, pod, "open");
}

static inline void on_idle(struct sim *sim, void *self, struct event_args args)
{
    struct servers *v = self;

    (void)sim;
    kubelet_process_idle(v->f->s.kubelets, (pod_id)args.subject);
}

static const struct event_type idle_event = {"test.idle", 0, on_idle};

void server_drain(struct servers *v, struct pod *pod)
{
    pod->server->listens = false;
    note(v, pod, "drain");
    sim_after(v->f->s.sim, v->busy ? 3 * SIM_S : 0, &idle_event, v,
              (struct event_args){pod->id, 0});
}

void server_reset(struct servers *v, struct pod *pod)
{
    pod->server->listens = false;
    note(v, pod, "reset");
}

void server_vanish(struct servers *v, struct pod *pod)
{
    pod->server->listens = false;
    note(v, pod, "vanish");
}

void server_free(struct servers *v, struct pod *pod)
{
    free(pod->server);
    pod->server = NULL;
    note(v, pod, "free");
}

uint64_t server_answered(const struct pod *pod)
{
    return pod->server ? pod->server->answered : 0;
}

bool server_hangs(const struct pod *pod)
{
    return pod->server && pod->server->hung;
}

bool server_listens(const struct pod *pod)
{
    return pod->server && pod->server->listens;
}

void server_probe(struct servers *v, struct pod *pod, sim_time timeout,
                  server_probed *done, void *self, struct event_args args)
{
    bool ok = server_listens(pod) && !v->hung;

    (void)timeout;
    if (v->answers && v->probes < v->answer_count)
        ok = v->answers[v->probes];
    v->probes++;
    if (!v->quiet)
        note(v, pod, ok ? "probe passes" : "probe fails");
    done(self, args, ok);
}

/* Kubernetes' defaults but for its kind. */
static const struct probe http = {.kind = PROBE_HTTP,
                                  .period = 10 * SIM_S,
                                  .timeout = SIM_S,
                                  .success_threshold = 1,
                                  .failure_threshold = 3};

/* --- setting up --- */

struct test {
    struct fixture f;
    struct servers servers;
};

static inline void start(struct test *t)
{
    struct simulation *s = &t->f.s;

    fixture_start(&t->f);
    memset(&t->servers, 0, sizeof t->servers);
    t->servers.f = &t->f;
    s->servers = &t->servers;
    s->ipam = ipam_new(s);
    s->kubelets = kubelets_new(s);
    for (size_t i = 0; i < t->f.node_count; i++)
        world_node_create(s->world, &t->f.nodes[i]);
}

static inline void end(struct test *t)
{
    struct world *w = t->f.s.world;

    kubelets_free(t->f.s.kubelets);
    ipam_free(t->f.s.ipam);
    for (size_t i = 0; i < w->pods.count; i++)
        if (world_pod(w, (pod_id)i))
            free(world_pod(w, (pod_id)i)->server);
    fixture_end(&t->f);
}

static inline void expect(struct test *t, const char *log)
{
    assert_string_equal(t->f.log, log);
    fixture_forget(&t->f);
}

static inline void delete_pod(struct test *t, pod_id id, sim_time grace)
{
    world_pod_delete(t->f.s.world, id, grace, "Deleted", INCIDENT_NONE);
}

/* A pod on node 0 that runs since 1.115 s at the latest. */
static inline pod_id running(struct test *t)
{
    pod_id id;

    start(t);
    id = fixture_pod(&t->f, 0);
    fixture_run(&t->f, 5000);
    fixture_forget(&t->f);
    return id;
}

#endif
