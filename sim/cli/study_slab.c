#include "sim/cli/study_slab.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/cli/study_files.h"

enum { SLAB_VALUES = 1 << 20 }; /* 8 MiB */

static bool is_new(const struct plan *plan, size_t layout,
                   const struct metric_row *row)
{
    for (size_t i = 0; i < layout; i++)
        if (plan_find_row(&plan->layouts.items[i], row->service, row->traffic,
                          row->metric) != SIZE_MAX)
            return false;
    return true;
}

struct study_slab study_slab_new(struct study *study)
{
    const struct plan *plan = study->plan;
    struct study_slab slab = {.study = study};

    for (size_t i = 0; i < plan->layouts.count; i++) {
        const struct plan_layout *layout = &plan->layouts.items[i];

        for (size_t j = 0; j < layout->count; j++)
            if (is_new(plan, i, &layout->rows[j]))
                VEC_PUSH(slab.rows, layout->rows[j]);
    }
    return slab;
}

void study_slab_release(struct study_slab *slab)
{
    VEC_FREE(slab->rows);
    free(slab->values);
}

/* One row of a variant whose layout is not the first. */
static bool load_row(struct study_slab *slab, size_t variant, size_t row,
                     double *out)
{
    struct study *study = slab->study;
    const struct metric_row *r = &slab->rows.items[slab->first + row];
    size_t n = study->replications;
    size_t there = plan_find_row(plan_layout(study->plan, variant), r->service,
                                 r->traffic, r->metric);

    for (size_t i = 0; i < n; i++) {
        out[i * slab->width + row] = NAN;
        if (there != SIZE_MAX &&
            !store_read(study->store, variant, i, 1, PLAN_METRICS + there, 1,
                        &out[i * slab->width + row]))
            return false;
    }
    return true;
}

/* The first layout's rows come first, in its order. */
static bool load_variant(struct study_slab *slab, size_t variant, double *out)
{
    const struct plan *plan = slab->study->plan;
    bool in_order = plan->layout_of[variant] == 0 &&
                    slab->first + slab->width <= plan->layouts.items[0].count;

    if (in_order)
        return store_read(slab->study->store, variant, 0,
                          slab->study->replications, PLAN_METRICS + slab->first,
                          slab->width, out);
    for (size_t row = 0; row < slab->width; row++)
        if (!load_row(slab, variant, row, out))
            return false;
    return true;
}

bool study_slab_next(struct study_slab *slab)
{
    size_t variants = slab->study->plan->variants.count;
    size_t column = variants * slab->study->replications;
    size_t most = SLAB_VALUES / column + 1, left;

    slab->first += slab->width;
    left = slab->rows.count - slab->first;
    slab->width = left < most ? left : most;
    if (slab->width == 0)
        return false;
    free(slab->values);
    slab->values = mem_calloc(column * slab->width, sizeof *slab->values);
    for (size_t v = 0; v < variants; v++)
        if (!load_variant(slab, v,
                          slab->values +
                              v * slab->study->replications * slab->width))
            return study_fail(slab->study, errno);
    return true;
}
