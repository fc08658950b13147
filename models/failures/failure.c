#include "models/failures/failure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/select.h"

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

/* --- who is a target --- */

static bool has_service(const struct target *t, const struct world *w,
                        const struct pod *pod)
{
    for (size_t i = 0; i < pod->service_count; i++) {
        const struct service *s = world_service(w, pod->services[i]);

        for (size_t k = 0; k < t->name_count; k++) {
            if (strcmp(s->spec->meta.name, t->names[k]) == 0)
                return true;
        }
    }
    return false;
}

static bool pod_matches(const struct target *t, const struct world *w,
                        const struct pod *pod)
{
    if (t->space && strcmp(t->space, pod->space) != 0)
        return false;
    if (t->kind == TARGET_SERVICES)
        return has_service(t, w, pod);
    return selector_matches(&t->selector, &pod->template->labels);
}

static bool hosts(const struct target *t, const struct world *w,
                  const struct node *node)
{
    for (size_t i = 0; i < node->pods.count; i++) {
        if (pod_matches(t, w, world_pod(w, node->pods.items[i])))
            return true;
    }
    return false;
}

static bool in_zones(const struct target *t, const struct node *node)
{
    for (size_t i = 0; i < t->name_count; i++) {
        if (strcmp(t->names[i], node->spec->zone) == 0)
            return true;
    }
    return false;
}

/* Whether the node is one now: what it hosts may change. */
static bool node_matches(const struct target *t, const struct world *w,
                         const struct node *node)
{
    if (node->deleted)
        return false;
    switch (t->kind) {
    case TARGET_NODES_OF:
        return hosts(t, w, node);
    case TARGET_ZONES:
        return in_zones(t, node);
    default:
        return selector_matches(&t->selector, &node->spec->labels);
    }
}

static bool eligible(const struct rule *r, uint32_t id)
{
    const struct world *w = r->failures->s->world;

    if (r->spec->mode->subject == SUBJECT_NODE) {
        const struct node *node = world_node(w, id);

        return node->up && node_matches(&r->spec->target, w, node);
    }
    return world_pod(w, id) && world_pod(w, id)->deletion == SIM_NEVER &&
           world_pod(w, id)->serving &&
           pod_matches(&r->spec->target, w, world_pod(w, id));
}

/* --- striking and mending --- */

static char *object_text(const struct rule *r, uint32_t id)
{
    const struct world *w = r->failures->s->world;

    if (r->spec->mode->subject == SUBJECT_NODE)
        return mem_printf("node/%s", world_node(w, id)->spec->name);
    return mem_printf("pod/%s", world_pod(w, id)->name);
}

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
    char *object = object_text(r, id);

    *incident = world_incident(s->world, r->spec->name, r->spec->mode->name,
                               object, parent);
    free(object);
    return r->spec->mode->strike(s, id, *incident);
}

static void start_clock(struct rule *r, uint32_t id);

static void mend(struct rule *r, uint32_t outage)
{
    struct outage *o = &r->outages.items[outage];
    struct simulation *s = r->failures->s;

    if (!o->open) /* `for:` was over before its repair */
        return;
    o->open = false;
    r->spec->mode->mend(s, o->id, o->incident);
    world_incident_end(s->world, o->incident);
    if (!r->once && r->spec->target.pick == PICK_EACH)
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
    char name[160];

    snprintf(name, sizeof name, "failure.%s", r->spec->name);
    if (r->spec->mode->subject == SUBJECT_NODE)
        rng_init(rng, w->root, name, world_node(w, id)->spec->name, 0);
    else
        rng_init(rng, w->root, name, world_pod(w, id)->stream_owner,
                 world_pod(w, id)->ordinal);
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
    if (!eligible(r, id) || !strike(r, id, NO_ID, &incident)) {
        if (r->spec->mode->subject == SUBJECT_NODE)
            start_clock(r, id); /* pods: when they serve again */
        return;
    }
    if (!r->spec->mode->has_repair)
        return;
    target_stream(r, id, DRAW_REPAIR, &rng);
    await_repair(r, id, incident, &rng);
}

static void on_change(void *self, const struct world_change *change)
{
    struct failures *f = self;
    struct world *w = f->s->world;

    for (size_t i = 0; i < f->rules.count; i++) {
        struct rule *r = f->rules.items[i];
        bool nodes = r->spec->mode->subject == SUBJECT_NODE;

        if (r->once || r->spec->target.pick != PICK_EACH)
            continue;
        if (nodes && change->kind == CHANGE_NODE && change->what == WHAT_ADDED)
            start_clock(r, change->id);
        if (nodes || change->kind != CHANGE_POD || change->what != WHAT_SERVING)
            continue;
        if (world_pod(w, change->id)->serving) {
            if (pod_matches(&r->spec->target, w, world_pod(w, change->id)))
                start_clock(r, change->id);
        } else if (change->id < r->clocks.count) {
            sim_cancel(f->s->sim, r->clocks.items[change->id].event);
        }
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
    const struct world *w = r->failures->s->world;
    size_t all =
        r->spec->mode->subject == SUBJECT_NODE ? w->nodes.count : w->pods.count;
    VEC_OF(uint32_t) ids = {0};

    for (size_t i = 0; i < all; i++) {
        if (eligible(r, (uint32_t)i))
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
    world_watch(s->world, 1U << CHANGE_POD | 1U << CHANGE_NODE, on_change, f);
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
    fire(r, origin);
    if (lasts != SIM_NEVER && spec->mode->has_repair)
        sim_after(f->s->sim, lasts, &mend_set_event, r, (struct event_args){0});
}
