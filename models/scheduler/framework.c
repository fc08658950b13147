#include "models/scheduler/framework.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/framework_private.h"
#include "models/version.h"

#define SCHEDULER_PLUGIN(file) &scheduler_##file,
const struct scheduler_plugin *const scheduler_plugins[] = {
#include "models/catalog.def"
    NULL};

/* noderesources defaults: cpu and memory, weight 1 each. */
static const struct resource_ref cpu_and_memory[] = {{RES_CPU, "cpu", 1},
                                                     {RES_MEMORY, "memory", 1}};

struct scheduler_config scheduler_config_default(int minor)
{
    struct scheduler_config config = {
        .filters = ~0U,
        .preempts = true,
        .strategy = SCORE_LEAST_ALLOCATED,
        .resource_count = 2,
        .resources = cpu_and_memory,
        .balanced_count = 2,
        .balanced = cpu_and_memory,
        .balanced_change = minor >= VERSION_balanced_change,
        .balanced_skips_best_effort =
            minor >= VERSION_balanced_skips_best_effort,
        .inclusion_policies = minor >= VERSION_inclusion_policies,
        .match_label_keys = minor >= VERSION_match_label_keys,
        .queueing_hints = minor >= VERSION_queueing_hints,
        .spread_requeues = minor >= VERSION_spread_requeues,
        .taint_requeues = minor >= VERSION_taint_requeues,
        .default_spread = true,
        .spread_always = minor < VERSION_spread_needs_constraints,
        .hard_affinity_weight = 1,
        .candidates_percent = 10,
        .candidates_least = 100,
    };

    for (size_t i = 0; scheduler_plugins[i]; i++)
        config.weights[i] = scheduler_plugins[i]->weight;
    return config;
}

bool profile_is(const struct scheduler_config *profile,
                const struct pod_template *template)
{
    static const char usual[] = "default-scheduler";
    const char *name = profile->name ? profile->name : usual;
    const char *wanted =
        template->scheduler_name ? template->scheduler_name : usual;

    return strcmp(name, wanted) == 0;
}

bool framework_handles(const struct framework *f,
                       const struct pod_template *template)
{
    for (size_t i = 0; i < f->profile_count; i++) {
        if (profile_is(&f->profiles[i], template))
            return true;
    }
    return false;
}

size_t framework_plugin_index(const struct scheduler_plugin *plugin)
{
    size_t i = 0;

    while (scheduler_plugins[i] != plugin) {
        assert(scheduler_plugins[i]);
        i++;
    }
    return i;
}

void filter_refuse(struct filter_reasons *reasons, const char *text,
                   const char *detail)
{
    if (reasons->count < REASONS_MAX)
        reasons->items[reasons->count++] = (struct filter_reason){text, detail};
}

void score_normalize(int64_t *scores, size_t count, bool reverse)
{
    int64_t max = 0;

    for (size_t i = 0; i < count; i++) {
        if (scores[i] > max)
            max = scores[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (max > 0)
            scores[i] = SCORE_MAX * scores[i] / max;
        if (reverse)
            scores[i] = SCORE_MAX - scores[i];
    }
}

void score_memo_prepare(struct score_memo *memo, const struct cycle *c)
{
    while (memo->items.count < framework_node_room(c->framework))
        VEC_PUSH(memo->items, (struct memo_entry){0});
}

/* minFeasibleNodesToFind 100; 50 % less one for each 125 nodes, at least
 * 5 %. */
size_t nodes_to_find(size_t nodes, int percentage)
{
    enum { LEAST_NODES = 100, LEAST_PERCENT = 5 };
    size_t found, percent = (size_t)percentage;

    if (nodes < LEAST_NODES || percentage >= 100)
        return nodes;
    if (percentage == 0) {
        percent = nodes / 125 >= 50 ? 0 : 50 - nodes / 125;
        if (percent < LEAST_PERCENT)
            percent = LEAST_PERCENT;
    }
    found = nodes * percent / 100;
    return found < LEAST_NODES ? LEAST_NODES : found;
}

/* --- filters --- */

/* Which filters have a say on the pod: bit mask. */
static unsigned begin_filters(struct framework *f, const struct cycle *c,
                              unsigned wanted)
{
    unsigned mask = 0;

    for (size_t i = 0; i < f->plugin_count; i++) {
        const struct scheduler_plugin *p = scheduler_plugins[i];

        if (p->filter && (wanted & c->config->filters & 1U << i) &&
            (!p->pre_filter || p->pre_filter(f->states[i], c)))
            mask |= 1U << i;
    }
    return mask;
}

/* The plug-in that refuses the node; plugin_count: none does. */
static size_t refuser(struct framework *f, const struct cycle *c, unsigned mask,
                      node_id node, struct filter_reasons *why,
                      enum filter_status *status)
{
    for (unsigned left = mask; left; left &= left - 1) {
        size_t i = (size_t)__builtin_ctz(left);

        *status = scheduler_plugins[i]->filter(f->states[i], c, node, why);
        if (*status != FILTER_SUCCESS)
            return i;
    }
    return f->plugin_count;
}

static bool same_reason(const struct filter_reason *a,
                        const struct filter_reason *b)
{
    return (a->text == b->text || strcmp(a->text, b->text) == 0) &&
           (a->detail == b->detail || strcmp(a->detail, b->detail) == 0);
}

static void note_reasons(struct diagnosis *d, const struct filter_reasons *why)
{
    for (size_t i = 0; i < why->count; i++) {
        size_t k = 0;

        while (k < d->reasons.count &&
               !same_reason(&d->reasons.items[k].reason, &why->items[i]))
            k++;
        if (k == d->reasons.count)
            VEC_PUSH(d->reasons, ((struct diagnosis_reason){why->items[i], 0}));
        d->reasons.items[k].nodes++;
    }
}

/* Fills f->feasible from next_start on, as many as are wanted. */
static void find_feasible(struct framework *f, const struct cycle *c)
{
    size_t count = f->order.count, looked = 0;
    size_t wanted = nodes_to_find(count, c->config->percentage);
    unsigned mask = begin_filters(f, c, ~0U);
    struct filter_reasons why;
    enum filter_status status;

    f->feasible.count = 0;
    while (looked < count && f->feasible.count < wanted) {
        node_id node = f->order.items[(f->next_start + looked) % count];
        size_t i;

        why.count = 0;
        i = refuser(f, c, mask, node, &why, &status);
        looked++;
        if (i == f->plugin_count) {
            VEC_PUSH(f->feasible, node);
        } else {
            f->diagnosis.rejectors |= 1U << i;
            if (status == FILTER_UNSCHEDULABLE)
                VEC_PUSH(f->diagnosis.resolvable, node);
            note_reasons(&f->diagnosis, &why);
        }
    }
    f->next_start = count ? (f->next_start + looked) % count : 0;
}

bool framework_passes(struct framework *f, struct pod_class *class,
                      node_id node, unsigned plugins)
{
    struct cycle c = {f, class, class->config, f->nodes.items};
    struct filter_reasons why = {0};
    enum filter_status status;

    return refuser(f, &c, begin_filters(f, &c, plugins), node, &why, &status) ==
           f->plugin_count;
}

/* --- scores --- */

/* The weighted sums of all scores, into f->totals. */
static void score_feasible(struct framework *f, const struct cycle *c)
{
    size_t count = f->feasible.count;

    f->scores.count = f->totals.count = 0;
    for (size_t k = 0; k < count; k++) {
        VEC_PUSH(f->scores, 0);
        VEC_PUSH(f->totals, 0);
    }
    for (size_t i = 0; i < f->plugin_count; i++) {
        const struct scheduler_plugin *p = scheduler_plugins[i];

        if (!p->score || c->config->weights[i] == 0 ||
            !p->score(f->states[i], c, f->feasible.items, count,
                      f->scores.items))
            continue;
        for (size_t k = 0; k < count; k++)
            f->totals.items[k] += c->config->weights[i] * f->scores.items[k];
    }
}

void framework_prefer(struct framework *f, node_id node)
{
    f->preferred = node;
}

/* Any of those with the most points, all as likely. */
static node_id pick_best(struct framework *f, struct rng *rng)
{
    int64_t best = f->totals.items[0];
    uint64_t ties = 0;
    node_id preferred = f->preferred;

    f->preferred = NO_ID;
    for (size_t k = 0; k < f->totals.count; k++) {
        if (f->totals.items[k] > best) {
            best = f->totals.items[k];
            ties = 0;
        }
        ties += f->totals.items[k] == best;
    }
    for (size_t k = 0; preferred != NO_ID && k < f->totals.count; k++) {
        if (f->feasible.items[k] == preferred && f->totals.items[k] == best)
            return preferred;
    }
    ties = ties > 1 ? rng_below(rng, ties) : 0;
    for (size_t k = 0;; k++) {
        assert(k < f->totals.count);
        if (f->totals.items[k] == best && ties-- == 0)
            return f->feasible.items[k];
    }
}

static void begin_diagnosis(struct framework *f)
{
    framework_order(f);
    f->diagnosis.nodes = f->order.count;
    f->diagnosis.rejectors = 0;
    f->diagnosis.reasons.count = 0;
    f->diagnosis.resolvable.count = 0;
}

node_id framework_schedule(struct framework *f, struct pod_class *class,
                           struct rng *rng)
{
    struct cycle c = {f, class, class->config, f->nodes.items};

    begin_diagnosis(f);
    find_feasible(f, &c);
    if (f->feasible.count == 0)
        return NO_ID;
    if (f->feasible.count == 1)
        return f->feasible.items[0];
    score_feasible(f, &c);
    return pick_best(f, rng);
}

/* NodeAffinity's PreFilter leaves the one node; the others count as its
 * refusals (plugins/nodeaffinity/node_affinity.go). */
node_id framework_schedule_on(struct framework *f, struct pod_class *class,
                              node_id node)
{
    struct cycle c = {f, class, class->config, f->nodes.items};
    struct diagnosis *d = &f->diagnosis;
    struct filter_reasons why = {0};
    enum filter_status status;
    bool known = node < f->nodes.count; /* it may not have heard of it */
    bool present = known && framework_node(f, node)->present;
    size_t i = f->plugin_count;

    begin_diagnosis(f);
    if (present)
        i = refuser(f, &c, begin_filters(f, &c, ~0U), node, &why, &status);
    if (present && i == f->plugin_count)
        return node;
    d->rejectors = 1U << framework_plugin_index(&scheduler_node_affinity);
    if (present) {
        d->rejectors |= 1U << i;
        if (status == FILTER_UNSCHEDULABLE)
            VEC_PUSH(d->resolvable, node);
        note_reasons(d, &why);
    }
    if (d->nodes > present) {
        why.count = 0;
        filter_refuse(&why, "node(s) didn't satisfy plugin(s) [NodeAffinity]",
                      "");
        note_reasons(d, &why);
        d->reasons.items[d->reasons.count - 1].nodes = d->nodes - present;
    }
    return NO_ID;
}

const struct diagnosis *framework_diagnosis(const struct framework *f)
{
    return &f->diagnosis;
}

/* --- messages --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends to a text of *at bytes; cuts off what does not fit. */
static void append(char *buffer, size_t size, size_t *at, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

static void append(char *buffer, size_t size, size_t *at, const char *format,
                   ...)
{
    va_list args;

    if (*at >= size)
        return;
    va_start(args, format);
    *at += (size_t)vsnprintf(buffer + *at, size - *at, format, args);
    va_end(args);
}

static void explain_preemption(const struct diagnosis *d, char *buffer,
                               size_t size, size_t *at)
{
    size_t none = d->resolvable.count, unhelpful = d->nodes - none;

    append(buffer, size, at,
           " preemption: 0/%zu nodes are available:", d->nodes);
    if (none > 0)
        append(buffer, size, at,
               " %zu No preemption victims found for incoming pod%s", none,
               unhelpful > 0 ? "," : ".");
    if (unhelpful > 0)
        append(buffer, size, at,
               " %zu Preemption is not helpful for scheduling.", unhelpful);
}

void framework_explain(const struct framework *f, bool preempted, char *buffer,
                       size_t size)
{
    const struct diagnosis *d = &f->diagnosis;
    size_t at = 0, count = d->reasons.count;
    char **texts;

    if (d->nodes == 0) {
        append(buffer, size, &at, "no nodes available to schedule pods");
        return;
    }
    texts = mem_calloc(count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        const struct diagnosis_reason *r = &d->reasons.items[i];

        texts[i] =
            mem_printf("%zu %s%s", r->nodes, r->reason.text, r->reason.detail);
    }
    qsort(texts, count, sizeof *texts, by_text);
    append(buffer, size, &at, "0/%zu nodes are available", d->nodes);
    for (size_t i = 0; i < count; i++) {
        append(buffer, size, &at, "%s %s", i == 0 ? ":" : ",", texts[i]);
        free(texts[i]);
    }
    free(texts);
    append(buffer, size, &at, ".");
    if (!preempted)
        explain_preemption(d, buffer, size, &at);
}

/* The sum is the same in any order of the reasons. */
uint64_t framework_fingerprint(const struct framework *f)
{
    const struct diagnosis *d = &f->diagnosis;
    uint64_t sum = d->nodes * UINT64_C(0x9e3779b97f4a7c15) + 1;

    for (size_t i = 0; i < d->reasons.count; i++) {
        const struct diagnosis_reason *r = &d->reasons.items[i];

        sum += (rng_hash(r->reason.text) ^ rng_hash(r->reason.detail)) *
               (2 * r->nodes + 1);
    }
    return sum ? sum : 1;
}

/* --- one plug-in alone --- */

bool framework_filter_with(struct framework *f,
                           const struct scheduler_plugin *plugin,
                           struct pod_class *class, node_id node,
                           enum filter_status *status,
                           struct filter_reasons *why)
{
    void *state = f->states[framework_plugin_index(plugin)];
    struct cycle c = {f, class, class->config, f->nodes.items};

    why->count = 0;
    *status = FILTER_SUCCESS;
    if (plugin->pre_filter && !plugin->pre_filter(state, &c))
        return false;
    *status = plugin->filter(state, &c, node, why);
    return true;
}

bool framework_score_with(struct framework *f,
                          const struct scheduler_plugin *plugin,
                          struct pod_class *class, const node_id *nodes,
                          size_t count, int64_t *scores)
{
    struct cycle c = {f, class, class->config, f->nodes.items};
    size_t i = framework_plugin_index(plugin);

    if (plugin->score && plugin->score(f->states[i], &c, nodes, count, scores))
        return true;
    memset(scores, 0, count * sizeof *scores);
    return false;
}
