/*
 * The data path: who answered connections to a Service (`measure`), and how
 * soon connections followed a change (probes).
 *
 * Counts of a measurement are compared with those of the model's proxy at
 * that time: the same pods answer, as often but for chance (two-sample
 * chi-square, both tails). Probes are compared in two ways. Each input: the
 * last connection to the pod is within what the replays show, as wide as what
 * the API server's own latency adds to an event (a Ready's way to the
 * EndpointSlice: 59 ms at the 99th percentile). All changes together, those
 * of rollouts too: the distribution of the delays is the model's
 * (Kolmogorov-Smirnov).
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* One true recording in 500 fails a chi-square, one in 1000 the other. */
static const double level = 0.001;
/* Kolmogorov's distribution at that level. */
static const double ks_limit = 1.95;
static const double latency_s = 0.06;
enum { RANGE_REPLAYS = 40 };

/* --- measurements --- */

/* Recorded counts by pod; what nobody answered goes to *unanswered. */
struct counts {
    VEC_OF(struct trace_share) items;
    double answered, unanswered;
};

static struct counts recorded_counts(const struct recording *r,
                                     const struct input *in)
{
    struct doc_node *map = doc_get(in->root, "counts");
    struct counts counts = {.answered = 0};

    for (struct doc_node *x = map->first; x; x = x->next) {
        size_t pod = trace_pod_at(r->trace, x->key, in->t);
        double count = strtod(x->text, NULL);

        if (pod == SIZE_MAX) {
            counts.unanswered += count;
            continue;
        }
        counts.answered += count;
        VEC_PUSH(counts.items, ((struct trace_share){pod, count}));
    }
    return counts;
}

static const char *aspect_name(const struct comparison *c,
                               const struct input *in, const char *what)
{
    const char *text = doc_text(in->root, "text");

    return intern_printf(c->r->intern, "%.1f measure: %s: %s", in->t,
                         text ? text : "", what);
}

static struct trace_share *recorded_share(const struct counts *counts,
                                          size_t pod)
{
    for (size_t i = 0; i < counts->items.count; i++) {
        if (counts->items.items[i].pod == pod)
            return &counts->items.items[i];
    }
    return NULL;
}

static bool is_like(const struct comparison *c, size_t model, size_t recorded)
{
    const struct trace_pod *x = &c->model->pods.items[model];
    const struct trace_pod *y = &c->r->trace->pods.items[recorded];

    return strcmp(x->owner, y->owner) == 0 && x->generation == y->generation;
}

/* Recorded counts in the order of the model's shares: first those of pods that
 * theirs stand for; the rest, where chance chose which of several equal pods
 * stayed, to any like them, without a look at the counts. -1: none. Returns
 * how many found their like. */
static size_t match(const struct comparison *c, const struct trace_measure *m,
                    const struct counts *counts, double *matched)
{
    bool *taken = mem_calloc(counts->items.count + 1, sizeof *taken);
    size_t found = 0;

    for (size_t i = 0; i < m->shares.count; i++) {
        size_t own = c->model->stands_for.items[m->shares.items[i].pod];
        const struct trace_share *s = recorded_share(counts, own);

        matched[i] = s ? s->count : -1;
        if (s)
            taken[s - counts->items.items] = true;
        found += s != NULL;
    }
    for (size_t i = 0; i < m->shares.count; i++) {
        for (size_t k = 0; k < counts->items.count && matched[i] < 0; k++) {
            if (taken[k] ||
                !is_like(c, m->shares.items[i].pod, counts->items.items[k].pod))
                continue;
            taken[k] = true;
            matched[i] = counts->items.items[k].count;
            found++;
        }
    }
    free(taken);
    return found;
}

/* Two samples of different sizes over the model's endpoints. */
static void compare_chances(const struct comparison *c, const struct input *in,
                            const struct trace_measure *m, double answered,
                            const double *matched)
{
    double k = sqrt(m->answered / answered), x = 0, above;

    for (size_t i = 0; i < m->shares.count; i++) {
        double own = m->shares.items[i].count;
        double recorded = matched[i] > 0 ? matched[i] : 0;
        double d = k * recorded - own / k;

        x += recorded + own > 0 ? d * d / (recorded + own) : 0;
    }
    above = gsl_cdf_chisq_Q(x, (double)m->shares.count - 1);
    report_text(c->report, above >= level && above <= 1 - level,
                aspect_name(c, in, "by endpoint as by chance"),
                intern_printf(c->r->intern, "%zu endpoints", m->shares.count),
                intern_printf(c->r->intern, "chi-square %.4g p %.4g", x, above),
                "p 0.001..0.999");
}

static void compare_endpoints(const struct comparison *c,
                              const struct input *in,
                              const struct trace_measure *m,
                              const struct counts *counts)
{
    double *matched = mem_calloc(m->shares.count + 1, sizeof *matched);
    size_t found = match(c, m, counts, matched), used = 0;

    for (size_t i = 0; i < m->shares.count; i++)
        used += m->shares.items[i].count > 0;
    report_count(c->report, aspect_name(c, in, "endpoints that answer"),
                 (double)counts->items.count, (double)used, 0);
    report_count(c->report, aspect_name(c, in, "of them the model's too"),
                 (double)counts->items.count, (double)found, 0);
    if (!m->sticky && m->shares.count > 1 && counts->answered > 0)
        compare_chances(c, in, m, counts->answered, matched);
    free(matched);
}

static void compare_measure(const struct comparison *c,
                            const struct trace_measure *m)
{
    const struct input *in = &c->r->inputs.items[m->input];
    struct counts counts = recorded_counts(c->r, in);
    double all = counts.answered + counts.unanswered;

    if (!m->service) {
        report_text(c->report, false, aspect_name(c, in, "its Service"),
                    "there", "none like it", "");
    } else {
        report_count(c->report, aspect_name(c, in, "share unanswered"),
                     counts.unanswered / all,
                     m->unanswered / (m->answered + m->unanswered), 0);
        compare_endpoints(c, in, m, &counts);
    }
    VEC_FREE(counts.items);
}

/* --- the order of answers: hits*.json {counts, seq} --- */

static bool same_counts(struct doc_node *a, struct doc_node *b)
{
    size_t count = 0;

    for (struct doc_node *x = a ? a->first : NULL; x; x = x->next, count++) {
        const char *other = doc_text(b, x->key);

        if (!other || strcmp(other, x->text) != 0)
            return false;
    }
    return count > 0;
}

/* Answered by the one that answered the connection before: as often as by
 * the model, within four standard deviations. */
static void compare_order(const struct comparison *c, struct doc_node *root)
{
    struct doc_node *seq = doc_get(root, "seq");
    double n = 0, repeats = 0, p;

    for (struct doc_node *x = seq->first; x && x->next; x = x->next) {
        n++;
        repeats += strcmp(x->text, x->next->text) == 0;
    }
    for (size_t i = 0; i < c->model->measures.count && n > 0; i++) {
        const struct trace_measure *m = &c->model->measures.items[i];
        const struct input *in = &c->r->inputs.items[m->input];

        if (!same_counts(doc_get(in->root, "counts"), doc_get(root, "counts")))
            continue;
        p = m->repeats / (m->answered - 1);
        report_count(c->report,
                     aspect_name(c, in, "share of the same one again"),
                     repeats / n, p, 4 * sqrt(p * (1 - p) / n));
    }
}

static void compare_orders(const struct comparison *c)
{
    const char *path;

    for (size_t i = 0; (path = recording_match(c->r, "hits", ".json", i));
         i++) {
        struct diag *diag = diag_new();
        size_t before = doc_count(c->r->docs);

        if (!doc_read_path(c->r->docs, path, diag))
            report_text(c->report, false, path, "readable", "not", "");
        else if (doc_get(doc_root(c->r->docs, before), "seq"))
            compare_order(c, doc_root(c->r->docs, before));
        diag_free(diag);
    }
}

/* --- probes --- */

typedef VEC_OF(double) delays;

static double last_hit(const struct trace *t, size_t pod, double until)
{
    double last = NAN;

    for (size_t i = 0; i < t->hits.count && t->hits.items[i].t < until; i++) {
        if (t->hits.items[i].pod == pod)
            last = t->hits.items[i].t;
    }
    return last;
}

static double first_hit(const struct trace *t, size_t pod, double from)
{
    for (size_t i = 0; i < t->hits.count; i++) {
        if (t->hits.items[i].t >= from && t->hits.items[i].pod == pod)
            return t->hits.items[i].t;
    }
    return NAN;
}

/* The pod's next step of that kind after `from`; INFINITY: none. */
static double next_step(const struct trace *t, size_t pod, enum step_kind kind,
                        double from)
{
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == kind && s->subject == pod && s->t > from)
            return s->t;
    }
    return INFINITY;
}

/* The model's pod for a recorded one; SIZE_MAX: none. */
static size_t model_of(const struct trace *model, size_t recorded)
{
    for (size_t i = 0; i < model->stands_for.count; i++) {
        if (model->stands_for.items[i] == recorded)
            return i;
    }
    return SIZE_MAX;
}

/* From `at`, when the pod was taken out, to the last connection to it before
 * it was ready again; negative where the last one came before. */
static double last_delay(const struct trace *t, size_t pod, double at)
{
    return last_hit(t, pod, next_step(t, pod, STEP_POD_READY, at)) - at;
}

static bool is_probed(const struct recording *r, double t)
{
    const struct trace *real = r->trace;

    return real->hits.count > 0 && t > real->hits.items[0].t + 1 &&
           t < real->hits.items[real->hits.count - 1].t - 2;
}

/* What was done to one pod at a time that takes it out; else NULL. */
static const char *taken_out(const struct input *in)
{
    struct doc_node *pods = doc_get(in->root, "pods");

    if (strcmp(in->verb, "delete_pods") == 0)
        return pods && pods->first && !pods->first->next ? pods->first->text
                                                         : NULL;
    if (strcmp(in->verb, "readiness") == 0 &&
        strcmp(doc_text(in->root, "ready"), "false") == 0)
        return doc_text(in->root, "pod");
    return NULL;
}

static void compare_last(const struct comparison *c, const struct input *in,
                         size_t pod)
{
    double want = last_delay(c->r->trace, pod, in->t);
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < RANGE_REPLAYS; i++) {
        const struct trace *model = comparison_model(c, i);
        size_t own = model_of(model, pod);
        double got = own == SIZE_MAX ? NAN : last_delay(model, own, in->t);

        low = fmin(low, got);
        high = fmax(high, got);
    }
    report_range(c->report,
                 intern_printf(c->r->intern,
                               "%.1f %s: last connection after it", in->t,
                               in->verb),
                 want, want, low - latency_s, high + latency_s);
}

static void compare_inputs(const struct comparison *c)
{
    for (size_t i = 0; i < c->r->inputs.count; i++) {
        const struct input *in = &c->r->inputs.items[i];
        const char *name = taken_out(in);
        size_t pod = name ? trace_find_pod(c->r->trace,
                                           intern(c->r->trace->intern, name))
                          : SIZE_MAX;

        if (pod != SIZE_MAX && is_probed(c->r, in->t) &&
            !isnan(last_delay(c->r->trace, pod, in->t)))
            compare_last(c, in, pod);
    }
}

/* A step by which the pod is no longer to be connected to. */
static bool takes_out(const struct trace *t, const struct trace_step *s)
{
    return s->kind == STEP_POD_TERMINATING ||
           (s->kind == STEP_POD_UNREADY &&
            !(t->pods.items[s->subject].deletion <= s->t));
}

/* In: from ready to the first connection; out: to the last one. */
static void add_delays(const struct comparison *c, const struct trace *t,
                       bool in, delays *to)
{
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];
        double delay = NAN;

        if (!is_probed(c->r, s->t))
            continue;
        if (in && s->kind == STEP_POD_READY)
            delay = first_hit(t, s->subject, s->t) - s->t;
        else if (!in && takes_out(t, s))
            delay = last_delay(t, s->subject, s->t);
        if (!isnan(delay))
            VEC_PUSH(*to, delay);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The largest distance of two samples' distributions; sorts them. */
static double distance_of(delays *a, delays *b)
{
    double most = 0;
    size_t i = 0, k = 0;

    qsort(a->items, a->count, sizeof *a->items, by_value);
    qsort(b->items, b->count, sizeof *b->items, by_value);
    while (i < a->count && k < b->count) {
        double at = fmin(a->items[i], b->items[k]);

        while (i < a->count && a->items[i] <= at)
            i++;
        while (k < b->count && b->items[k] <= at)
            k++;
        most = fmax(most, fabs((double)i / (double)a->count -
                               (double)k / (double)b->count));
    }
    return most;
}

static double middle(const delays *d)
{
    return d->items[d->count / 2];
}

static void compare_all(const struct comparison *c, bool in, const char *what)
{
    delays want = {0}, got = {0};
    double limit;

    add_delays(c, c->r->trace, in, &want);
    for (size_t i = 0; i < RANGE_REPLAYS; i++)
        add_delays(c, comparison_model(c, i), in, &got);
    if (want.count > 0 && got.count > 0) {
        double d = distance_of(&want, &got);

        limit = ks_limit * sqrt(1 / (double)want.count + 1 / (double)got.count);
        report_text(c->report, d <= limit, what,
                    intern_printf(c->r->intern, "%zu; median %.3f s",
                                  want.count, middle(&want)),
                    intern_printf(c->r->intern, "median %.3f s; distance %.3f",
                                  middle(&got), d),
                    intern_printf(c->r->intern, "distance <= %.3f", limit));
    } else {
        report_count(c->report, what, (double)want.count, (double)got.count, 0);
    }
    VEC_FREE(want);
    VEC_FREE(got);
}

void aspect_data_path(const struct comparison *c)
{
    for (size_t i = 0; i < c->model->measures.count; i++)
        compare_measure(c, &c->model->measures.items[i]);
    compare_orders(c);
    if (c->r->trace->hits.count == 0)
        return;
    compare_inputs(c);
    compare_all(c, false, "probes: last connection to a pod taken out");
    compare_all(c, true, "probes: first connection to a ready pod");
}
