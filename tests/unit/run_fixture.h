/*
 * run_fixture - a scenario of a test, run once to its end: what is there then.
 */
#ifndef TESTS_UNIT_RUN_FIXTURE_H
#define TESTS_UNIT_RUN_FIXTURE_H

#include "models/select.h"
#include "models/simulation.h"
#include "tests/unit/scenario_fixture.h"

struct run {
    struct fixture f;
    struct simulation *s;
    const struct world *w;
};

static inline void run_with(struct run *r, const char *text,
                            const struct simulation_options *options)
{
    loads(&r->f, text);
    r->s = simulation_run(r->f.s, options);
    assert_non_null(r->s);
    r->w = r->s->world;
}

static inline void run(struct run *r, const char *text)
{
    struct simulation_options options = {.seed = 1};

    run_with(r, text, &options);
}

static inline void run_end(struct run *r)
{
    simulation_free(r->s);
    end(&r->f);
}

static inline bool run_pod_lives(const struct pod *pod)
{
    return pod && pod->deletion == SIM_NEVER && pod->phase == POD_RUNNING;
}

/* Pods that run, of those with the label. */
static inline int run_pods(const struct run *r, const char *key,
                           const char *value)
{
    int count = 0;

    for (size_t i = 0; i < r->w->pods.count; i++) {
        const struct pod *pod = world_pod(r->w, (pod_id)i);
        const char *has =
            run_pod_lives(pod) ? labels_get(&pod->template->labels, key) : NULL;

        count += has && strcmp(has, value) == 0;
    }
    return count;
}

/* Addresses that the only Service lists. */
static inline int run_endpoints(const struct run *r)
{
    return (int)world_service(r->w, 0)->newest->count;
}

#endif
