#include "models/controllers/job_rules.h"

/* DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff */
static const sim_time backoff_base = 10 * SIM_S, backoff_max = 10 * SIM_MIN;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* manageJob */
static int wanted(const struct job_view *job)
{
    const struct job_spec *spec = job->spec;
    int left;

    if (job->suspended)
        return 0;
    if (spec->completions < 0)
        return job->succeeded > 0 ? job->active : spec->parallelism;
    left = spec->completions - job->succeeded;
    if (spec->backoff_limit_per_index >= 0)
        left -= job->failed_indexes;
    return left > 0 ? smaller(left, spec->parallelism) : 0;
}

int job_pod_difference(const struct job_view *job)
{
    int want = wanted(job), more;

    if (want < job->active)
        return want - job->active;
    more = want - job->active;
    if (job->spec->replace_failed_only)
        more -= job->terminating;
    return more > 0 ? more : 0;
}

/* pastBackoffLimitOnFailure */
static bool restarts_exceed(const struct job_view *job)
{
    if (job->spec->template.restart_policy != RESTART_ON_FAILURE)
        return false;
    return job->spec->backoff_limit == 0
               ? job->restarts > 0
               : job->restarts >= job->spec->backoff_limit;
}

static bool all_indexes_ended(const struct job_view *job)
{
    return job->failed_indexes > 0 &&
           job->succeeded + job->failed_indexes >= job->spec->completions;
}

const char *job_failure(const struct job_view *job)
{
    const struct job_spec *spec = job->spec;

    if (job->failed > spec->backoff_limit || restarts_exceed(job))
        return "BackoffLimitExceeded";
    if (spec->backoff_limit_per_index < 0)
        return NULL;
    if (spec->max_failed_indexes >= 0 &&
        job->failed_indexes > spec->max_failed_indexes)
        return "MaxFailedIndexesExceeded";
    return all_indexes_ended(job) ? "FailedIndexes" : NULL;
}

/* Indexes of [first, last] that succeeded. */
static int count_range(const bool *succeeded, size_t count, int first, int last)
{
    int sum = 0;

    for (int i = first; i <= last && (size_t)i < count; i++)
        sum += succeeded[i];
    return sum;
}

static bool rule_matches(const struct success_rule *rule, const bool *succeeded,
                         size_t count)
{
    int met = 0, asked = 0;

    if (!rule->indexes_given)
        return count_range(succeeded, count, 0, (int)count - 1) >= rule->count;
    for (size_t i = 0; i < rule->range_count; i++) {
        met += count_range(succeeded, count, rule->ranges[i].first,
                           rule->ranges[i].last);
        asked += rule->ranges[i].last - rule->ranges[i].first + 1;
    }
    return met == asked || (rule->count >= 0 && met >= rule->count);
}

bool job_succeeds(const struct job_spec *spec, const bool *succeeded,
                  size_t count)
{
    if (count_range(succeeded, count, 0, (int)count - 1) == 0)
        return false;
    for (size_t i = 0; i < spec->success_count; i++) {
        if (rule_matches(&spec->success[i], succeeded, count))
            return true;
    }
    return false;
}

bool job_complete(const struct job_view *job)
{
    if (job->active > 0)
        return false;
    if (job->spec->completions < 0)
        return job->succeeded > 0;
    return job->succeeded >= job->spec->completions;
}

sim_time job_backoff(int failures, sim_time since)
{
    sim_time wait = backoff_base;

    if (failures <= 0)
        return 0;
    while (--failures > 0 && wait < backoff_max)
        wait *= 2;
    if (wait > backoff_max)
        wait = backoff_max;
    return wait > since ? wait - since : 0;
}

static bool names(const struct failure_rule *rule, int code)
{
    bool found = false;

    for (size_t i = 0; i < rule->code_count; i++)
        found |= rule->codes[i] == code;
    return found != rule->not_in;
}

/* The first rule that matches; exit codes of 0 never do. */
enum failure_action job_failure_action(const struct job_spec *spec,
                                       bool disruption, int code)
{
    for (size_t i = 0; i < spec->rule_count; i++) {
        const struct failure_rule *rule = &spec->rules[i];

        if (rule->code_count > 0 ? code > 0 && names(rule, code)
                                 : rule->on_disruption && disruption)
            return rule->action;
    }
    return FAILURE_COUNT;
}
