#include "models/kubectl/changes.h"

#include <stdlib.h>
#include <string.h>

#include "models/select.h"

static bool is_change(const char *word)
{
    size_t length = strlen(word);

    return strpbrk(word, "=:") || (length > 0 && word[length - 1] == '-');
}

bool changes_parse(struct loader *l, const struct kubectl_words *words,
                   unsigned kinds, const char *what, const char *example,
                   struct kubectl_changes *out, struct diag *diag)
{
    static const char *const flags[] = {"overwrite", "all", "selector", NULL};
    struct kubectl_words names = *words;
    bool ok = words_check_flags(words, flags, diag);

    names.count = 0;
    while (names.count < words->count && !is_change(words->items[names.count]))
        names.count++;
    out->overwrite = words_has(words, "overwrite");
    out->count = words->count - names.count;
    out->words = words->items + names.count;
    if (!words_objects(l, &names, 1, -1, kinds, &out->objects, diag))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        if (is_change(out->words[i]))
            continue;
        diag_error(diag, words->place,
                   "all objects must be named before the %s changes: '%.200s'",
                   what, out->words[i]);
        ok = false;
    }
    if (out->count > 0)
        return ok;
    diag_error(diag, words->place,
               "'kubectl %s' needs at least one %s, as %s or KEY-",
               words->items[0], what, example);
    return false;
}

bool changes_pair(struct loader *l, const struct kubectl_words *words,
                  const char *word, bool label, struct kubectl_pair *out,
                  struct diag *diag)
{
    const char *equals = strchr(word, '=');
    size_t key = equals ? (size_t)(equals - word) : strlen(word) - 1;

    out->key = intern_printf(l->intern, "%.*s", (int)key, word);
    out->value = equals ? intern(l->intern, equals + 1) : NULL;
    if (label_key_ok(out->key) &&
        (!label || !out->value || label_value_ok(out->value)))
        return true;
    diag_error(diag, words->place, "invalid %s '%.200s'",
               label ? "label" : "annotation", word);
    diag_hint(diag, "%s",
              label_key_ok(out->key) ? label_value_expected
                                     : label_key_expected);
    return false;
}

static bool said_twice(const struct kubectl_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, pairs[count].key) == 0 &&
            !pairs[i].value != !pairs[count].value)
            return true;
    }
    return false;
}

const struct kubectl_pair *changes_pairs(struct loader *l,
                                         const struct kubectl_words *words,
                                         const struct kubectl_changes *changes,
                                         bool label, struct diag *diag)
{
    struct kubectl_pair *pairs =
        intern_alloc(l->intern, (changes->count + 1) * sizeof *pairs);
    bool ok = true;

    for (size_t i = 0; i < changes->count; i++) {
        if (!changes_pair(l, words, changes->words[i], label, &pairs[i],
                          diag)) {
            ok = false;
        } else if (said_twice(pairs, i)) {
            diag_error(diag, words->place,
                       "cannot both set and take away '%s' in one command",
                       pairs[i].key);
            ok = false;
        }
    }
    return ok ? pairs : NULL;
}

/* --- labels --- */

/* Puts a label in place, keys rising; or takes it away. */
static void change_label(struct label *items, size_t *count,
                         const struct kubectl_pair *change)
{
    size_t at = 0;

    while (at < *count && strcmp(items[at].key, change->key) < 0)
        at++;
    if (at < *count && strcmp(items[at].key, change->key) == 0) {
        if (change->value) {
            items[at].value = change->value;
            return;
        }
        --*count;
        memmove(items + at, items + at + 1, (*count - at) * sizeof *items);
    } else if (change->value) {
        memmove(items + at + 1, items + at, (*count - at) * sizeof *items);
        items[at] = (struct label){change->key, change->value};
        ++*count;
    }
}

static void set_labels(struct world *w, enum object_kind kind, uint32_t id,
                       const struct labels *labels, incident_id origin)
{
    static const enum world_kind kinds[] = {
        [OBJECT_DEPLOYMENT] = CHANGE_DEPLOYMENT,
        [OBJECT_REPLICASET] = CHANGE_REPLICASET,
        [OBJECT_STATEFULSET] = CHANGE_STATEFULSET,
        [OBJECT_DAEMONSET] = CHANGE_DAEMONSET,
        [OBJECT_JOB] = CHANGE_JOB,
        [OBJECT_POD] = CHANGE_POD,
        [OBJECT_SERVICE] = CHANGE_SERVICE,
        [OBJECT_NODE] = CHANGE_NODE};
    struct pod_template *template;

    if (kind == OBJECT_NODE) {
        world_node(w, id)->origin = origin;
        world_node_set_labels(w, id, labels);
    } else if (kind == OBJECT_POD) {
        template = world_template_copy(w, world_pod(w, id)->template);
        template->labels = world_labels_copy(w, labels);
        world_pod_touch(w, id, origin);
        world_pod_set_meta(w, id, template);
    } else {
        world_set_labels(w, kinds[kind], id, labels);
    }
}

void changes_set_labels(struct simulation *s, enum object_kind kind,
                        uint32_t id, const struct kubectl_pair *pairs,
                        size_t count, incident_id origin)
{
    struct labels labels = *kubectl_labels(s->world, kind, id);
    struct label *items = mem_calloc(labels.count + count + 1, sizeof *items);

    if (labels.count > 0)
        memcpy(items, labels.items, labels.count * sizeof *items);
    for (size_t i = 0; i < count; i++)
        change_label(items, &labels.count, &pairs[i]);
    labels.items = items;
    set_labels(s->world, kind, id, &labels, origin);
    free(items);
}
