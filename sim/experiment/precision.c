#include "sim/experiment/precision.h"

#include <assert.h>

enum { FIRST_CHECK = 10, CHECK_STEP = 5 };

size_t precision_next(size_t n, size_t max_replications)
{
    size_t next = n < FIRST_CHECK ? FIRST_CHECK
                                  : (n / CHECK_STEP + 1) * (size_t)CHECK_STEP;

    assert(n < max_replications);
    return next < max_replications ? next : max_replications;
}

bool precision_reached(const struct precision_rule *rule, size_t n)
{
    for (size_t v = 0; v < rule->variants; v++) {
        for (size_t g = 0; g < rule->goal_count; g++) {
            const struct precision_goal *goal = &rule->goals[g];
            size_t stride;
            const double *values =
                rule->column(rule->self, v, goal->row, &stride);

            if (!output_tight(values, n, stride, goal->scale, rule->precision))
                return false;
        }
    }
    return true;
}

size_t precision_take(const struct precision_rule *rule, size_t available,
                      bool *reached)
{
    size_t max = rule->max_replications, n = 0;

    assert(max > 0);
    while (n < max) {
        size_t next = precision_next(n, max);

        if (next > available)
            break;
        n = next;
        *reached = precision_reached(rule, n);
        if (*reached)
            return n;
    }
    *reached = false;
    return available < max ? available : max;
}
