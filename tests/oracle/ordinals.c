/* StatefulSets: in which order their pods, which keep their names, come and
 * go. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* What comes within this time of what came before is one burst: pods of one
 * write each, whose order chance may change. */
static const double burst_s = 0.5;

struct move {
    double t;
    char sign; /* '+' created, '-' deleted, 'x' gone */
    const char *name;
};

static bool keeps_names(const struct trace_pod *p)
{
    size_t n = strlen(p->owner);
    const char *rest = p->name + n + 1;

    if (strncmp(p->name, p->owner, n) != 0 || p->name[n] != '-' || !*rest)
        return false;
    while (isdigit((unsigned char)*rest))
        rest++;
    return *rest == '\0';
}

static int by_sign_and_name(const void *a, const void *b)
{
    const struct move *x = a, *y = b;

    return x->sign != y->sign ? x->sign - y->sign : strcmp(x->name, y->name);
}

static size_t moves_of(const struct trace *t, const char *owner,
                       struct move *moves)
{
    size_t count = 0;

    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];
        char sign = s->kind == STEP_POD_CREATED       ? '+'
                    : s->kind == STEP_POD_TERMINATING ? '-'
                    : s->kind == STEP_POD_GONE        ? 'x'
                                                      : '\0';

        if (sign && strcmp(s->owner, owner) == 0)
            moves[count++] = (struct move){s->t, sign, s->name};
    }
    return count;
}

/* "+db-0 +db-1 | -db-1": bursts between bars. The caller frees it. */
static char *order_of(const struct trace *t, const char *owner)
{
    struct move *moves = mem_calloc(t->steps.count + 1, sizeof *moves);
    size_t count = moves_of(t, owner, moves), size;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < count;) {
        size_t n = 1;

        while (i + n < count && moves[i + n].t - moves[i + n - 1].t < burst_s)
            n++;
        qsort(moves + i, n, sizeof *moves, by_sign_and_name);
        for (size_t k = 0; k < n; k++)
            fprintf(out, "%s%c%s", i + k ? " " : "", moves[i + k].sign,
                    moves[i + k].name);
        i += n;
        if (i < count)
            fputs(" |", out);
    }
    fclose(out);
    free(moves);
    return text;
}

void aspect_ordinals(const struct comparison *c)
{
    const struct trace *real = c->r->trace;
    size_t count;
    const char **owners = trace_owners(real, &count);

    for (size_t k = 0; k < count; k++) {
        char *want, *got = NULL;
        bool keeps = false, same = false;

        for (size_t i = 0; i < real->pods.count; i++)
            keeps |= real->pods.items[i].owner == owners[k] &&
                     keeps_names(&real->pods.items[i]);
        if (!keeps || !models_owner(c, owners[k]))
            continue;
        want = order_of(real, owners[k]);
        for (size_t i = 0; i < REPLAYS && !same; i++) {
            free(got);
            got = order_of(comparison_model(c, i), owners[k]);
            same = strcmp(want, got) == 0;
        }
        report_text(c->report, same,
                    intern_printf(c->r->intern, "%s: order of pods", owners[k]),
                    want, got, "exact, within 0.5 s any");
        free(want);
        free(got);
    }
    free(owners);
}
