/*
 * Which pods a ReplicaSet deletes when it shrinks: by what tells them apart
 * (controller_utils.go ActivePodsWithRanks), and how many it leaves on each
 * node. Among equals any will do.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* What a pod was when it was chosen. */
static void class_of(const struct trace *t, size_t pod, double at,
                     char buffer[64])
{
    const struct trace_pod *p = &t->pods.items[pod];
    int cost = trace_cost_at(t, pod, at);
    size_t length;

    /* Ready times within one power of two are equal (LogarithmicScaleDown). */
    double age = at - p->ready;

    if (isnan(p->bound))
        snprintf(buffer, 64, "unassigned");
    else if (isnan(p->ready) || age <= 0)
        snprintf(buffer, 64, "pending");
    else if (!isnan(p->unready) && p->unready < at && p->unready > p->ready)
        snprintf(buffer, 64, "unready r%d", p->restarts);
    else
        snprintf(buffer, 64, "ready 2^%d s r%d", (int)floor(log2(age)),
                 p->restarts);
    length = strlen(buffer);
    if (cost != 0)
        snprintf(buffer + length, 64 - length, " cost %d", cost);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "3 pending, 7 ready 2^5 s r0": texts in order, equal ones counted. */
static char *count_texts(char **texts, size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count;) {
        size_t n = 1;

        while (i + n < count && strcmp(texts[i], texts[i + n]) == 0)
            n++;
        fprintf(out, "%s%zu %s", i ? "; " : "", n, texts[i]);
        i += n;
    }
    fclose(out);
    return text;
}

static bool dies(const struct trace_pod *p, const char *owner,
                 const struct phase *phase)
{
    return strcmp(p->owner, owner) == 0 && p->created < phase->from &&
           p->deletion >= phase->from && p->deletion < phase->to;
}

/* The caller frees it. */
static char *victims_of(const struct trace *t, const char *owner,
                        const struct phase *phase)
{
    char **texts = mem_calloc(t->pods.count + 1, sizeof *texts), *text;
    size_t count = 0;

    for (size_t i = 0; i < t->pods.count; i++) {
        const struct trace_pod *p = &t->pods.items[i];
        char buffer[64];

        if (!dies(p, owner, phase))
            continue;
        class_of(t, i, phase->from, buffer);
        texts[count++] = mem_strdup(buffer);
    }
    text = count_texts(texts, count);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    return text;
}

/* How many of the owner's pods each node keeps, in order of numbers. */
static char *survivors_of(const struct trace *t, const char *owner,
                          const struct phase *phase)
{
    char **texts = mem_calloc(t->pods.count + 1, sizeof *texts), *text;
    size_t count = 0;

    for (size_t i = 0; i < t->pods.count; i++) {
        const struct trace_pod *p = &t->pods.items[i];
        size_t here = 0;
        bool first = true;

        for (size_t k = 0; k < t->pods.count; k++) {
            const struct trace_pod *q = &t->pods.items[k];

            if (strcmp(q->owner, owner) != 0 || q->created >= phase->from ||
                q->deletion < phase->to || q->failed < phase->from ||
                !q->node || !p->node || q->node != p->node)
                continue;
            first &= k >= i;
            here++;
        }
        if (here > 0 && first && strcmp(p->owner, owner) == 0 &&
            p->created < phase->from && !(p->deletion < phase->to) &&
            !(p->failed < phase->from))
            texts[count++] = mem_printf("with %zu", here);
    }
    text = count_texts(texts, count);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    return text;
}

/* The owner had all pods ready before, and fewer are wanted after. */
static bool shrinks(const struct recording *r, const char *owner,
                    const struct phase *phase)
{
    struct doc_node *spec = doc_path(phase->input->root, "body", "spec", NULL);
    const char *object = doc_text(phase->input->root, "object");
    const char *slash = object ? strchr(object, '/') : NULL;
    size_t victims = count_steps(r->trace, owner, STEP_POD_TERMINATING,
                                 phase->from, phase->to);

    return spec && doc_get(spec, "replicas") && !doc_get(spec, "template") &&
           slash && strcmp(slash + 1, owner) == 0 && victims > 0 &&
           (strncmp(object, "Deployment/", 11) == 0 ||
            strncmp(object, "ReplicaSet/", 11) == 0);
}

static void compare(const struct comparison *c, const struct phase *phase,
                    const char *owner, const char *what,
                    char *(*text_of)(const struct trace *, const char *,
                                     const struct phase *))
{
    char *want = text_of(c->r->trace, owner, phase);
    char *first = text_of(c->model, owner, phase);
    bool same = strcmp(want, first) == 0;

    for (size_t i = 1; i < REPLAYS && !same; i++) {
        char *got = text_of(comparison_model(c, i), owner, phase);

        same = strcmp(want, got) == 0;
        free(got);
    }
    report_text(c->report, same,
                intern_printf(c->r->intern, "%s: %s: %s",
                              phase_name(c->r, phase), owner, what),
                want, same ? want : first, "exact");
    free(want);
    free(first);
}

void aspect_victims(const struct comparison *c)
{
    size_t phase_count, owner_count;
    struct phase *phases = phases_of(c->r, &phase_count);
    const char **owners = trace_owners(c->r->trace, &owner_count);

    for (size_t i = 0; i < phase_count; i++) {
        for (size_t k = 0; k < owner_count; k++) {
            if (!models_owner(c, owners[k]) ||
                !shrinks(c->r, owners[k], &phases[i]))
                continue;
            compare(c, &phases[i], owners[k], "pods deleted, by class",
                    victims_of);
            /* After dice of its own each replay has other placements. */
            if (c->r->jitter == 0)
                compare(c, &phases[i], owners[k], "nodes by pods that are left",
                        survivors_of);
        }
    }
    free(owners);
    free(phases);
}
