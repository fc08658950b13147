#include "models/failures/failure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/failures/victims.h"

/* A target's own clock (without `pick`). */
struct failure_clock {
    event_id event;
    uint32_t draws; /* periods begun so far: place in the target's stream */
};

/* A target struck and not yet mended. */
struct outage {
    uint32_t id;
    incident_id incident;
    sim_time repair;
    bool open;
};

/* One rule of the scenario, or one `fail:` entry, in one replication. */
struct rule {
    struct failures *failures;
    const struct failure_spec *spec;
    VEC_OF(struct failure_clock) clocks; /* by pod or node id */
    bool once;                           /* of `fail:`: has no clock */
    bool ends;                           /* and says how long it lasts */
    struct rng rng;                      /* picks, and the rule's clock */
    VEC_OF(struct outage) outages;
    int64_t repairing;
    VEC_OF(uint32_t) waiting; /* outages that wait for a repairer, FIFO */
    size_t waiting_first;
};

struct failures {
    struct simulation *s;
    VEC_OF(struct rule *) rules;
};

static void on_clock(struct sim *sim, void *self, struct event_args args);
static void on_fire(struct sim *sim, void *self, struct event_args args);
static void on_mend(struct sim *sim, void *self, struct event_args args);
static void on_mend_set(struct sim *sim, void *self, struct event_args args);

static const struct event_type clock_event = {"failure.clock", 4, on_clock};
static const struct event_type fire_event = {"failure.fire", 4, on_fire};
static const struct event_type mend_event = {"failure.mend", 4, on_mend};
static const struct event_type mend_set_event = {"failure.mend-set", 4,
                                                 on_mend_set};

const char *const failure_subjects[SUBJECT_COUNT] = {
    "pod", "node", "zone", "deployment", "control-plane"};

const struct failure_mode *failure_find(const char *name,
                                        enum failure_subject subject)
{
    for (size_t i = 0; failure_modes[i]; i++) {
        if (failure_modes[i]->subject == subject &&
            strcmp(failure_modes[i]->name, name) == 0)
            return failure_modes[i];
    }
    return NULL;
}

/* --- striking and mending --- */

static void begin_repair(struct rule *r, uint32_t outage)
{
    struct sim *sim = r->failures->s->sim;

    r->repairing++;
    sim_after(sim, r->outages.items[outage].repair, &mend_event, r,
              (struct event_args){.subject = outage});
}

/* Puts a struck target into the care of the repairers. */
static void await_repair(struct rule *r, uint32_t id, incident_id incident,
                         struct rng *rng)
{
    struct outage outage = {id, incident,
                            dist_sample_time(&r->spec->repair, rng), true};

    if (!r->spec->repair_given && r->spec->mode->repair > 0 && !r->ends)
        outage.repair = sim_seconds(r->spec->mode->repair);
    VEC_PUSH(r->outages, outage);
    if (outage.repair == SIM_NEVER)
        return;
    if (r->repairing < r->spec->repairers)
        begin_repair(r, (uint32_t)r->outages.count - 1);
    else
        VEC_PUSH(r->waiting, (uint32_t)r->outages.count - 1);
}

/* Strikes one target under an incident of its own. */
static bool strike(struct rule *r, uint32_t id, uint32_t parent,
                   incident_id *incident)
{
    struct simulation *s = r->failures->s;
    char *object = victim_name(s->world, r->spec->mode->subject, id);

    *incident = world_incident(s->world, r->spec->name, r->spec->mode->name,
                               object, parent);
    free(object);
    return r->spec->mode->strike(s, id, r->spec->config, *incident);
}

static void start_clock(struct rule *r, uint32_t id);

static void mend(struct rule *r, uint32_t outage)
{
    struct outage *o = &r->outages.items[outage];
    struct simulation *s = r->failures->s;

    if (!o->open) /* `for:` was over before its repair */
        return;
    o->open = false;
    r->spec->mode->mend(s, o->id, r->spec->config, o->incident);
    world_incident_end(s->world, o->incident);
    if (!r->once && r->spec->target.pick == PICK_EACH &&
        victim_exists(s->world, r->spec->mode->subject, o->id))
        start_clock(r, o->id);
}

static void on_mend(struct sim *sim, void *self, struct event_args args)
{
    struct rule *r = self;

    (void)sim;
    r->repairing--;
    if (r->waiting_first < r->waiting.count)
        begin_repair(r, r->waiting.items[r->waiting_first++]);
    mend(r, (uint32_t)args.subject);
}

/* --- each target on its own clock --- */

/* What is drawn for a period: places of their own, lest a long repair go with
 * a long life after it. */
enum draw { DRAW_LIFE, DRAW_REPAIR };

static void target_stream(const struct rule *r, uint32_t id, enum draw draw,
                          struct rng *rng)
{
    const struct world *w = r->failures->s->world;
    enum failure_subject subject = r->spec->mode->subject;
    const char *whose = subject == SUBJECT_POD
                            ? world_pod(w, id)->stream_owner
                            : victim_plain_name(w, subject, id);
    uint64_t ordinal = 0;
    char name[160];

    if (subject == SUBJECT_POD)
        ordinal = world_pod(w, id)->ordinal;
    else if (subject == SUBJECT_NODE)
        ordinal = world_node(w, id)->namesakes;
    snprintf(name, sizeof name, "failure.%s", r->spec->name);
    rng_init(rng, w->root, name, whose, ordinal);
    rng_seek(rng, r->clocks.items[id].draws, draw);
}

/* Begins a period of good health. */
static void start_clock(struct rule *r, uint32_t id)
{
    struct failure_clock *clock;
    struct rng rng;

    while (r->clocks.count <= id)
        VEC_PUSH(r->clocks, (struct failure_clock){0});
    clock = &r->clocks.items[id];
    sim_cancel(r->failures->s->sim, clock->event);
    target_stream(r, id, DRAW_LIFE, &rng);
    clock->event =
        sim_after(r->failures->s->sim, dist_sample_time(&r->spec->after, &rng),
                  &clock_event, r, (struct event_args){.subject = id});
    clock->draws++;
}

static void on_clock(struct sim *sim, void *self, struct event_args args)
{
    struct rule *r = self;
    uint32_t id = (uint32_t)args.subject;
    incident_id incident;
    struct rng rng;

    (void)sim;
    if (!victim_eligible(r->failures->s->world, r->spec, id) ||
        !strike(r, id, NO_ID, &incident)) {
        if (r->spec->mode->subject != SUBJECT_POD)
            start_clock(r, id); /* pods: when they serve again */
        return;
    }
    if (!r->spec->mode->has_repair)
        return;
    target_stream(r, id, DRAW_REPAIR, &rng);
    await_repair(r, id, incident, &rng);
}

/* Something that is not a pod comes: a Deployment, a node and perhaps the
 * first of its zone, or of all. */
static void target_added(struct rule *r, const struct world_change *change)
{
    enum failure_subject subject = r->spec->mode->subject;
    uint32_t id = change->id;

    if ((subject == SUBJECT_DEPLOYMENT) != (change->kind == CHANGE_DEPLOYMENT))
        return;
    if (subject == SUBJECT_ZONE)
        id = world_node(r->failures->s->world, id)->zone;
    else if (subject == SUBJECT_CONTROL_PLANE)
        id = 0;
    if (id >= r->clocks.count || r->clocks.items[id].draws == 0)
        start_clock(r, id);
}

static void serving_changed(struct rule *r, const struct pod *pod)
{
    if (pod->serving) {
        if (victim_matches(r->failures->s->world, &r->spec->target, pod))
            start_clock(r, pod->id);
    } else if (pod->id < r->clocks.count) {
        sim_cancel(r->failures->s->sim, r->clocks.items[pod->id].event);
    }
}

static void on_change(void *self, const struct world_change *change)
{
    struct failures *f = self;

    for (size_t i = 0; i < f->rules.count; i++) {
        struct rule *r = f->rules.items[i];
        bool pods = r->spec->mode->subject == SUBJECT_POD;

        if (r->once || r->spec->target.pick != PICK_EACH)
            continue;
        if (!pods && change->kind != CHANGE_POD && change->what == WHAT_ADDED)
            target_added(r, change);
        if (pods && change->kind == CHANGE_POD && change->what == WHAT_SERVING)
            serving_changed(r, world_pod(f->s->world, change->id));
    }
}

/* --- one clock for the rule, victims drawn at each firing --- */

static size_t victims_wanted(struct rule *r, size_t count)
{
    const struct target *t = &r->spec->target;
    double share = t->pick_value;

    switch (t->pick) {
    case PICK_ONE:
        return count > 0;
    case PICK_FIXED:
        return share < (double)count ? (size_t)share : count;
    case PICK_RANDOM_MAX:
        share *= rng_uniform(&r->rng) / 100;
        return (size_t)floor(share * (double)count + 0.5);
    case PICK_PERCENT:
        return (size_t)floor(share * (double)count / 100);
    default:
        return count;
    }
}

/* All eligible targets, in order of id. */
static size_t gather(const struct rule *r, uint32_t **out)
{
    size_t all = victim_count(r->failures->s->world, r->spec->mode->subject);
    VEC_OF(uint32_t) ids = {0};

    for (size_t i = 0; i < all; i++) {
        if (victim_eligible(r->failures->s->world, r->spec, (uint32_t)i))
            VEC_PUSH(ids, (uint32_t)i);
    }
    *out = ids.items;
    return ids.count;
}

/* Fires the rule once: a partial Fisher-Yates shuffle draws the victims. */
static void fire(struct rule *r, uint32_t parent)
{
    uint32_t *ids;
    size_t count = gather(r, &ids), wanted = victims_wanted(r, count);

    if (wanted > count)
        wanted = count;
    for (size_t i = 0; i < wanted; i++) {
        size_t at = i + rng_below(&r->rng, count - i);
        uint32_t id = ids[at];
        incident_id incident;

        ids[at] = ids[i];
        if (strike(r, id, parent, &incident) && r->spec->mode->has_repair)
            await_repair(r, id, incident, &r->rng);
    }
    free(ids);
}

static void schedule_fire(struct rule *r)
{
    sim_after(r->failures->s->sim, dist_sample_time(&r->spec->after, &r->rng),
              &fire_event, r, (struct event_args){0});
}

static void on_fire(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    (void)args;
    fire(self, NO_ID);
    schedule_fire(self);
}

/* --- the whole --- */

static struct rule *rule_new(struct failures *f,
                             const struct failure_spec *spec)
{
    struct rule *r = mem_zalloc(sizeof *r);

    r->failures = f;
    r->spec = spec;
    rng_init(&r->rng, f->s->root, "failure.rule", spec->name, f->rules.count);
    VEC_PUSH(f->rules, r);
    return r;
}

struct failures *failures_new(struct simulation *s)
{
    struct failures *f = mem_zalloc(sizeof *f);

    f->s = s;
    for (size_t i = 0; i < s->scenario->failure_count; i++) {
        struct rule *r = rule_new(f, &s->scenario->failures[i]);

        if (r->spec->target.pick != PICK_EACH)
            schedule_fire(r);
    }
    world_watch(s->world,
                1U << CHANGE_POD | 1U << CHANGE_NODE | 1U << CHANGE_DEPLOYMENT,
                on_change, f);
    return f;
}

void failures_free(struct failures *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->rules.count; i++) {
        struct rule *r = f->rules.items[i];

        VEC_FREE(r->clocks);
        VEC_FREE(r->outages);
        VEC_FREE(r->waiting);
        free(r);
    }
    VEC_FREE(f->rules);
    free(f);
}

/* The end of `for:`: all that this firing struck is mended at once. */
static void on_mend_set(struct sim *sim, void *self, struct event_args args)
{
    struct rule *r = self;

    (void)sim;
    (void)args;
    for (size_t i = 0; i < r->outages.count; i++) {
        if (r->outages.items[i].open)
            mend(r, (uint32_t)i);
    }
}

void failures_fire(struct failures *f, const struct failure_spec *spec,
                   sim_time lasts, incident_id origin)
{
    struct rule *r = rule_new(f, spec);

    r->once = true;
    r->ends = lasts != SIM_NEVER;
    fire(r, origin);
    if (r->ends && spec->mode->has_repair)
        sim_after(f->s->sim, lasts, &mend_set_event, r, (struct event_args){0});
}
