#include "models/kubectl/timeline.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/failures/failure.h"
#include "models/kubectl/verb.h"
#include "models/traffic/traffic.h"

struct timeline {
    struct simulation *s;
    incident_id *incidents; /* of each entry, once it ran */
};

static void on_entry(struct sim *sim, void *self, struct event_args args);
static void on_entry_end(struct sim *sim, void *self, struct event_args args);

/* Before anything else of the same instant. */
static const struct event_type entry_event = {"timeline.entry", 2, on_entry};
static const struct event_type end_event = {"timeline.end", 2, on_entry_end};

/* The objects of a command as people name them: what follows the verb. */
static const char *object_text(const struct timeline_spec *e)
{
    const char *text = e->text;
    size_t n;

    if (e->traffic)
        return e->traffic;
    if (!e->verb)
        return "";
    if (strncmp(text, "kubectl ", 8) == 0)
        text += 8;
    n = strlen(e->verb->name);
    if (strncmp(text, e->verb->name, n) != 0)
        return text;
    return text[n] == ' ' ? text + n + 1 : text + n;
}

static const char *action_text(const struct timeline_spec *e)
{
    if (e->verb)
        return e->verb->name;
    return e->fail ? e->fail->mode->name : "traffic";
}

static uint32_t traffic_index(const struct simulation *s, const char *name)
{
    uint32_t i = 0;

    while (strcmp(s->scenario->traffic[i].name, name) != 0)
        i++;
    return i;
}

static void set_rate(const struct timeline *t, const struct timeline_spec *e)
{
    uint32_t i = traffic_index(t->s, e->traffic);
    double rate = e->traffic_rate;

    if (e->traffic_factor)
        rate *= t->s->scenario->traffic[i].rate;
    traffic_set_rate(t->s->traffic, i, rate);
}

static void refuse(struct timeline *t, incident_id incident)
{
    world_event(t->s->world, true, "KubectlFailed",
                t->s->world->incidents.items[incident].object,
                "The connection to the server was refused");
    world_incident_end(t->s->world, incident);
}

static void act(struct timeline *t, size_t index)
{
    const struct timeline_spec *e = &t->s->scenario->timeline[index];
    incident_id incident = world_incident(t->s->world, e->name, action_text(e),
                                          object_text(e), NO_ID);

    t->incidents[index] = incident;
    if (e->verb && t->s->world->api_stopped)
        refuse(t, incident);
    else if (e->verb)
        e->verb->run(t->s, e->command, incident);
    else if (e->fail)
        failures_fire(t->s->failures, e->fail, e->lasts, incident);
    else
        set_rate(t, e);
    if (e->lasts != SIM_NEVER)
        sim_after(t->s->sim, e->lasts, &end_event, t,
                  (struct event_args){.subject = index});
}

static void on_entry(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    act(self, (size_t)args.subject);
}

static void on_entry_end(struct sim *sim, void *self, struct event_args args)
{
    struct timeline *t = self;
    const struct scenario *c = t->s->scenario;
    const struct timeline_spec *e = &c->timeline[args.subject];

    (void)sim;
    if (e->traffic) {
        uint32_t i = traffic_index(t->s, e->traffic);

        traffic_set_rate(t->s->traffic, i, c->traffic[i].rate);
    }
    world_incident_end(t->s->world, t->incidents[args.subject]);
}

static void on_measure(void *self, const struct world_change *change)
{
    struct timeline *t = self;
    const struct scenario *c = t->s->scenario;

    if (change->what != WHAT_EPOCH)
        return;
    for (size_t i = 0; i < c->timeline_count; i++) {
        if (c->timeline[i].at != SIM_NEVER)
            sim_after(t->s->sim, c->timeline[i].at, &entry_event, t,
                      (struct event_args){.subject = i});
    }
}

struct timeline *timeline_new(struct simulation *s)
{
    struct timeline *t = mem_zalloc(sizeof *t);

    t->s = s;
    t->incidents =
        mem_calloc(s->scenario->timeline_count, sizeof *t->incidents);
    world_watch(s->world, 1U << CHANGE_MEASURE, on_measure, t);
    return t;
}

void timeline_free(struct timeline *t)
{
    if (!t)
        return;
    free(t->incidents);
    free(t);
}

void timeline_start(struct timeline *t)
{
    const struct scenario *c = t->s->scenario;

    for (size_t i = 0; i < c->timeline_count; i++) {
        if (c->timeline[i].at == SIM_NEVER)
            act(t, i);
    }
}
