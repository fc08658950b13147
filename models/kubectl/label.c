/* kubectl label TYPE NAME... KEY=VALUE (KEY- takes away) [--overwrite]
 * (kubectl pkg/cmd/label). Other labels of a pod take it out of Services and
 * controllers, or into them. */
#include <string.h>

#include "models/kubectl/changes.h"
#include "models/select.h"

struct command {
    struct kubectl_changes changes;
    const struct kubectl_pair *pairs;
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    struct command *c = intern_alloc(loader->intern, sizeof *c);

    if (!changes_parse(loader, words, ~0U, "label", "KEY=VALUE", &c->changes,
                       diag))
        return NULL;
    c->pairs = changes_pairs(loader, words, &c->changes, true, diag);
    return c->pairs ? c : NULL;
}

/* The label that would be overwritten; NULL: none, or that is wanted. */
static const struct kubectl_pair *refused(const struct labels *labels,
                                          const struct command *c)
{
    for (size_t i = 0; i < c->changes.count && !c->changes.overwrite; i++) {
        const char *old = labels_get(labels, c->pairs[i].key);

        if (c->pairs[i].value && old && strcmp(old, c->pairs[i].value) != 0)
            return &c->pairs[i];
    }
    return NULL;
}

static void label(void *self, uint32_t id)
{
    const struct doing *d = self;
    const struct command *c = d->command;
    const struct world *w = d->s->world;
    enum object_kind kind = c->changes.objects.kind;
    const struct labels *labels = kubectl_labels(w, kind, id);
    const struct kubectl_pair *old = refused(labels, c);

    if (old) {
        world_event(d->s->world, true, "LabelRefused",
                    kubectl_name(w, kind, id),
                    "'%s' already has a value (%s), and --overwrite is false",
                    old->key, labels_get(labels, old->key));
        return;
    }
    changes_set_labels(d->s, kind, id, c->pairs, c->changes.count, d->origin);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->changes.objects, label, &doing);
}

const struct kubectl_verb kubectl_label = {
    .name = "label",
    .summary = "TYPE NAME KEY=VALUE (KEY- takes away) [--overwrite]",
    .parse = parse,
    .run = run,
};
