#include "tests/oracle/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/scheduler.h"
#include "tests/oracle/script.h"

/* The node that the recorded pod went to. */
static node_id prefer(void *self, pod_id id)
{
    struct replay *p = self;
    size_t i = p->pairing.recorded.items[id];
    const char *node = i == SIZE_MAX ? NULL : p->r->trace->pods.items[i].node;

    return node ? world_find(p->s->world, CHANGE_NODE, "", node) : NO_ID;
}

static void prepare(void *self, struct simulation *s)
{
    struct replay *p = self;

    p->s = s;
    watch_start(p);
    fake_kubelet_start(p);
    faults_start(p);
    autoscaling_start(p);
    probes_start(p);
    scheduler_set_preference(s->scheduler, prefer, p);
}

static void count_placements(struct replay *p)
{
    for (size_t i = 0; i < p->trace->pods.count; i++) {
        size_t k = p->pairing.recorded.items[i];
        const char *got = p->trace->pods.items[i].node, *want;

        if (!got || k == SIZE_MAX)
            continue;
        want = p->r->trace->pods.items[k].node;
        p->placed += want != NULL;
        p->unlike += want && strcmp(want, got) != 0;
    }
}

static void skip_kinds(const struct script *script, struct report *report)
{
    char why[80];

    for (size_t i = 0; report && i < script->skipped.count; i++) {
        snprintf(why, sizeof why, "needs %s", script->skipped.items[i]);
        report_skip(report, script->skipped.items[i], why);
    }
}

/* The longest period of a loop that does not start with the first pod is pod
 * GC's 20 s. */
static double offset_of(uint64_t seed)
{
    struct rng rng;

    rng_init(&rng, (struct rng_root){seed, 0}, "oracle.offset", NULL, 0);
    return 5 + 20 * rng_uniform(&rng);
}

struct trace *replay(const struct recording *r, uint64_t seed,
                     struct report *report)
{
    struct replay p = {.r = r, .trace = trace_new(), .seed = seed};
    struct simulation_options options = {.seed = seed, .prepare = prepare};
    struct script script;
    struct scenario *scenario;
    struct simulation *s;

    p.offset = offset_of(seed);
    scenario = script_load(&script, r, p.offset);
    p.pairing = (struct pairing){.r = r, .model = p.trace};
    options.prepare_self = &p;
    if (scenario) {
        skip_kinds(&script, report);
        s = simulation_run(scenario, &options);
        count_placements(&p);
        p.trace->unlike = p.unlike;
        p.trace->placed = p.placed;
        p.trace->missed = p.missed;
        p.trace->faults = p.faults;
        for (size_t i = 0; i < p.pairing.recorded.count; i++)
            VEC_PUSH(p.trace->stands_for, p.pairing.recorded.items[i]);
        simulation_free(s);
        trace_sort(p.trace);
    } else {
        trace_free(p.trace);
        p.trace = NULL;
    }
    scenario_free(scenario);
    script_release(&script);
    pairing_release(&p.pairing);
    probes_release(&p);
    VEC_FREE(p.nodes);
    VEC_FREE(p.pods);
    return p.trace;
}
