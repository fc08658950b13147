/*
 * range - LOW..HIGH or LOW..HIGH:STEP: values in even steps.
 *
 * Numbers with what stands behind them: whole and decimal ones, percentages,
 * rates, quantities (1..20, 0.5..2, 10%..90%, 100/s..500/s, 100m..1,
 * 256Mi..2Gi) and durations (0s..30s). Without a step: 1 s for durations, or
 * what a shorter one needs (0s..500ms: 100 ms); 1 of the last decimal for
 * numbers; for quantities in different units 1m, or 1Mi where both are whole
 * ones. The last value is the last that is not above HIGH.
 */
#ifndef SIM_EXPERIMENT_RANGE_H
#define SIM_EXPERIMENT_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/io/diag.h"

enum { RANGE_MOST = 1000000 }; /* values */

struct range {
    size_t count;      /* values, >= 1 */
    int64_t low, step; /* in units of 10^-decimals, or ns; step > 0 */
    int decimals;      /* of numbers */
    char unit[16];     /* behind numbers: "%", "/s", "Mi", "" */
    bool duration;
};

/* Reads the text. `name` is what is varied, for messages. False after an
 * error in diag: not of that form, LOW above HIGH, units that do not go
 * together, more than RANGE_MOST values. */
bool range_parse(struct range *range, const char *text, const char *name,
                 struct place place, struct diag *diag);

/* A value as a user would write it; the caller frees it. */
char *range_text(const struct range *range, size_t index);
/* As a number: seconds of a duration, else what stands before the unit. */
double range_number(const struct range *range, size_t index);
/* Its unit: "s" of a duration; "" for none. Borrowed. */
const char *range_unit(const struct range *range);

#endif
