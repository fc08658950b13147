#include "sim/experiment/tune.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

enum { SURE_REPLICATIONS = 59 };

const char *const tune_verdict_names[] = {"", "met", "missed", "not proven"};

struct candidate {
    VEC_OF(double) values;     /* [replication][target] */
    enum tune_verdict verdict; /* at the last look */
    bool even;                 /* of a target, all values are the same */
};

struct tune {
    struct tune_spec spec;
    double level; /* of a one-sided bound, at one look */
    struct candidate *candidates;
    size_t asked, asked_to; /* what was asked for last */
};

/* ----------------------------------------------------------------- looks */

/* Replications at the look after n. */
static size_t next_look(const struct tune_spec *spec, size_t n)
{
    size_t next = n < spec->replications ? spec->replications : 2 * n;

    return next < spec->max_replications ? next : spec->max_replications;
}

static size_t look_count(const struct tune_spec *spec)
{
    size_t looks = 0;

    for (size_t n = 0; n < spec->max_replications; n = next_look(spec, n))
        looks++;
    return looks;
}

/* Values that are tried of so many: the ends, halves of the gap between, and
 * two to check. */
static size_t trial_count(size_t count)
{
    size_t trials = count < 4 ? count : 4;

    for (size_t gap = count - 1; gap > 1; gap = (gap + 1) / 2)
        trials++;
    return trials;
}

struct tune *tune_new(const struct tune_spec *spec)
{
    struct tune *tune = mem_zalloc(sizeof *tune);
    size_t shares = look_count(spec) * trial_count(spec->count);

    assert(spec->count > 0 && spec->replications > 0);
    assert(spec->max_replications >= spec->replications);
    assert(spec->target_count > 0);
    tune->spec = *spec;
    tune->level = 1 - COMPARISON_ALPHA / (double)shares;
    tune->candidates = mem_calloc(spec->count, sizeof *tune->candidates);
    return tune;
}

void tune_free(struct tune *tune)
{
    for (size_t i = 0; i < tune->spec.count; i++)
        VEC_FREE(tune->candidates[i].values);
    free(tune->candidates);
    free(tune);
}

/* Replications that a value has been told of. */
static size_t told(const struct tune *tune, size_t value)
{
    return tune->candidates[value].values.count / tune->spec.target_count;
}

static struct tally gather(const struct tune *tune, size_t value, size_t target)
{
    const struct candidate *c = &tune->candidates[value];
    struct tally t = {0};

    for (size_t i = target; i < c->values.count; i += tune->spec.target_count) {
        if (!isnan(c->values.items[i]))
            tally_add(&t, c->values.items[i]);
    }
    return t;
}

/* How far the mean is on the good side of the bound. */
static double margin(const struct tune_target *target, double mean)
{
    return target->meets == DIRECTION_HIGHER ? mean - target->bound
                                             : target->bound - mean;
}

static bool surely(double margin_by, double half, bool strict)
{
    return strict ? margin_by > half : margin_by >= half;
}

/* What the replications so far say of one target. */
static enum tune_verdict decide_one(const struct tune *tune,
                                    const struct tally *t, size_t target)
{
    const struct tune_target *wanted = &tune->spec.targets[target];
    double n = (double)t->count, half;

    if (t->count < 2)
        return TUNE_NOT_PROVEN;
    half = stat_t_quantile(tune->level, n - 1) * sqrt(tally_variance(t) / n);
    if (surely(margin(wanted, t->mean), half, wanted->strict))
        return TUNE_MET;
    if (surely(-margin(wanted, t->mean), half, !wanted->strict))
        return TUNE_MISSED;
    return TUNE_NOT_PROVEN;
}

/* All are to be met, one that is missed is enough. */
static void decide(struct tune *tune, size_t value)
{
    struct candidate *c = &tune->candidates[value];

    c->verdict = TUNE_MET;
    c->even = false;
    for (size_t i = 0; i < tune->spec.target_count; i++) {
        struct tally t = gather(tune, value, i);
        enum tune_verdict one = decide_one(tune, &t, i);

        c->even = c->even || !(tally_variance(&t) > 0);
        if (c->verdict != TUNE_MISSED && one != TUNE_MET)
            c->verdict = one;
    }
    if (c->verdict == TUNE_NOT_PROVEN &&
        told(tune, value) < tune->spec.max_replications)
        c->verdict = TUNE_UNTRIED; /* more are needed */
}

void tune_add(struct tune *tune, size_t value, const double *x)
{
    struct candidate *c = &tune->candidates[value];

    assert(value == tune->asked && told(tune, value) < tune->asked_to);
    for (size_t i = 0; i < tune->spec.target_count; i++)
        VEC_PUSH(c->values, x[i]);
    if (told(tune, value) == tune->asked_to)
        decide(tune, value);
}

/* ---------------------------------------------------------------- search */

/* What the search stands at: wants more of a value, or is at an answer. */
struct plan {
    bool wants;
    size_t value;
    bool attained;
    size_t answer;
    bool largest;
};

/* Whether a value meets the target; false where it is not known yet, and then
 * the plan wants it. */
static bool met(const struct tune *tune, size_t value, struct plan *plan)
{
    if (!plan->wants && tune->candidates[value].verdict == TUNE_UNTRIED) {
        plan->wants = true;
        plan->value = value;
    }
    return tune->candidates[value].verdict == TUNE_MET;
}

/* Between one that meets and one that does not. */
static size_t bisect(const struct tune *tune, size_t good, size_t bad,
                     struct plan *plan)
{
    while (good + 1 != bad && bad + 1 != good) {
        size_t middle = (good + bad) / 2;
        bool meets = met(tune, middle, plan);

        if (plan->wants)
            return good;
        if (meets)
            good = middle;
        else
            bad = middle;
    }
    return good;
}

/* By the first target, of replications that both have. */
static struct comparison compare(const struct tune *tune, size_t value,
                                 size_t baseline)
{
    size_t a = told(tune, value), b = told(tune, baseline);

    return comparison_paired(tune->candidates[value].values.items,
                             tune->candidates[baseline].values.items,
                             a < b ? a : b, tune->spec.target_count,
                             tune->spec.targets->range);
}

/* Where more is worse the largest is wanted: by the pairs of the ends. */
static bool more_is_worse(const struct tune *tune)
{
    struct comparison c = compare(tune, tune->spec.count - 1, 0);

    return comparison_verdict(c.difference, c.p_value,
                              tune->spec.targets->meets) == BETTER_BASELINE;
}

/* Neither end meets the target: something between them may. */
static void search_inside(const struct tune *tune, struct plan *plan)
{
    size_t last = tune->spec.count - 1;
    const size_t probes[] = {last / 2, last / 4, last - last / 4};

    for (size_t i = 0; i < 3 && !plan->wants; i++) {
        if (probes[i] == 0 || probes[i] == last || !met(tune, probes[i], plan))
            continue;
        plan->attained = true;
        plan->answer = bisect(tune, probes[i], 0, plan);
        return;
    }
}

static void search(const struct tune *tune, struct plan *plan)
{
    size_t last = tune->spec.count - 1;
    bool high = met(tune, last, plan);
    bool low = !plan->wants && met(tune, 0, plan);

    if (plan->wants)
        return;
    plan->attained = low || high;
    if (low && high) {
        plan->largest = last > 0 && more_is_worse(tune);
        plan->answer = plan->largest ? last : 0;
    } else if (high) {
        plan->answer = bisect(tune, last, 0, plan);
    } else if (low) {
        plan->largest = true;
        plan->answer = bisect(tune, 0, last, plan);
    } else {
        search_inside(tune, plan);
    }
}

/* Neighbours, for who reads the answer, and the middles of what should meet
 * and of what should miss: a better answer among these is taken. */
static void check_around(const struct tune *tune, struct plan *plan)
{
    size_t last = tune->spec.count - 1, answer = plan->answer;
    size_t probes[] = {answer < last ? answer + 1 : last,
                       answer > 0 ? answer - 1 : 0, (answer + last + 1) / 2,
                       answer / 2};

    for (size_t i = 0; i < 4 && !plan->wants; i++) {
        bool better = plan->largest ? probes[i] > answer : probes[i] < answer;

        if (met(tune, probes[i], plan) && better)
            plan->answer =
                bisect(tune, probes[i], plan->largest ? last : 0, plan);
    }
}

/* What never varied is looked at more often before it is the answer. */
static void check_even(const struct tune *tune, struct plan *plan)
{
    const struct candidate *c = &tune->candidates[plan->answer];
    size_t max = tune->spec.max_replications;
    size_t enough = max < SURE_REPLICATIONS ? max : SURE_REPLICATIONS;

    if (c->even && told(tune, plan->answer) < enough) {
        plan->wants = true;
        plan->value = plan->answer;
    }
}

static struct plan make_plan(const struct tune *tune)
{
    struct plan plan = {0};

    search(tune, &plan);
    if (!plan.wants && plan.attained)
        check_even(tune, &plan);
    if (!plan.wants && plan.attained)
        check_around(tune, &plan);
    if (!plan.wants && plan.attained)
        check_even(tune, &plan);
    return plan;
}

bool tune_next(struct tune *tune, size_t *value, size_t *from, size_t *to)
{
    struct plan plan = make_plan(tune);
    size_t n;

    if (!plan.wants)
        return false;
    n = told(tune, plan.value);
    *value = tune->asked = plan.value;
    *from = n;
    *to = next_look(&tune->spec, n);
    if (tune->candidates[plan.value].verdict != TUNE_UNTRIED &&
        *to > SURE_REPLICATIONS)
        *to = SURE_REPLICATIONS; /* check_even: n is below it */
    tune->asked_to = *to;
    return true;
}

/* ---------------------------------------------------------------- result */

/* What meets is to be on one side of what misses. */
static bool out_of_order(const struct tune *tune, size_t low, size_t high,
                         bool largest)
{
    size_t worse = largest ? high : low, better = largest ? low : high;

    return tune->candidates[worse].verdict == TUNE_MET &&
           tune->candidates[better].verdict == TUNE_MISSED;
}

static void contradiction(struct tune_result *r, size_t low, size_t high)
{
    if (!r->monotone)
        return; /* the first that is found is told */
    r->monotone = false;
    r->low = low;
    r->high = high;
}

/* Neighbours of those tried, in order, Holm-adjusted: none is to get worse
 * towards the good end. With several targets each may have its own. */
static void compare_neighbours(const struct tune *tune, const size_t *tried,
                               size_t count, struct tune_result *r)
{
    double *p = mem_calloc(count + 1, sizeof *p);
    double *difference = mem_calloc(count + 1, sizeof *difference);
    enum better wrong = r->largest ? BETTER_VARIANT : BETTER_BASELINE;

    for (size_t k = 0; k + 1 < count; k++) {
        struct comparison c = compare(tune, tried[k + 1], tried[k]);

        p[k] = c.p_value;
        difference[k] = c.difference;
    }
    comparison_holm(p, count > 0 ? count - 1 : 0);
    for (size_t k = 0; k + 1 < count; k++) {
        if (comparison_verdict(difference[k], p[k],
                               tune->spec.targets->meets) == wrong)
            contradiction(r, tried[k], tried[k + 1]);
    }
    free(p);
    free(difference);
}

static void look_for_contradiction(const struct tune *tune,
                                   struct tune_result *r)
{
    size_t *tried = mem_calloc(tune->spec.count, sizeof *tried), n = 0;

    for (size_t i = 0; i < tune->spec.count; i++) {
        if (told(tune, i) > 0)
            tried[n++] = i;
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t l = k + 1; l < n; l++) {
            if (out_of_order(tune, tried[k], tried[l], r->largest))
                contradiction(r, tried[k], tried[l]);
        }
    }
    if (tune->spec.target_count == 1)
        compare_neighbours(tune, tried, n, r);
    free(tried);
}

struct tune_result tune_result(struct tune *tune)
{
    struct plan plan = make_plan(tune);
    struct tune_result r = {.attained = plan.attained,
                            .answer = plan.answer,
                            .largest = plan.largest,
                            .monotone = true,
                            .confidence = 1 - COMPARISON_ALPHA};

    assert(!plan.wants);
    if (!plan.attained)
        r.largest = tune->spec.count > 1 && more_is_worse(tune);
    look_for_contradiction(tune, &r);
    return r;
}

enum tune_verdict tune_verdict(const struct tune *tune, size_t value)
{
    return tune->candidates[value].verdict;
}

struct output_summary tune_summary(const struct tune *tune, size_t value,
                                   size_t target)
{
    return output_summarise(tune->candidates[value].values.items + target,
                            told(tune, value), tune->spec.target_count,
                            tune->spec.targets[target].range);
}
