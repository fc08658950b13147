#include "models/lb/weights.h"

#include <stdlib.h>
#include <string.h>

#include "sim/io/units.h"

static bool read_one(struct lb_weight *out, const struct doc_node *node,
                     struct diag *diag)
{
    if (node->kind != DOC_SCALAR || !units_double(node->text, &out->weight) ||
        !(out->weight >= 0) || out->weight > 1e9) {
        diag_error(diag, node->place,
                   "expected a weight, 0 to 1e9, for '%.60s'", node->key);
        return false;
    }
    out->key = mem_strdup(node->key);
    return true;
}

bool lb_weights_read(const struct param *param, void *field,
                     struct doc_node *node, struct diag *diag)
{
    struct lb_weights *w = field;

    (void)param;
    if (node->kind != DOC_MAPPING) {
        diag_error(diag, node->place,
                   "expected weights by name, as in {web-0: 3}");
        return false;
    }
    lb_weights_release(w);
    doc_use_all(node);
    w->items = mem_calloc(node->count, sizeof *w->items);
    for (struct doc_node *item = node->first; item; item = item->next) {
        if (!read_one(&w->items[w->count], item, diag))
            return false;
        w->count++;
    }
    return true;
}

void lb_weights_print(const struct param *param, const void *field, FILE *out,
                      int indent)
{
    const struct lb_weights *w = field;

    (void)param;
    (void)indent;
    fputc('{', out);
    for (size_t i = 0; i < w->count; i++)
        fprintf(out, "%s\"%s\": %.15g", i ? ", " : "", w->items[i].key,
                w->items[i].weight);
    fputs("}\n", out);
}

void lb_weights_release(void *field)
{
    struct lb_weights *w = field;

    for (size_t i = 0; i < w->count; i++)
        free(w->items[i].key);
    free(w->items);
    memset(w, 0, sizeof *w);
}

/* key is "name=value" of a label that the pod has. */
static bool has_label(const struct pod *pod, const char *key)
{
    const char *equals = strchr(key, '=');
    const struct labels *labels = pod->labels;
    size_t length;

    if (!equals)
        return false;
    length = (size_t)(equals - key);
    for (size_t i = 0; i < labels->count; i++)
        if (strncmp(labels->items[i].key, key, length) == 0 &&
            labels->items[i].key[length] == '\0' &&
            strcmp(labels->items[i].value, equals + 1) == 0)
            return true;
    return false;
}

double lb_weight_of(const struct lb_weights *weights, const struct world *world,
                    const struct endpoint *endpoint)
{
    const struct pod *pod =
        world && weights->count ? world_pod(world, endpoint->pod) : NULL;
    const struct node *node = pod ? world_node(world, endpoint->node) : NULL;

    for (size_t i = 0; pod && i < weights->count; i++) {
        const char *key = weights->items[i].key;

        if (strcmp(pod->name, key) == 0 ||
            (node && strcmp(node->spec->name, key) == 0) || has_label(pod, key))
            return weights->items[i].weight;
    }
    return 1;
}

bool lb_weights_fill(const struct lb_weights *weights,
                     const struct world *world,
                     const struct endpoint *endpoints, uint32_t count,
                     double *out)
{
    double most = 0;
    bool equal = true;

    for (uint32_t i = 0; i < count; i++) {
        out[i] = lb_weight_of(weights, world, &endpoints[i]);
        most = out[i] > most ? out[i] : most;
        equal &= out[i] == out[0];
    }
    for (uint32_t i = 0; most <= 0 && i < count; i++)
        out[i] = 1;
    return equal;
}
