#include "sim/experiment/effects.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

/* ---------------------------------------------------------------- Morris */

/* Part of the range that a level's step covers. */
static double step_of(size_t length)
{
    size_t levels = length > 0 ? length : DESIGN_LEVELS;

    assert(levels >= 2);
    return 1.0 / (double)(levels - 1);
}

/* The effect of a factor in the trajectory that begins at a point. */
static double elementary_effect(const struct design *d, const double *y,
                                size_t first, size_t factor)
{
    for (size_t p = first; p < first + d->factors; p++) {
        double from = (double)design_at(d, p, factor)->level;
        double to = (double)design_at(d, p + 1, factor)->level;

        if (from != to)
            return (y[p + 1] - y[p]) /
                   ((to - from) * step_of(d->lengths[factor]));
    }
    return NAN;
}

/* (n-1) s^2 / sigma^2 is chi-squared with n-1 degrees of freedom. */
static struct interval sigma_interval(const struct tally *t)
{
    double df = (double)t->count - 1, sum = tally_variance(t) * df;

    if (t->count < 2)
        return (struct interval){NAN, NAN};
    return (struct interval){sqrt(sum / gsl_cdf_chisq_Pinv(0.975, df)),
                             sqrt(sum / gsl_cdf_chisq_Pinv(0.025, df))};
}

static struct morris_effect morris_of(const struct design *d, const double *y,
                                      size_t factor)
{
    struct tally effects = {0}, sizes = {0};
    struct morris_effect m;

    for (size_t p = 0; p < d->points; p += d->factors + 1) {
        double effect = elementary_effect(d, y, p, factor);

        if (isnan(effect))
            continue;
        tally_add(&effects, effect);
        tally_add(&sizes, fabs(effect));
    }
    m = (struct morris_effect){.count = (size_t)effects.count,
                               .mu = tally_mean(&effects),
                               .mu_star = tally_mean(&sizes),
                               .sigma = sqrt(tally_variance(&effects)),
                               .mu_ci = stat_t_interval(&effects, 0.95),
                               .mu_star_ci = stat_t_interval(&sizes, 0.95),
                               .sigma_ci = sigma_interval(&effects)};
    if (m.mu_star_ci.low < 0)
        m.mu_star_ci.low = 0;
    return m;
}

void effects_morris(const struct design *design, const double *y,
                    struct morris_effect *effects)
{
    assert(design->points % (design->factors + 1) == 0);
    for (size_t f = 0; f < design->factors; f++)
        effects[f] = morris_of(design, y, f);
}

/* ---------------------------------------------------------- main effects */

/* Terms of the fitted sum: the constant, then for a list all values but the
 * last, coded so that effects sum to zero, for a distribution one slope. */
static size_t terms_of(size_t length)
{
    return length > 0 ? length - 1 : 1;
}

static size_t term_count(const struct design *d)
{
    size_t terms = 1;

    for (size_t f = 0; f < d->factors; f++)
        terms += terms_of(d->lengths[f]);
    return terms;
}

static void fill_row(const struct design *d, size_t point, gsl_matrix *x)
{
    size_t at = 0;

    gsl_matrix_set(x, point, at++, 1);
    for (size_t f = 0; f < d->factors; f++) {
        const struct design_place *place = design_at(d, point, f);
        size_t length = d->lengths[f];

        if (length == 0)
            gsl_matrix_set(x, point, at++, place->u - 0.5);
        for (size_t l = 0; l + 1 < length; l++)
            gsl_matrix_set(x, point, at++,
                           (double)(place->level == l) -
                               (double)(place->level == length - 1));
    }
}

struct fit {
    gsl_matrix *x;
    gsl_vector *y, *terms;
    gsl_multifit_linear_workspace *work;
};

static struct fit fit_new(const struct design *d)
{
    size_t terms = term_count(d);
    struct fit fit = {gsl_matrix_calloc(d->points, terms),
                      gsl_vector_calloc(d->points), gsl_vector_calloc(terms),
                      gsl_multifit_linear_alloc(d->points, terms)};

    for (size_t p = 0; p < d->points; p++)
        fill_row(d, p, fit.x);
    gsl_multifit_linear_svd(fit.x, fit.work);
    return fit;
}

static void fit_free(struct fit *fit)
{
    gsl_multifit_linear_free(fit->work);
    gsl_vector_free(fit->terms);
    gsl_vector_free(fit->y);
    gsl_matrix_free(fit->x);
}

/* Fits one replication's values. False: a point has none. */
static bool solve(struct fit *fit, const double *const *columns, size_t at)
{
    double residual, size;

    for (size_t p = 0; p < fit->y->size; p++) {
        if (isnan(columns[p][at]))
            return false;
        gsl_vector_set(fit->y, p, columns[p][at]);
    }
    gsl_multifit_linear_solve(0, fit->x, fit->y, fit->terms, &residual, &size,
                              fit->work);
    return true;
}

/* What is smaller is the fit's rounding: no effect. */
static double noise_of(const struct fit *fit)
{
    double largest = 0;

    for (size_t p = 0; p < fit->y->size; p++)
        largest = fmax(largest, fabs(gsl_vector_get(fit->y, p)));
    return 1e-11 * largest;
}

/* The effects of each row from the fitted terms: the last value's is what
 * makes the sum zero. */
static void unpack(const struct design *d, const struct fit *fit, double *rows)
{
    double noise = noise_of(fit);
    size_t at = 1, row = 0;

    for (size_t f = 0; f < d->factors; f++) {
        double sum = 0;

        for (size_t l = 0; l < terms_of(d->lengths[f]); l++) {
            double effect = gsl_vector_get(fit->terms, at++);

            rows[row] = fabs(effect) > noise ? effect : 0;
            sum += rows[row++];
        }
        if (d->lengths[f] > 0)
            rows[row++] = 0 - sum;
    }
}

size_t effects_main_rows(const struct design *design)
{
    size_t rows = 0;

    for (size_t f = 0; f < design->factors; f++)
        rows += design->lengths[f] > 0 ? design->lengths[f] : 1;
    return rows;
}

static struct tally tally_of(const double *values, size_t count, size_t stride,
                             size_t high, size_t low)
{
    struct tally t = {0};

    for (size_t i = 0; i < count; i++)
        tally_add(&t, values[i * stride + high] -
                          (high == low ? 0 : values[i * stride + low]));
    return t;
}

/* all[replication][row], rows of this factor from `first` on. */
static struct factor_effect factor_of(const double *all, size_t count,
                                      size_t rows, size_t first, size_t length,
                                      const struct main_effect *main)
{
    struct factor_effect f = {0};
    struct tally t;

    for (size_t l = 1; l < length; l++) {
        if (main[first + l].effect < main[first + f.low].effect)
            f.low = l;
        if (main[first + l].effect > main[first + f.high].effect)
            f.high = l;
    }
    t = tally_of(all, count, rows, first + f.high, first + f.low);
    f.count = count;
    f.range = tally_mean(&t);
    f.ci = stat_t_interval(&t, 0.95);
    return f;
}

static void summarise(const struct design *d, const double *all, size_t count,
                      struct main_effect *main, struct factor_effect *factors)
{
    size_t rows = effects_main_rows(d), row = 0;

    for (size_t f = 0; f < d->factors; f++) {
        size_t first = row, length = d->lengths[f];

        do {
            struct tally t = tally_of(all, count, rows, row, row);

            main[row] =
                (struct main_effect){f, row - first, count, tally_mean(&t),
                                     stat_t_interval(&t, 0.95)};
            row++;
        } while (row - first < length);
        factors[f] = factor_of(all, count, rows, first, length, main);
    }
}

void effects_main(const struct design *design, const double *const *columns,
                  size_t count, size_t stride, struct main_effect *main,
                  struct factor_effect *factors)
{
    size_t rows = effects_main_rows(design), used = 0;
    double *all = mem_calloc(count * rows + 1, sizeof *all);

    if (design->points >= term_count(design)) {
        struct fit fit = fit_new(design);

        for (size_t r = 0; r < count; r++) {
            if (solve(&fit, columns, r * stride))
                unpack(design, &fit, all + used++ * rows);
        }
        fit_free(&fit);
    }
    summarise(design, all, used, main, factors);
    free(all);
}
