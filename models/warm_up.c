#include "models/warm_up.h"

#include <stdlib.h>

#include "models/simulation.h"
#include "models/traffic/traffic.h"
#include "sim/engine/mem.h"
#include "sim/experiment/output.h"
#include "sim/io/units.h"

/* Observations that MSER-5 gets of the measured time, each the mean of some
 * samples: finer ones hardly tell more. */
enum { OBSERVATIONS = 1000, SAMPLES_EACH = 10 };

/* Replications of pilots are numbered from here on: no study has so many. */
#define FIRST_PILOT (UINT64_MAX / 2)

struct pilot {
    struct simulation *s;
    sim_time period;
    size_t next;    /* sample */
    double *series; /* [traffic][observation]: sum over samples and pilots */
};

static void on_sample(struct sim *sim, void *self, struct event_args args);
static const struct event_type sample_event = {"warm_up.sample", 9, on_sample};

static void on_sample(struct sim *sim, void *self, struct event_args args)
{
    struct pilot *p = self;
    size_t observation = p->next++ / SAMPLES_EACH;

    for (size_t i = 0; i < p->s->scenario->traffic_count; i++)
        p->series[i * OBSERVATIONS + observation] +=
            (double)traffic_in_flight(p->s->traffic, (uint32_t)i);
    if (p->next < (size_t)OBSERVATIONS * SAMPLES_EACH)
        sim_after(sim, p->period, &sample_event, p, args);
}

static void on_epoch(void *self, const struct world_change *change)
{
    struct pilot *p = self;

    if (change->what == WHAT_EPOCH)
        sim_after(p->s->sim, p->period, &sample_event, p,
                  (struct event_args){0});
}

static void prepare(void *self, struct simulation *s)
{
    struct pilot *p = self;

    p->s = s;
    p->next = 0;
    world_watch(s->world, 1U << CHANGE_MEASURE, on_epoch, p);
}

static bool run_pilots(const struct scenario *scenario, struct pilot *pilot,
                       bool (*progress)(void *self, double fraction),
                       void *progress_self)
{
    for (uint64_t i = 0; i < WARM_UP_PILOTS; i++) {
        struct simulation_options options = {.seed = scenario->seed,
                                             .replication = FIRST_PILOT + i,
                                             .progress = progress,
                                             .progress_self = progress_self,
                                             .prepare = prepare,
                                             .prepare_self = pilot};
        struct simulation *s = simulation_run(scenario, &options);

        if (!s)
            return false;
        simulation_free(s);
    }
    return true;
}

/* The longest cut of all series, in observations. */
static size_t longest_cut(const struct scenario *scenario,
                          const struct pilot *pilot, bool *found)
{
    size_t longest = 0;

    *found = true;
    for (size_t i = 0; i < scenario->traffic_count; i++) {
        bool here;
        size_t cut =
            output_mser5(pilot->series + i * OBSERVATIONS, OBSERVATIONS, &here);

        if (!here)
            cut = OBSERVATIONS / 2;
        *found = *found && here;
        longest = cut > longest ? cut : longest;
    }
    return longest;
}

/* Says what was assumed; the first that is said. */
static void assume(struct scenario *s, const char *text)
{
    size_t n = s->assumption_count + 1;
    const char **all = mem_calloc(n, sizeof *all);

    all[0] = intern(s->intern, text);
    for (size_t i = 1; i < n; i++)
        all[i] = s->assumptions[i - 1];
    s->assumptions = intern_copy(s->intern, all, n, sizeof *all);
    s->assumption_count = n;
    free(all);
}

static void conclude(struct scenario *s, size_t cut, bool found,
                     struct diag *diag)
{
    char time[32], text[128];

    s->warm_up_more = s->duration / OBSERVATIONS * (sim_time)cut;
    units_format_duration(s->warm_up_more, time, sizeof time);
    snprintf(text, sizeof text,
             "warm-up: %s cut after all was available (MSER-5, %d pilots)",
             time, WARM_UP_PILOTS);
    assume(s, text);
    if (found)
        return;
    diag_warning(diag, s->warm_up_place,
                 "no end of the warm-up within half of the measured time");
    diag_hint(diag,
              "%s are cut; measure for longer, or is there no steady "
              "state?",
              time);
}

static void doubt(const struct scenario *s, struct diag *diag)
{
    for (size_t i = 0; i < s->timeline_count; i++) {
        const struct timeline_spec *entry = &s->timeline[i];

        if (entry->at == SIM_NEVER || entry->at < 0)
            continue;
        diag_warning(diag, s->warm_up_place,
                     "a steady state is asked for, but the timeline changes "
                     "what it is: '%.100s'",
                     entry->name);
        return;
    }
}

bool warm_up_detect(struct scenario *scenario,
                    bool (*progress)(void *self, double fraction),
                    void *progress_self, struct diag *diag)
{
    struct pilot pilot = {.period =
                              scenario->duration / OBSERVATIONS / SAMPLES_EACH};
    size_t rows = scenario->traffic_count * (size_t)OBSERVATIONS;
    bool found, done;

    if (!scenario->warm_up_mser || scenario->traffic_count == 0 ||
        pilot.period == 0)
        return true;
    doubt(scenario, diag);
    pilot.series = mem_calloc(rows, sizeof *pilot.series);
    done = run_pilots(scenario, &pilot, progress, progress_self);
    if (done) {
        size_t cut = longest_cut(scenario, &pilot, &found);

        conclude(scenario, cut, found, diag);
    }
    free(pilot.series);
    return done;
}
