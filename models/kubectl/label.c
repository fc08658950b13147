/* kubectl label nodes NODE... KEY=VALUE (KEY- removes) [--overwrite]
 * (kubectl pkg/cmd/label). */
#include <stdlib.h>
#include <string.h>

#include "models/kubectl/words.h"
#include "models/select.h"

struct change {
    const char *key, *value; /* value NULL: removed */
};

struct command {
    struct kubectl_objects nodes;
    bool overwrite;
    size_t count;
    struct change *changes;
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static bool is_change(const char *word)
{
    size_t length = strlen(word);

    return strchr(word, '=') || (length > 0 && word[length - 1] == '-');
}

static bool read_change(struct loader *l, const struct kubectl_words *words,
                        const char *word, struct change *out, struct diag *diag)
{
    const char *equals = strchr(word, '=');
    size_t key = equals ? (size_t)(equals - word) : strlen(word) - 1;

    out->key = intern_printf(l->intern, "%.*s", (int)key, word);
    out->value = equals ? intern(l->intern, equals + 1) : NULL;
    if (label_key_ok(out->key) && (!out->value || label_value_ok(out->value)))
        return true;
    diag_error(diag, words->place, "invalid label '%.200s'", word);
    diag_hint(diag, "%s",
              label_key_ok(out->key) ? label_value_expected
                                     : label_key_expected);
    return false;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"overwrite", "all", "l", "selector",
                                        NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    struct kubectl_words names = *words;
    bool ok = words_check_flags(words, flags, diag);

    names.count = 0;
    while (names.count < words->count && !is_change(words->items[names.count]))
        names.count++;
    c->overwrite = words_has(words, "overwrite");
    c->count = words->count - names.count;
    c->changes =
        intern_alloc(loader->intern, (c->count + 1) * sizeof(struct change));
    if (!words_objects(loader, &names, 1, -1, 1U << OBJECT_NODE, &c->nodes,
                       diag))
        return NULL;
    if (c->count == 0) {
        diag_error(diag, words->place,
                   "'kubectl label' needs at least one label, as KEY=VALUE or "
                   "KEY-");
        return NULL;
    }
    for (size_t i = 0; i < c->count; i++)
        ok = read_change(loader, words, words->items[names.count + i],
                         &c->changes[i], diag) &&
             ok;
    return ok ? c : NULL;
}

/* Puts a label in place, keys rising; or takes it away. */
static void change_label(struct label *items, size_t *count,
                         const struct change *change)
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

static bool may_change(const struct labels *labels, const struct command *c)
{
    for (size_t i = 0; i < c->count && !c->overwrite; i++) {
        const char *old = labels_get(labels, c->changes[i].key);

        if (c->changes[i].value && old && strcmp(old, c->changes[i].value) != 0)
            return false;
    }
    return true;
}

static void label(void *self, uint32_t id)
{
    const struct doing *d = self;
    const struct command *c = d->command;
    struct world *w = d->s->world;
    struct node *node = world_node(w, id);
    struct labels labels = node->spec->labels;
    struct label *items;

    if (!may_change(&labels, c)) {
        world_event(w, true, "LabelRefused", node->spec->name,
                    "already has a value, and --overwrite is false");
        return;
    }
    items = mem_calloc(labels.count + c->count + 1, sizeof *items);
    memcpy(items, labels.items, labels.count * sizeof *items);
    for (size_t i = 0; i < c->count; i++)
        change_label(items, &labels.count, &c->changes[i]);
    labels.items = items;
    node->origin = d->origin;
    world_node_set_labels(w, id, &labels);
    free(items);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->nodes, label, &doing);
}

const struct kubectl_verb kubectl_label = {
    .name = "label",
    .summary = "nodes NAME KEY=VALUE (KEY- removes) [--overwrite]",
    .parse = parse,
    .run = run,
};
