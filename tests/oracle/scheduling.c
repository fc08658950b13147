/*
 * Pods submitted one after another to the scheduler alone: every plug-in's
 * score of every node, and where the pods came to be.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/scheduler/framework.h"
#include "models/select.h"
#include "sim/io/csv.h"
#include "tests/oracle/oracle.h"
#include "tests/oracle/script.h"

enum { SIMULATED = 5 };

/* A pod of the recording. */
struct submitted {
    const char *name;
    const char *node; /* where it was placed; NULL: nowhere */
    const struct pod_template *template;
    size_t scored; /* nodes with scores */
};

struct cluster {
    const struct comparison *c;
    const struct scenario *scenario;
    VEC_OF(struct submitted) pods;
    struct framework *framework;
    /* Scores: one row a node and plug-in, of the pod at hand. */
    size_t at; /* pod whose rows come */
    VEC_OF(node_id) nodes;
    int64_t *scores; /* by plug-in and node: points that were recorded */
    size_t plugin_count;
    size_t compared, unlike, infeasible, refused, foreign;
};

/* --- the cluster --- */

static void add_nodes(struct cluster *cl)
{
    const struct cluster_params *from = &cl->scenario->cluster;

    for (size_t i = 0; i < from->node_count; i++) {
        const struct node_spec *n = &from->nodes[i];

        framework_node_add(cl->framework, (node_id)i, n);
        framework_node_set(cl->framework, (node_id)i, n->unschedulable,
                           n->taints, n->taint_count);
    }
}

static void begin(struct cluster *cl)
{
    struct scheduler_config config =
        scheduler_config_default(cl->scenario->cluster.kubernetes_minor);

    cl->framework = framework_new(&config, 1);
    add_nodes(cl);
}

static node_id find_node(const struct cluster *cl, const char *name)
{
    const struct cluster_params *from = &cl->scenario->cluster;

    for (size_t i = 0; name && i < from->node_count; i++) {
        if (strcmp(from->nodes[i].name, name) == 0)
            return (node_id)i;
    }
    return NO_ID;
}

/* The class of a pod, with the Services that select it. Holds a reference. */
static struct pod_class *class_of(struct cluster *cl,
                                  const struct pod_template *template)
{
    const struct scenario *s = cl->scenario;
    struct pod_class *class =
        framework_class(cl->framework, template, "default", NULL, false);
    const struct selector **selectors =
        mem_calloc(s->service_count + 1, sizeof *selectors);
    size_t count = 0;

    for (size_t i = 0; i < s->service_count; i++) {
        if (selector_matches(&s->services[i].selector, &template->labels))
            selectors[count++] = &s->services[i].selector;
    }
    framework_class_services(cl->framework, class, selectors, count);
    free(selectors);
    return class;
}

/* --- placements_rep0.csv --- */

static size_t column(const struct csv_row *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++) {
        if (strcmp(header->fields[i], name) == 0)
            return i;
    }
    return SIZE_MAX;
}

struct placements {
    struct cluster *cl;
    size_t pod, node;
    size_t bound;
};

static bool on_placement_header(void *self, const struct csv_row *row)
{
    struct placements *p = self;

    p->pod = column(row, "pod");
    p->node = column(row, "node");
    return p->pod != SIZE_MAX && p->node != SIZE_MAX;
}

static bool on_placement(void *self, const struct csv_row *row)
{
    struct placements *p = self;
    const struct scenario *s = p->cl->scenario;
    struct submitted pod = {
        .name = intern(p->cl->c->r->intern, row->fields[p->pod])};

    p->bound += row->fields[p->node][0] != '\0';
    if (row->fields[p->node][0])
        pod.node = intern(p->cl->c->r->intern, row->fields[p->node]);
    for (size_t i = 0; i < s->pod_count && !pod.template; i++) {
        if (strcmp(s->pods[i].meta.name, pod.name) == 0)
            pod.template = &s->pods[i].template;
    }
    if (pod.template)
        VEC_PUSH(p->cl->pods, pod);
    return true;
}

static bool read_csv(const char *path,
                     bool (*header)(void *, const struct csv_row *),
                     bool (*row)(void *, const struct csv_row *), void *self)
{
    struct diag *diag = diag_new();
    bool ok = csv_read(path, header, row, self, false, NULL, diag);

    if (!ok)
        diag_print(diag, stdout);
    diag_free(diag);
    return ok;
}

/* --- scores --- */

static size_t plugin_of(const char *name)
{
    for (size_t i = 0; scheduler_plugins[i]; i++) {
        if (strcmp(scheduler_plugins[i]->name, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* In a cluster of up to 100 nodes all that are feasible are scored. */
static void count_foreign(struct cluster *cl, struct pod_class *class)
{
    size_t nodes = cl->scenario->cluster.node_count, feasible = 0;

    if (nodes > 100 || cl->nodes.count == 0)
        return;
    for (node_id id = 0; id < nodes; id++)
        feasible += framework_passes(cl->framework, class, id, ~0U);
    if (feasible > cl->nodes.count)
        cl->foreign += feasible - cl->nodes.count;
}

/* All rows of a pod are there: what do the models say? */
static void compare_pod(struct cluster *cl, const struct submitted *pod)
{
    struct pod_class *class = class_of(cl, pod->template);
    size_t count = cl->nodes.count;
    int64_t *got = mem_calloc(count + 1, sizeof *got);

    for (size_t i = 0; i < cl->plugin_count && count > 0; i++) {
        const struct scheduler_plugin *plugin = scheduler_plugins[i];

        framework_score_with(cl->framework, plugin, class, cl->nodes.items,
                             count, got);
        for (size_t k = 0; k < count; k++) {
            int64_t want =
                cl->scores[cl->nodes.items[k] * cl->plugin_count + i];

            if (want == INT64_MIN)
                continue;
            cl->compared++;
            cl->unlike += want != got[k] * plugin->weight;
        }
    }
    for (size_t k = 0; k < count; k++)
        cl->infeasible +=
            !framework_passes(cl->framework, class, cl->nodes.items[k], ~0U);
    count_foreign(cl, class);
    free(got);
    framework_class_release(cl->framework, class);
}

/* Puts the pod where it was recorded. */
static void place(struct cluster *cl, const struct submitted *pod)
{
    node_id node = find_node(cl, pod->node);
    struct pod_class *class;

    if (node == NO_ID)
        return;
    class = class_of(cl, pod->template);
    cl->refused += !framework_passes(cl->framework, class, node, ~0U);
    framework_pod_add(cl->framework, class, node, false);
}

static void clear_scores(struct cluster *cl)
{
    size_t count = cl->scenario->cluster.node_count * cl->plugin_count;

    cl->nodes.count = 0;
    for (size_t i = 0; i < count; i++)
        cl->scores[i] = INT64_MIN;
}

static void next_pod(struct cluster *cl)
{
    compare_pod(cl, &cl->pods.items[cl->at]);
    place(cl, &cl->pods.items[cl->at]);
    cl->at++;
    clear_scores(cl);
}

struct score_columns {
    struct cluster *cl;
    size_t pod, node, plugin, score;
};

static bool on_score_header(void *self, const struct csv_row *row)
{
    struct score_columns *x = self;

    x->pod = column(row, "pod");
    x->node = column(row, "node");
    x->plugin = column(row, "plugin");
    x->score = column(row, "weighted_score");
    return x->pod != SIZE_MAX && x->node != SIZE_MAX && x->plugin != SIZE_MAX &&
           x->score != SIZE_MAX;
}

static bool has_scores(const struct cluster *cl, node_id node)
{
    for (size_t i = 0; i < cl->plugin_count; i++) {
        if (cl->scores[node * cl->plugin_count + i] != INT64_MIN)
            return true;
    }
    return false;
}

static bool on_score(void *self, const struct csv_row *row)
{
    struct score_columns *x = self;
    struct cluster *cl = x->cl;
    size_t plugin = plugin_of(row->fields[x->plugin]);
    node_id node;

    while (cl->at < cl->pods.count &&
           strcmp(cl->pods.items[cl->at].name, row->fields[x->pod]) != 0)
        next_pod(cl);
    if (cl->at == cl->pods.count)
        return false;
    node = find_node(cl, row->fields[x->node]);
    if (node == NO_ID || plugin == SIZE_MAX) /* a sum, say */
        return true;
    if (!has_scores(cl, node))
        VEC_PUSH(cl->nodes, node);
    cl->scores[node * cl->plugin_count + plugin] =
        strtoll(row->fields[x->score], NULL, 10);
    return true;
}

/* The table, as a plain file: a path that the caller unlinks and frees. */
static char *unpack(const struct recording *r)
{
    char *path = mem_strdup("/tmp/podchurn-scores-XXXXXX"), *command;
    int fd = mkstemp(path);
    bool ok;

    if (fd < 0) {
        free(path);
        return NULL;
    }
    close(fd);
    command = mem_printf("gzip -dc '%s' > '%s'",
                         recording_file(r, "scores.csv.gz"), path);
    ok = system(command) == 0;
    free(command);
    if (ok)
        return path;
    unlink(path);
    free(path);
    return NULL;
}

static void compare_scores(struct cluster *cl)
{
    struct score_columns x = {.cl = cl};
    struct report *report = cl->c->report;
    char *path = unpack(cl->c->r);

    if (!path) {
        report_skip(report, "scores", "needs gzip");
        return;
    }
    begin(cl);
    while (scheduler_plugins[cl->plugin_count])
        cl->plugin_count++;
    cl->scores =
        mem_calloc(cl->scenario->cluster.node_count * cl->plugin_count + 1,
                   sizeof *cl->scores);
    clear_scores(cl);
    read_csv(path, on_score_header, on_score, &x);
    while (cl->at < cl->pods.count)
        next_pod(cl);
    report_count(report, "scores of nodes that differ", 0, (double)cl->unlike,
                 0);
    report_count(report, "scored nodes that the filters refuse", 0,
                 (double)cl->infeasible, 0);
    report_count(report, "feasible nodes that were not scored", 0,
                 (double)cl->foreign, 0);
    report_count(report, "placements that the filters refuse", 0,
                 (double)cl->refused, 0);
    framework_free(cl->framework);
    free(cl->scores);
    unlink(path);
    free(path);
}

/* --- placements --- */

struct spread_of {
    double bound, deviation;
};

static struct spread_of utilisation(const struct cluster *cl, double bound)
{
    size_t count = cl->scenario->cluster.node_count;
    double sum = 0, squares = 0;

    for (size_t i = 0; i < count; i++) {
        const struct node_info *n = framework_node(cl->framework, (node_id)i);
        double u = (double)n->requested.cpu / (double)n->spec->allocatable.cpu;

        sum += u;
        squares += u * u;
    }
    sum /= (double)count;
    return (struct spread_of){
        bound, sqrt(fmax(0, squares / (double)count - sum * sum))};
}

/* All pods in order, by the models' own dice. */
static struct spread_of simulate(struct cluster *cl, uint64_t seed)
{
    struct spread_of result;
    double bound = 0;
    struct rng rng;

    begin(cl);
    for (size_t i = 0; i < cl->pods.count; i++) {
        struct pod_class *class = class_of(cl, cl->pods.items[i].template);
        node_id node;

        rng_init(&rng, (struct rng_root){seed, 0}, "oracle.ties", NULL, i);
        node = framework_schedule(cl->framework, class, &rng);
        if (node == NO_ID) {
            framework_class_release(cl->framework, class);
            continue;
        }
        framework_pod_add(cl->framework, class, node, false);
        bound++;
    }
    result = utilisation(cl, bound);
    framework_free(cl->framework);
    return result;
}

/* Least and most over the recorded repeats, of summary.json. */
static void recorded_range(struct doc_node *reps, const char *key, double *low,
                           double *high)
{
    *low = *high = NAN;
    for (struct doc_node *x = reps ? reps->first : NULL; x; x = x->next) {
        double value = node_number(x, key, NAN);

        *low = isnan(*low) ? value : fmin(*low, value);
        *high = isnan(*high) ? value : fmax(*high, value);
    }
}

/* Chance may lead into one of several outcomes: what was recorded has to be
 * one of the models', and they as uneven as it on average. */
static void compare_placements(struct cluster *cl, struct doc_node *summary)
{
    struct doc_node *reps = doc_get(summary, "reps");
    double bound[2], deviation[2], nearest = NAN, mean = 0;

    recorded_range(reps, "bound", &bound[0], &bound[1]);
    recorded_range(reps, "cpu_std", &deviation[0], &deviation[1]);
    for (uint64_t seed = 1; seed <= SIMULATED; seed++) {
        struct spread_of got = simulate(cl, seed);

        if (isnan(nearest) ||
            fabs(got.bound - bound[0]) < fabs(nearest - bound[0]))
            nearest = got.bound;
        mean += got.deviation / SIMULATED;
    }
    report_range(cl->c->report, "pods bound", bound[0], nearest,
                 0.99 * bound[0], 1.01 * bound[1]);
    report_range(cl->c->report, "deviation of CPU utilisation", deviation[0],
                 mean, 0.85 * deviation[0], 1.15 * deviation[1]);
}

/* --- all --- */

static struct doc_node *read_file(const struct recording *r, const char *name)
{
    struct diag *diag = diag_new();
    size_t before = doc_count(r->docs);
    bool ok = doc_read_path(r->docs, recording_file(r, name), diag);

    diag_free(diag);
    return ok && doc_count(r->docs) > before ? doc_root(r->docs, before) : NULL;
}

void aspect_scheduling(const struct comparison *c)
{
    struct cluster cl = {.c = c};
    struct placements p = {.cl = &cl};
    struct doc_node *pods, *summary;
    struct script script;
    struct scenario *scenario;

    if (!recording_has(c->r, "pods.json") ||
        !recording_has(c->r, "placements_rep0.csv"))
        return;
    pods = read_file(c->r, "pods.json");
    if (!pods)
        return;
    scenario = script_load_pods(&script, c->r, pods,
                                doc_get(c->r->params, "services"));
    cl.scenario = scenario;
    if (scenario && read_csv(recording_file(c->r, "placements_rep0.csv"),
                             on_placement_header, on_placement, &p)) {
        if (recording_has(c->r, "scores.csv.gz"))
            compare_scores(&cl);
        summary = read_file(c->r, "summary.json");
        if (summary)
            compare_placements(&cl, summary);
    }
    scenario_free(scenario);
    script_release(&script);
    VEC_FREE(cl.pods);
    VEC_FREE(cl.nodes);
}
