/*
 * design - which combinations of factors' values are to be run.
 *
 * A factor has a list of values or a distribution of them. A design's point
 * says for each factor of a list the number of the value, for each
 * distribution the probability whose quantile is the value. Points may say
 * the same (two trajectories that meet, samples of short lists): who runs
 * them may run such a variant once.
 *
 * Random designs draw from streams of their own, one a factor (rng.h), so a
 * design depends on the seed, its sizes and the order of factors alone.
 */
#ifndef SIM_EXPERIMENT_DESIGN_H
#define SIM_EXPERIMENT_DESIGN_H

#include <stddef.h>
#include <stdint.h>

/* Values that a distribution takes in a Morris design: quantiles at 1/8, 3/8,
 * 5/8, 7/8; the four levels that Morris's paper and most studies use. */
enum { DESIGN_LEVELS = 4 };

struct design_place {
    size_t level; /* below the list's length; in Morris designs of a
                     distribution below DESIGN_LEVELS, else 0 */
    double u;     /* of a distribution: in (0, 1); of a list: level /
                     (length - 1), 0 where the length is 1 */
};

struct design {
    size_t points, factors;
    size_t *lengths;             /* [factor]; 0: a distribution */
    struct design_place *places; /* [point][factor] */
};

/* The place of a point in the range of a factor. */
static inline const struct design_place *design_at(const struct design *design,
                                                   size_t point, size_t factor)
{
    return &design->places[point * design->factors + factor];
}

/* The lengths of factors' lists, each >= 1; 0: a distribution. The caller
 * releases the design. */

/* Every combination; the last factor changes fastest. Lists only. Their
 * number: design_factorial_points, SIZE_MAX where it is beyond that. */
struct design design_factorial(const size_t *lengths, size_t factors);
size_t design_factorial_points(const size_t *lengths, size_t factors);

/* The base point (base[factor]: its level), then each factor's other values
 * in order, all else as in the base. Lists only. */
struct design design_one_at_a_time(const size_t *lengths, const size_t *base,
                                   size_t factors);

/* Latin hypercube (McKay, Beckman and Conover, Technometrics 21, 1979): each
 * of `samples` equal parts of each factor's range is hit once, at a uniform
 * place in it; a list's value is the one that this falls on. */
struct design design_latin_hypercube(const size_t *lengths, size_t factors,
                                     size_t samples, uint64_t seed);

/* Trajectories of elementary effects (Morris, Technometrics 33, 1991): each
 * is factors + 1 points; from one to the next a single factor moves by half
 * of its levels, each factor once, in random order. Every list has at least
 * two values. */
struct design design_morris(const size_t *lengths, size_t factors,
                            size_t trajectories, uint64_t seed);

void design_release(struct design *design);

#endif
