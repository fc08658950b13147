/* kubectl set image deployment/web app=web:2 (or *=web:2) */
#include <string.h>

#include "models/kubectl/template.h"

struct change {
    const char *container, *image; /* container "*": every one */
};

struct command {
    struct kubectl_objects objects;
    size_t count;
    struct change *changes;
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static bool has_container(const struct pod_template *t, const char *name)
{
    for (size_t i = 0; i < t->container_count; i++) {
        if (strcmp(t->containers[i].name, name) == 0)
            return true;
    }
    return strcmp(name, "*") == 0;
}

/* CONTAINER=IMAGE; the container must be in every object named. */
static bool read_change(struct loader *l, const struct kubectl_words *words,
                        const char *word, struct command *c, struct diag *diag)
{
    const char *equals = strchr(word, '=');
    struct change *change = &c->changes[c->count++];

    change->container =
        intern_printf(l->intern, "%.*s", (int)(equals - word), word);
    change->image = intern(l->intern, equals + 1);
    if (!change->image[0]) {
        diag_error(diag, words->place, "no image in '%s'", word);
        return false;
    }
    for (size_t i = 0; i < c->objects.count; i++) {
        const struct pod_template *t = kubectl_loaded_template(
            l, c->objects.kind, c->objects.space, c->objects.names[i]);

        if (t && !has_container(t, change->container)) {
            diag_error(diag, words->place, "%s '%s' has no container '%s'",
                       words_kind(c->objects.kind), c->objects.names[i],
                       change->container);
            return false;
        }
    }
    return true;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"selector", "all", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    struct kubectl_words names = *words; /* those before the first '=' */
    bool ok = words_check_flags(words, flags, diag);

    names.count = 0;
    while (names.count < words->count &&
           !strchr(words->items[names.count], '='))
        names.count++;
    c->changes =
        intern_alloc(loader->intern, (words->count + 1) * sizeof *c->changes);
    if (!words_objects(loader, &names, 2, -1, KUBECTL_ROLLS, &c->objects, diag))
        return NULL;
    if (names.count == words->count) {
        diag_error(diag, words->place,
                   "'kubectl set image' needs CONTAINER=IMAGE");
        return NULL;
    }
    for (size_t i = names.count; i < words->count; i++) {
        if (!strchr(words->items[i], '=')) {
            diag_error(diag, words->place, "expected CONTAINER=IMAGE, got '%s'",
                       words->items[i]);
            ok = false;
        } else {
            ok = read_change(loader, words, words->items[i], c, diag) && ok;
        }
    }
    return ok ? c : NULL;
}

static bool apply_change(struct pod_template *t, const struct change *change)
{
    bool any = false;

    for (size_t i = 0; i < t->container_count; i++) {
        if (strcmp(change->container, "*") == 0 ||
            strcmp(change->container, t->containers[i].name) == 0)
            any = kubectl_change_image(t, i, change->image) || any;
    }
    return any;
}

static void set_image(void *self, uint32_t id)
{
    struct doing *d = self;
    struct world *w = d->s->world;
    enum object_kind kind = d->command->objects.kind;
    struct pod_template *t =
        world_template_copy(w, kubectl_template(w, kind, id));
    bool any = false;

    for (size_t i = 0; i < d->command->count; i++)
        any = apply_change(t, &d->command->changes[i]) || any;
    if (any)
        kubectl_set_template(w, kind, id, t, d->origin);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->objects, set_image, &doing);
}

const struct kubectl_verb kubectl_set_image = {
    .name = "set image",
    .summary = "deployment, statefulset or daemonset/NAME CONTAINER=IMAGE: a "
               "rollout of another image",
    .parse = parse,
    .run = run,
};
