#include "models/kubectl/patch_live.h"

#include <stdlib.h>
#include <string.h>

#include "models/select.h"
#include "sim/io/units.h"

enum step_kind {
    STEP_LABEL,
    STEP_COST,         /* a pod's deletion cost */
    STEP_SCHEDULABLE,  /* number: unschedulable */
    STEP_TAINTS,       /* these, in place of what was there */
    STEP_TAINT_ADD,    /* behind the last */
    STEP_TAINT_REMOVE, /* number: which */
};

struct step {
    enum step_kind kind;
    struct kubectl_pair label;
    int64_t number;
    size_t taint_count;
    const struct taint *taints;
};

struct patch_live {
    enum object_kind kind;
    size_t count;
    const struct step *steps;
};

struct reading {
    struct loader *l;
    const struct kubectl_words *words;
    enum object_kind kind;
    struct diag *diag;
    VEC_OF(struct step) steps;
};

/* --- reading --- */

static const char deletion_cost[] =
    "controller.kubernetes.io/pod-deletion-cost";

static bool cannot(struct reading *r, const char *path)
{
    diag_error(r->diag, r->words->place,
               "'%.200s' of a %s cannot be patched "
               "here",
               path, words_kind(r->kind));
    diag_hint(r->diag, "%s",
              r->kind == OBJECT_NODE
                  ? "expected metadata.labels, spec.unschedulable or "
                    "spec.taints"
                  : "expected metadata.labels or metadata.annotations");
    return false;
}

static bool bad(struct reading *r, const char *path, const char *expected)
{
    diag_error(r->diag, r->words->place, "bad value for '%.200s': expected %s",
               path, expected);
    return false;
}

/* value NULL: it is taken away. */
static bool read_label(struct reading *r, const char *key,
                       const struct doc_node *value)
{
    struct step step = {.kind = STEP_LABEL};

    step.label.key = intern(r->l->intern, key);
    if (value && value->kind == DOC_SCALAR)
        step.label.value = intern(r->l->intern, value->text);
    else if (value && value->kind != DOC_NULL)
        return bad(r, key, "a text");
    if (!label_key_ok(key))
        return bad(r, key, label_key_expected);
    if (step.label.value && !label_value_ok(step.label.value))
        return bad(r, key, label_value_expected);
    VEC_PUSH(r->steps, step);
    return true;
}

/* Others than the deletion cost say nothing. */
static bool read_annotation(struct reading *r, const char *key,
                            const struct doc_node *value)
{
    struct step step = {.kind = STEP_COST};
    bool given = value && value->kind == DOC_SCALAR;

    if (r->kind != OBJECT_POD || strcmp(key, deletion_cost) != 0)
        return true;
    if (given && (!units_int(value->text, &step.number) ||
                  step.number < INT32_MIN || step.number > INT32_MAX))
        return bad(r, key, "a whole number of 32 bits, quoted");
    VEC_PUSH(r->steps, step);
    return true;
}

static bool read_unschedulable(struct reading *r, const struct doc_node *value)
{
    struct step step = {.kind = STEP_SCHEDULABLE};

    step.number = value && strcmp(value->text, "true") == 0;
    if (value && value->kind != DOC_NULL && !step.number &&
        strcmp(value->text, "false") != 0)
        return bad(r, "unschedulable", "true or false");
    VEC_PUSH(r->steps, step);
    return true;
}

/* value NULL: none. */
static bool read_taints(struct reading *r, enum step_kind kind,
                        struct doc_node *value)
{
    struct step step = {.kind = kind};

    if (value && value->kind != DOC_NULL &&
        !loader_read_taints(r->l, value, &step.taint_count, &step.taints))
        return false;
    VEC_PUSH(r->steps, step);
    return true;
}

typedef bool read_pair(struct reading *r, const char *key,
                       const struct doc_node *value);

static bool read_map(struct reading *r, const char *path,
                     const struct doc_node *map, read_pair *read)
{
    bool ok = true;

    if (map->kind != DOC_MAPPING)
        return bad(r, path, "a mapping");
    for (const struct doc_node *item = map->first; item; item = item->next)
        ok = read(r, item->key, item) && ok;
    return ok;
}

/* --- merge patches --- */

static bool merge_spec(struct reading *r, struct doc_node *spec)
{
    bool ok = true;

    for (struct doc_node *item = spec->first; item; item = item->next) {
        if (r->kind == OBJECT_NODE && strcmp(item->key, "unschedulable") == 0)
            ok = read_unschedulable(r, item) && ok;
        else if (r->kind == OBJECT_NODE && strcmp(item->key, "taints") == 0)
            ok = read_taints(r, STEP_TAINTS, item) && ok;
        else
            ok = cannot(r, item->key);
    }
    return ok;
}

static bool merge_metadata(struct reading *r, struct doc_node *metadata)
{
    bool ok = true;

    for (struct doc_node *item = metadata->first; item; item = item->next) {
        if (strcmp(item->key, "labels") == 0)
            ok = read_map(r, "labels", item, read_label) && ok;
        else if (strcmp(item->key, "annotations") == 0)
            ok = read_map(r, "annotations", item, read_annotation) && ok;
        else
            ok = cannot(r, item->key);
    }
    return ok;
}

static bool read_merge(struct reading *r, struct doc_node *patch)
{
    bool ok = true;

    for (struct doc_node *item = patch->first; item; item = item->next) {
        if (strcmp(item->key, "metadata") == 0)
            ok = merge_metadata(r, item) && ok;
        else if (strcmp(item->key, "spec") == 0)
            ok = merge_spec(r, item) && ok;
        else
            ok = cannot(r, item->key);
    }
    return ok;
}

/* --- JSON patches --- */

/* What comes behind a prefix, "~1" and "~0" undone; NULL: another path. */
static const char *behind(struct reading *r, const char *path,
                          const char *prefix)
{
    size_t length = strlen(prefix), n = 0;
    char *text;

    if (strncmp(path, prefix, length) != 0)
        return NULL;
    text = intern_alloc(r->l->intern, strlen(path) + 1);
    for (const char *p = path + length; *p; p++) {
        bool escaped = *p == '~' && (p[1] == '0' || p[1] == '1');

        text[n++] = !escaped ? *p : *++p == '0' ? '~' : '/';
    }
    text[n] = '\0';
    return text;
}

/* "/spec/taints/-", "/spec/taints/0" */
static bool json_taint(struct reading *r, const char *path, const char *index,
                       struct doc_node *value)
{
    struct step step = {.kind = STEP_TAINT_REMOVE};
    struct doc_node list = {.kind = DOC_SEQUENCE, .count = 1};

    if (value && strcmp(index, "-") == 0) {
        list.place = value->place;
        list.first = list.last = value;
        return read_taints(r, STEP_TAINT_ADD, &list);
    }
    if (value || !units_int(index, &step.number) || step.number < 0)
        return cannot(r, path);
    VEC_PUSH(r->steps, step);
    return true;
}

static bool json_step(struct reading *r, const char *path,
                      struct doc_node *value)
{
    const char *key;

    if ((key = behind(r, path, "/metadata/labels/")))
        return read_label(r, key, value);
    if ((key = behind(r, path, "/metadata/annotations/")))
        return read_annotation(r, key, value);
    if (strcmp(path, "/metadata/labels") == 0 && value)
        return read_map(r, path, value, read_label);
    if (r->kind == OBJECT_NODE && strcmp(path, "/spec/unschedulable") == 0)
        return read_unschedulable(r, value);
    if (r->kind == OBJECT_NODE && strcmp(path, "/spec/taints") == 0)
        return read_taints(r, STEP_TAINTS, value);
    if (r->kind == OBJECT_NODE && (key = behind(r, path, "/spec/taints/")))
        return json_taint(r, path, key, value);
    return cannot(r, path);
}

static bool read_json(struct reading *r, struct doc_node *patch)
{
    bool ok = true;

    for (struct doc_node *item = patch->first; item; item = item->next) {
        const char *op = doc_text(item, "op"), *path = doc_text(item, "path");
        struct doc_node *value = doc_get(item, "value");
        bool removes = op && strcmp(op, "remove") == 0;

        if (!op || !path ||
            (!removes &&
             (strcmp(op, "add") != 0 && strcmp(op, "replace") != 0)))
            ok =
                bad(r, op ? op : "op", "op add, replace or remove, and a path");
        else
            ok = json_step(r, path, removes ? NULL : value) && ok;
    }
    return ok;
}

const struct patch_live *patch_live_read(struct loader *l,
                                         const struct kubectl_words *words,
                                         enum object_kind kind, bool json,
                                         struct doc_node *patch,
                                         struct diag *diag)
{
    struct reading r = {.l = l, .words = words, .kind = kind, .diag = diag};
    struct patch_live *live = intern_alloc(l->intern, sizeof *live);
    bool ok = json ? read_json(&r, patch) : read_merge(&r, patch);

    live->kind = kind;
    live->count = r.steps.count;
    live->steps = intern_copy(l->intern, r.steps.items, r.steps.count,
                              sizeof *r.steps.items);
    VEC_FREE(r.steps);
    return ok ? live : NULL;
}

/* --- when it runs --- */

static bool is_among(const struct taint *taints, size_t count,
                     const struct taint *taint)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(taints[i].key, taint->key) == 0 &&
            taints[i].effect == taint->effect &&
            strcmp(taints[i].value, taint->value) == 0)
            return true;
    }
    return false;
}

static void remove_taint(struct world *w, const struct node *node, size_t i)
{
    struct taint gone = node->taints.items[i];

    world_node_untaint(w, node->id, gone.key, gone.effect);
}

static void set_taints(struct world *w, const struct node *node,
                       const struct step *step)
{
    for (size_t i = node->taints.count; i-- > 0;) {
        if (step->kind == STEP_TAINTS &&
            !is_among(step->taints, step->taint_count, &node->taints.items[i]))
            remove_taint(w, node, i);
    }
    for (size_t i = 0; i < step->taint_count; i++) {
        if (is_among(node->taints.items, node->taints.count, &step->taints[i]))
            continue; /* its tolerations run on */
        world_node_untaint(w, node->id, step->taints[i].key,
                           step->taints[i].effect);
        world_node_taint(w, node->id, step->taints[i]);
    }
}

static void set_cost(struct world *w, pod_id id, int64_t cost)
{
    struct pod_template *template =
        world_template_copy(w, world_pod(w, id)->template);

    template->deletion_cost = cost;
    world_pod_set_meta(w, id, template);
}

void patch_live_run(struct simulation *s, const struct patch_live *patch,
                    uint32_t id, incident_id origin)
{
    struct world *w = s->world;

    for (size_t i = 0; i < patch->count; i++) {
        const struct step *step = &patch->steps[i];

        switch (step->kind) {
        case STEP_LABEL:
            changes_set_labels(s, patch->kind, id, &step->label, 1, origin);
            break;
        case STEP_COST:
            set_cost(w, id, step->number);
            break;
        case STEP_SCHEDULABLE:
            world_node_set_unschedulable(w, id, step->number != 0);
            break;
        case STEP_TAINTS:
        case STEP_TAINT_ADD:
            set_taints(w, world_node(w, id), step);
            break;
        case STEP_TAINT_REMOVE:
            if ((size_t)step->number < world_node(w, id)->taints.count)
                remove_taint(w, world_node(w, id), (size_t)step->number);
            break;
        }
    }
}
