/* The eviction API: which requests it granted. */
#include <stdlib.h>
#include <string.h>

#include "models/loader.h"
#include "tests/oracle/oracle.h"

/* "grrg": granted, refused. The caller frees it. */
static char *recorded(const struct recording *r)
{
    char *text = mem_zalloc(r->inputs.count + 1);
    size_t n = 0;

    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct input *in = &r->inputs.items[i];
        const char *granted = doc_text(in->root, "granted");

        if (strcmp(in->verb, "evict") == 0 && granted)
            text[n++] = strcmp(granted, "true") == 0 ? 'g' : 'r';
    }
    return text;
}

static char *answered(const struct trace *t)
{
    char *text = mem_zalloc(t->granted.count + 1);

    for (size_t i = 0; i < t->granted.count; i++)
        text[i] = t->granted.items[i] ? 'g' : 'r';
    return text;
}

void aspect_evictions(const struct comparison *c)
{
    char *want = recorded(c->r), *first = answered(c->model);
    bool same = strcmp(want, first) == 0;

    for (size_t i = 1; i < REPLAYS && *want && !same; i++) {
        char *got = answered(comparison_model(c, i));

        same = strcmp(want, got) == 0;
        free(got);
    }
    if (*want && manifest_knows("PodDisruptionBudget"))
        report_text(c->report, same, "evictions granted and refused", want,
                    same ? want : first, "exact");
    free(want);
    free(first);
}
