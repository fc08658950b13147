#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/oracle/oracle.h"

const char *recording_file(const struct recording *r, const char *name)
{
    return intern_printf(r->intern, "%s/%s", r->path, name);
}

bool recording_has(const struct recording *r, const char *name)
{
    return access(recording_file(r, name), R_OK) == 0;
}

const char *recording_match(const struct recording *r, const char *prefix,
                            const char *suffix, size_t nth)
{
    const char *found = NULL;
    struct dirent **entries;
    int count = scandir(r->path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t length = strlen(name), tail = strlen(suffix);

        if (!found && strncmp(name, prefix, strlen(prefix)) == 0 &&
            length >= tail && strcmp(name + length - tail, suffix) == 0 &&
            nth-- == 0)
            found = recording_file(r, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return found;
}

double node_number(struct doc_node *map, const char *key, double otherwise)
{
    const char *text = doc_text(map, key);
    char *end;
    double value = text ? strtod(text, &end) : otherwise;

    return text && (end == text || *end) ? otherwise : value;
}

double recording_number(const struct recording *r, const char *key,
                        double otherwise)
{
    return node_number(r->params, key, otherwise);
}

/* --- JSON lines --- */

static bool parse(struct doc_set *set, const char *path, const char *text,
                  struct doc_node **root)
{
    struct diag *diag = diag_new();
    size_t before = doc_count(set);
    bool ok = doc_read_text(set, path, text, diag);

    *root = ok && doc_count(set) > before ? doc_root(set, before) : NULL;
    if (!ok)
        diag_print(diag, stdout);
    diag_free(diag);
    return ok;
}

bool lines_read(const char *path, struct doc_set *keep,
                void (*line)(void *self, struct doc_node *root), void *self)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    bool ok = file != NULL;

    while (ok && getline(&text, &size, file) > 0) {
        struct doc_set *set = keep ? keep : doc_set_new();
        struct doc_node *root;

        ok = parse(set, path, text, &root);
        if (root)
            line(self, root);
        if (!keep)
            doc_set_free(set);
    }
    free(text);
    if (file)
        fclose(file);
    else
        printf("cannot read %s\n", path);
    return ok;
}

/* --- the parts --- */

static bool read_documents(struct recording *r, const char *name,
                           struct doc_node **root)
{
    struct diag *diag = diag_new();
    size_t before = doc_count(r->docs);
    bool ok = doc_read_path(r->docs, recording_file(r, name), diag);

    if (!ok)
        diag_print(diag, stdout);
    diag_free(diag);
    if (root)
        *root = ok && doc_count(r->docs) > before ? doc_root(r->docs, before)
                                                  : NULL;
    return ok;
}

static bool read_manifests(struct recording *r)
{
    size_t before = doc_count(r->docs);
    bool ok = read_documents(r, "manifests.yaml", NULL);

    for (size_t i = before; ok && i < doc_count(r->docs); i++)
        VEC_PUSH(r->manifests, doc_root(r->docs, i));
    return ok;
}

static void on_input(void *self, struct doc_node *root)
{
    struct recording *r = self;
    struct input input = {node_number(root, "t", 0),
                          intern(r->intern, doc_text(root, "do")), root};

    if (!input.verb)
        return;
    VEC_PUSH(r->inputs, input);
    if (input.t > r->end)
        r->end = input.t;
}

/* "2", or "2+U(0,4)"; and start_jitter_s where it is given. */
static void read_start(struct recording *r)
{
    const char *text = doc_text(r->params, "start_s"), *u;

    r->start = text ? strtod(text, NULL) : 2;
    u = text ? strstr(text, "U(") : NULL;
    if (u && strchr(u, ','))
        r->jitter = strtod(strchr(u, ',') + 1, NULL);
    r->jitter = recording_number(r, "start_jitter_s", r->jitter);
    r->term = recording_number(r, "term_s", 5);
}

bool input_cost(const struct input *in, int32_t *cost)
{
    const char *key = doc_text(in->root, "key");
    bool is = strcmp(in->verb, "annotate") == 0 && key &&
              strcmp(key, "controller.kubernetes.io/pod-deletion-cost") == 0;

    if (is)
        *cost = (int32_t)node_number(in->root, "value", 0);
    return is;
}

/* Events do not have pods' annotations. */
static void note_costs(struct recording *r)
{
    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct input *in = &r->inputs.items[i];
        const char *name = doc_text(in->root, "pod");
        size_t pod =
            name ? trace_find_pod(r->trace, intern(r->trace->intern, name))
                 : SIZE_MAX;
        int32_t cost;

        if (pod != SIZE_MAX && input_cost(in, &cost))
            trace_cost(r->trace, pod, in->t, cost);
    }
    trace_sort(r->trace);
}

bool recording_read(struct recording *r, const char *folder, const char *name)
{
    memset(r, 0, sizeof *r);
    r->intern = intern_new();
    r->path = intern_printf(r->intern, "%s/%s", folder, name);
    r->name = intern(r->intern, name);
    r->docs = doc_set_new();
    r->trace = trace_new();
    if (!read_documents(r, "params.json", &r->params) ||
        !read_documents(r, "nodes.json", &r->nodes))
        return false;
    read_start(r);
    if (recording_has(r, "manifests.yaml") && !read_manifests(r))
        return false;
    if (recording_has(r, "inputs.jsonl") &&
        !lines_read(recording_file(r, "inputs.jsonl"), r->docs, on_input, r))
        return false;
    if (recording_has(r, "events.jsonl") && !events_read(r))
        return false;
    note_costs(r);
    return probes_read(r);
}

void recording_release(struct recording *r)
{
    VEC_FREE(r->manifests);
    VEC_FREE(r->inputs);
    trace_free(r->trace);
    doc_set_free(r->docs);
    intern_free(r->intern);
}
