/*
 * failure_fixture - whole simulations of failures: what was seen of them, and
 * what is there when the time is up.
 */
#ifndef TESTS_UNIT_FAILURE_FIXTURE_H
#define TESTS_UNIT_FAILURE_FIXTURE_H

#include "tests/unit/scenario_fixture.h"

#include "models/simulation.h"

/* No traffic, 3 nodes; what happens does so from minute 1 on. */
#define RUN(duration, more) RUN_OF(duration, more, WEB)
#define RUN_OF(duration, more, app)                                            \
    SCENARIO("  traffic: []\n  warmUp: 1m\n  duration: " duration              \
             "\n  cluster:\n    nodePools: [{name: n, count: 3, zones: [a, "   \
             "b]}]\n" more)                                                    \
    app
#define ROLLS(strategy)                                                        \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"      \
    "spec: {replicas: 3, strategy: {rollingUpdate: {" strategy "}}, "          \
    "selector: {matchLabels: {app: web}}, template: {metadata: {labels: "      \
    "{app: web}}, spec: {containers: [{name: c, image: 'i:1'}]}}}\n"

/* What is seen of a run. */
struct seen {
    struct world *w;
    unsigned lost;       /* nodes found Unknown */
    unsigned evicted;    /* pods */
    unsigned terminated; /* pods Failed by a shutdown */
    unsigned refused;    /* kubectl */
    unsigned noticed;    /* machines that will be taken back */
    sim_time first_new;  /* the first pod after time 0, s */
    unsigned made;       /* pods after time 0 */
};

static inline void look(void *self, const struct world_change *change)
{
    struct seen *seen = self;
    const struct pod *pod;

    if (change->kind == CHANGE_EVENT) {
        const struct world_event *event = change->old;

        seen->refused += strcmp(event->reason, "KubectlFailed") == 0;
        seen->noticed += strcmp(event->reason, "SpotInterruption") == 0;
        return;
    }
    if (change->kind == CHANGE_NODE) {
        seen->lost += change->what == WHAT_STATUS &&
                      world_node(seen->w, change->id)->ready == NODE_UNKNOWN;
        return;
    }
    pod = world_pod(seen->w, change->id);
    if (change->what == WHAT_ADDED && seen->w->epoch != SIM_NEVER) {
        if (seen->made++ == 0)
            seen->first_new = sim_now(seen->w->sim) - seen->w->epoch;
    }
    seen->evicted += change->what == WHAT_TERMINATING && pod->reason &&
                     strcmp(pod->reason, "TaintEviction") == 0;
    seen->terminated += change->what == WHAT_STATUS &&
                        pod->phase == POD_FAILED && pod->reason &&
                        strcmp(pod->reason, "Terminated") == 0;
}

static inline void prepare(void *self, struct simulation *s)
{
    struct seen *seen = self;

    seen->w = s->world;
    world_watch(s->world,
                1U << CHANGE_POD | 1U << CHANGE_NODE | 1U << CHANGE_EVENT, look,
                seen);
}

static inline struct simulation *run(struct fixture *f, const char *text,
                                     struct seen *seen)
{
    struct simulation_options options = {.seed = 1,
                                         .want_events = true,
                                         .prepare = prepare,
                                         .prepare_self = seen};
    struct simulation *s;

    *seen = (struct seen){0};
    loads(f, text);
    s = simulation_run(f->s, &options);
    assert_non_null(s);
    return s;
}

static inline void stop(struct fixture *f, struct simulation *s)
{
    simulation_free(s);
    end(f);
}

static inline unsigned count_pods(const struct world *w, bool bound, bool ready)
{
    unsigned count = 0;

    for (pod_id id = 0; id < w->pods.count; id++) {
        const struct pod *pod = world_pod(w, id);

        count += pod && pod->deletion == SIM_NEVER &&
                 (!bound || pod->node != NO_ID) && (!ready || pod->ready);
    }
    return count;
}

#endif
