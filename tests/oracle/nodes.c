/* Nodes that fall silent: NotReady, taints, evictions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* When the node took the step within a time; NaN: it did not. */
static double node_step(const struct trace *t, const char *node,
                        enum step_kind kind, int a, bool b, double from,
                        double to)
{
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == kind && s->t >= from && s->t < to && s->a == a &&
            (kind != STEP_NODE_TAINT || s->b == b) &&
            strcmp(s->name, node) == 0)
            return s->t;
    }
    return NAN;
}

/* What happened to the nodes of one stop. */
struct outage {
    const struct trace *known; /* owners that the models have */
    double from, to;
    double unknown, executed, evicted; /* how many */
    double first_unknown, last_unknown, spread;
    double first_after;             /* from the stop to the first NotReady */
    double no_schedule;             /* longest from NotReady */
    double no_execute;              /* first of all, from the first NotReady */
    double execute_gap;             /* longest between two NoExecute taints */
    double shortest_gap;            /* and shortest */
    double evict_least, evict_most; /* from the node's NoExecute */
    double unready; /* longest from NotReady to a pod's Ready=False */
    double back;    /* longest from the start to Ready */
};

static double most(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

static double least(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static bool has_owner(const struct trace *t, const char *owner)
{
    for (size_t i = 0; i < t->pods.count; i++) {
        if (strcmp(t->pods.items[i].owner, owner) == 0)
            return true;
    }
    return false;
}

static void look_at_pods(struct outage *o, const struct trace *t,
                         const char *node, double unknown, double execute)
{
    for (size_t i = 0; i < t->pods.count; i++) {
        const struct trace_pod *p = &t->pods.items[i];

        if (!p->node || strcmp(p->node, node) != 0 || p->created > unknown ||
            !has_owner(o->known, p->owner))
            continue;
        if (!isnan(p->deletion) && p->deletion >= execute &&
            p->deletion < o->to) {
            o->evicted++;
            o->evict_least = least(o->evict_least, p->deletion - execute);
            o->evict_most = most(o->evict_most, p->deletion - execute);
        }
    }
}

static void look_at_unready(struct outage *o, const struct trace *t,
                            const char *node, double unknown)
{
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];
        const struct trace_pod *p;

        if (s->kind != STEP_POD_UNREADY || s->t < unknown || s->t > unknown + 3)
            continue;
        p = &t->pods.items[s->subject];
        if (p->node && strcmp(p->node, node) == 0 && !(p->deletion <= unknown))
            o->unready = most(o->unready, s->t - unknown);
    }
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void look_at_node(struct outage *o, const struct trace *t,
                         const char *node, double *executes)
{
    double unknown =
        node_step(t, node, STEP_NODE_READY, -1, false, o->from, o->to);
    double schedule, execute;

    if (isnan(unknown))
        return;
    o->unknown++;
    o->first_unknown = least(o->first_unknown, unknown);
    o->last_unknown = most(o->last_unknown, unknown);
    schedule =
        node_step(t, node, STEP_NODE_TAINT, 0, true, unknown - 0.01, o->to);
    o->no_schedule = most(o->no_schedule, schedule - unknown);
    look_at_unready(o, t, node, unknown);
    execute = node_step(t, node, STEP_NODE_TAINT, 2, true, unknown, o->to);
    if (isnan(execute))
        return;
    executes[(size_t)o->executed++] = execute;
    look_at_pods(o, t, node, unknown, execute);
}

static struct outage look(const struct trace *t, struct doc_node *nodes,
                          const struct trace *known, double from, double to)
{
    struct outage o = {.known = known,
                       .from = from,
                       .to = to,
                       .first_unknown = NAN,
                       .last_unknown = NAN,
                       .spread = NAN,
                       .first_after = NAN,
                       .no_schedule = NAN,
                       .no_execute = NAN,
                       .execute_gap = NAN,
                       .shortest_gap = NAN,
                       .evict_least = NAN,
                       .evict_most = NAN,
                       .unready = NAN};
    size_t count;
    double *executes = mem_calloc(nodes->count + 1, sizeof *executes);

    for (struct doc_node *x = nodes->first; x; x = x->next)
        look_at_node(&o, t, x->text, executes);
    count = (size_t)o.executed;
    o.spread = o.last_unknown - o.first_unknown;
    o.first_after = o.first_unknown - o.from;
    qsort(executes, count, sizeof *executes, by_time);
    if (count > 0)
        o.no_execute = executes[0] - o.first_unknown;
    for (size_t i = 1; i < count; i++) {
        o.execute_gap = most(o.execute_gap, executes[i] - executes[i - 1]);
        o.shortest_gap = least(o.shortest_gap, executes[i] - executes[i - 1]);
    }
    free(executes);
    return o;
}

static double grace_of(const struct recording *r)
{
    return recording_number(r, "node_monitor_grace_s", 40);
}

/* A silence that is about as long as the grace period: chance decides. */
static bool undecided(const struct recording *r, double length)
{
    return length > grace_of(r) - 10 && length < grace_of(r) + 5;
}

struct stop {
    struct doc_node *nodes;
    const struct trace *known;
    double from, to;
    size_t field; /* offset into struct outage */
};

static double look_for(const struct trace *t, const void *what)
{
    const struct stop *x = what;
    struct outage o = look(t, x->nodes, x->known, x->from, x->to);
    double value;

    memcpy(&value, (const char *)&o + x->field, sizeof value);
    return value;
}

/* Any replay may do: how a pass over many nodes fares depends on which of
 * its requests come first. Owners that the models do not have may have had
 * all the pods there: then there is nothing to see. */
static void check_range(const struct comparison *c, const char *aspect,
                        const struct stop *stop, double low, double high)
{
    double want = look_for(c->r->trace, stop), got = look_for(c->model, stop);

    if (isnan(want) || isnan(got))
        return;
    for (size_t i = 1; i < REPLAYS && !(got >= low && got <= high); i++) {
        double other = look_for(comparison_model(c, i), stop);

        if (other >= low && other <= high)
            got = other;
    }
    report_range(c->report, aspect, want, got, low, high);
}

static void compare(const struct comparison *c, const char *name,
                    struct stop *stop)
{
    static const struct {
        const char *text;
        size_t field;
        double tolerance; /* s; of a pass over many nodes: 1 */
        const char *unit;
    } all[] = {
        {"nodes NotReady", offsetof(struct outage, unknown), 0, ""},
        {"last NotReady after the first", offsetof(struct outage, spread), 1,
         "s"},
        {"nodes with NoExecute", offsetof(struct outage, executed), 0, ""},
        {"pods evicted", offsetof(struct outage, evicted), 0, ""},
        {"NoExecute after NotReady", offsetof(struct outage, no_execute), 0.5,
         "s"},
        {"longest between NoExecutes", offsetof(struct outage, execute_gap), 1,
         "s"},
        {"shortest between NoExecutes", offsetof(struct outage, shortest_gap),
         1, "s"},
        {"first eviction after NoExecute", offsetof(struct outage, evict_least),
         0.5, "s"},
        {"last eviction after NoExecute", offsetof(struct outage, evict_most),
         0.5, "s"}};
    struct outage want =
        look(c->r->trace, stop->nodes, stop->known, stop->from, stop->to);
    double grace = grace_of(c->r);

#define NAME(what) intern_printf(c->r->intern, "%s: %s", name, what)
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        stop->field = all[i].field;
        report_measure(c, NAME(all[i].text), look_for, stop,
                       want.unknown > 1 ? fmax(1, all[i].tolerance) *
                                              (all[i].unit[0] != '\0')
                                        : all[i].tolerance,
                       all[i].unit);
    }
    stop->field = offsetof(struct outage, first_after);
    check_range(c, NAME("first NotReady after it"), stop, grace - 10,
                grace + 5);
    stop->field = offsetof(struct outage, unready);
    check_range(c, NAME("pods unready after NotReady"), stop, 0,
                fmax(0.5, want.unready));
    stop->field = offsetof(struct outage, no_schedule);
    check_range(c, NAME("NoSchedule after NotReady"), stop, 0,
                fmax(0.5, want.no_schedule));
#undef NAME
}

/* Till the first of these nodes is started again. */
static double stopped_until(const struct recording *r, const struct input *in,
                            struct doc_node *nodes)
{
    for (const struct input *x = in + 1; x < r->inputs.items + r->inputs.count;
         x++) {
        struct doc_node *list = doc_get(x->root, "nodes");

        if (strcmp(x->verb, "start_nodes") != 0)
            continue;
        for (struct doc_node *n = list ? list->first : NULL; n; n = n->next) {
            for (struct doc_node *m = nodes->first; m; m = m->next) {
                if (strcmp(n->text, m->text) == 0)
                    return x->t;
            }
        }
    }
    return r->end + 1;
}

/* Or till one of them is deleted. */
static double deleted_at(const struct recording *r, const struct input *in,
                         struct doc_node *nodes, double to)
{
    for (const struct input *x = in; x < r->inputs.items + r->inputs.count;
         x++) {
        const char *node = doc_text(x->root, "node");

        if (strcmp(x->verb, "delete_node") != 0 || !node || x->t > to)
            continue;
        for (struct doc_node *m = nodes->first; m; m = m->next) {
            if (strcmp(node, m->text) == 0)
                return x->t;
        }
    }
    return to;
}

static void compare_stops(const struct comparison *c)
{
    const struct recording *r = c->r;

    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct input *in = &r->inputs.items[i];
        struct stop stop = {doc_get(in->root, "nodes"), c->model, in->t, 0, 0};

        if (strcmp(in->verb, "stop_nodes") != 0 || !stop.nodes)
            continue;
        stop.to =
            deleted_at(r, in, stop.nodes, stopped_until(r, in, stop.nodes));
        if (!undecided(r, stop.to - in->t) && stop.to > in->t)
            compare(c,
                    intern_printf(r->intern, "%.1f stop of %zu nodes", in->t,
                                  stop.nodes->count),
                    &stop);
    }
}

/* --- nodes whose object was deleted: pod GC --- */

struct removal {
    const char *node;
    double from;
};

static double last_removed(const struct trace *t, const void *what)
{
    const struct removal *x = what;
    double last = NAN;

    for (size_t i = 0; i < t->pods.count; i++) {
        const struct trace_pod *p = &t->pods.items[i];

        if (p->node && strcmp(p->node, x->node) == 0 && p->gone > x->from)
            last = most(last, p->gone - x->from);
    }
    return last;
}

static void compare_removals(const struct comparison *c)
{
    for (size_t i = 0; i < c->r->inputs.count; i++) {
        const struct input *in = &c->r->inputs.items[i];
        struct removal what = {doc_text(in->root, "node"), in->t};

        if (strcmp(in->verb, "delete_node") != 0 || !what.node)
            continue;
        /* A quarantine of 40 s, looked for and looked after every 20 s. */
        report_range(c->report,
                     intern_printf(c->r->intern,
                                   "%.1f delete_node %s: pods removed after it",
                                   in->t, what.node),
                     last_removed(c->r->trace, &what),
                     last_removed(c->model, &what), 40, 82);
    }
}

void aspect_nodes(const struct comparison *c)
{
    compare_stops(c);
    compare_removals(c);
}
