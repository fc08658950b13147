/*
 * compare_text - figures of a comparison, for people.
 */
#ifndef SIM_CLI_COMPARE_TEXT_H
#define SIM_CLI_COMPARE_TEXT_H

#include <stdio.h>

#include "sim/cli/study.h"

/* "99.951 % +-0.012", "12.3 ms +-0.4", "123 +-5": as many decimals as the
 * interval is worth. "-": no value. */
void compare_mean(const char *unit, const struct output_summary *s,
                  char *buffer, size_t size);
/* The same with a sign. */
void compare_difference(const char *unit, double difference, struct interval ci,
                        char *buffer, size_t size);
/* "0.012", "<0.001"; "" where there is none. */
void compare_p(double p, char *buffer, size_t size);
/* At most `width` bytes, a `~` for what is cut off. */
const char *compare_fit(const char *text, size_t width, char *buffer,
                        size_t size);
/* A variant's name with the last keys of its paths only, in at most `width`
 * bytes. The caller frees it. */
char *compare_label(const struct plan *plan, size_t variant, size_t width);
/* The values alone of a variant, of the factors whose baseline is `same` or
 * of the others. The caller frees it. */
char *compare_name(const struct plan *plan, size_t variant, bool same);

/* A line for each of the factors that move a goal most. */
void compare_effects(const struct study *study, size_t goal, size_t lines,
                     FILE *out);

#endif
