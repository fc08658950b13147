/*
 * factor - what a study varies, and the variants that come of it.
 *
 * A factor is a path with a list of values (or a distribution of them); a
 * variant takes one value of each factor. Its name is `key=value` pairs
 * joined by `;`, in order of the factors: `strategy=p2c;replicas=5`. A value
 * stands for one setting, PATH=VALUE, or for a named set of them:
 * `situation=node-loss`.
 */
#ifndef SIM_EXPERIMENT_FACTOR_H
#define SIM_EXPERIMENT_FACTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/engine/dist.h"
#include "sim/engine/mem.h"
#include "sim/experiment/design.h"
#include "sim/io/diag.h"

struct factor_value {
    char *text;              /* in names, as a user would write it */
    VEC_OF(char *) settings; /* each PATH=VALUE; none: nothing is changed */
    struct place place;
};

struct factor {
    char *path; /* the key in names */
    struct place place;
    VEC_OF(struct factor_value) values;
    bool sampled;     /* values come of the distribution, by its quantiles */
    struct dist dist; /* sampled only */
    int form;         /* of the numbers, for who writes them */
    size_t base;      /* number of the value that others are held against */
    bool optional; /* a value that cannot be applied is left out, not wrong */
    char *owned;   /* text that the places borrow; may be NULL */
};

/* Zeroed, then filled; factors_release. */
struct factors {
    VEC_OF(struct factor) list;
};

/* Adds a factor without values. */
struct factor *factors_add(struct factors *factors, const char *path,
                           struct place place);
/* Adds a value that is one setting, `path=text`. Returns it. */
struct factor_value *factor_add(struct factor *factor, const char *text,
                                struct place place);
/* Removes all values. */
void factor_clear(struct factor *factor);
/* Index of a value by its text; the number of values: none. */
size_t factor_find(const struct factor *factor, const char *text);
void factors_release(struct factors *factors);

/* Adds a factor from PATH=V1,V2,..: values are YAML, split at commas outside
 * brackets and quotes. The texts are copied; place.file is borrowed. False
 * after an error in diag: no path, no value, one twice, path given before. */
bool factors_parse(struct factors *factors, const char *text,
                   struct place place, struct diag *diag);

/* Reads PATH=VALUE; both are the caller's. False: it is not of that form. */
bool factor_split(const char *text, char **path, char **value);

/* The combinations that a design asks for, each once. */
struct variants {
    const struct factors *factors; /* borrowed */
    size_t count;
    size_t *values;   /* [variant][factor]: number of the value */
    size_t points;    /* of the design */
    size_t *of_point; /* [point]: its variant */
};

/* The lengths of the factors' lists as design.h wants them, 0 where sampled:
 * [factor]. The caller frees it. */
size_t *factors_lengths(const struct factors *factors);

/* The variants of a design's points, in order of their first point. Quantiles
 * of sampled factors become values of theirs: form(self, factor, x) gives the
 * text (the caller's). NULL: the shortest that reads back. The caller
 * releases the variants. */
struct variants variants_of(struct factors *factors,
                            const struct design *design,
                            char *(*form)(void *self, size_t factor, double x),
                            void *self);
/* One variant, of no factors at all. */
struct variants variants_single(const struct factors *factors);
void variants_release(struct variants *variants);

/* Adds a variant of these values, [factor], where it is not there. */
void variants_add(struct variants *variants, const size_t *values);

/* Leaves only the variants that are marked, in the same order; points of the
 * others have no variant (SIZE_MAX). */
void variants_keep(struct variants *variants, const bool *keep);

/* Number of a variant's value of a factor. */
static inline size_t variant_value(const struct variants *variants,
                                   size_t variant, size_t factor)
{
    return variants->values[variant * variants->factors->list.count + factor];
}

/* The name; the caller frees it. "" without factors. */
char *variant_name(const struct variants *variants, size_t variant);
/* The variant of these values; variants->count: none. */
size_t variants_find(const struct variants *variants, const size_t *values);

#endif
