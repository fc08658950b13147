/*
 * variant_load - variants to scenarios: the factors' settings are applied as
 * --set is, after all of --set.
 */
#ifndef SIM_CLI_VARIANT_LOAD_H
#define SIM_CLI_VARIANT_LOAD_H

#include "models/scenario.h"
#include "sim/experiment/factor.h"

/* Parses --vary PATH=V1,V2: the factor's place is `--vary TEXT`, kept in the
 * factor. False after an error in diag. */
bool vary_parse(struct factors *factors, const char *text, struct diag *diag);

/* Loads a variant; values: [factor], of factors. NULL after an error in
 * diag. The caller frees it with scenario_free. */
struct scenario *variant_load(const struct scenario_options *base,
                              const struct factors *factors,
                              const size_t *values, struct diag *diag);

/* What happened to a value that cannot be applied. */
typedef void variant_skipped(void *self, const char *path, const char *value,
                             const char *why);

/*
 * Makes factors ready for a design, by trying each value of each on its own:
 * `strategy=all` becomes all strategies, those that cannot be applied are
 * left out and told to skipped (may be NULL); every other error of every
 * value goes to diag. A sampled factor is tried at its median (see
 * variant_number). The base must load. False after an error.
 */
bool factors_prepare(const struct scenario_options *base,
                     struct factors *factors, variant_skipped *skipped,
                     void *self, struct diag *diag);

/* A number as a key takes it: as it is, rounded to a whole one, or as
 * seconds, the first of these that loads; in that order also where none
 * does. The caller frees the text. */
enum number_form { NUMBER_PLAIN, NUMBER_WHOLE, NUMBER_SECONDS };
enum number_form variant_number_form(const struct scenario_options *base,
                                     const char *path, double x);
char *variant_number(enum number_form form, double x);

#endif
