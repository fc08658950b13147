/* kubectl scale deployment/web --replicas=6 */
#include "models/kubectl/words.h"

struct command {
    struct kubectl_objects objects;
    int64_t replicas;
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"replicas", "selector", "all", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    bool ok = words_check_flags(words, flags, diag);

    ok = words_int(words, "replicas", true, 0, &c->replicas, diag) && ok;
    ok = words_objects(loader, words, 1, -1,
                       1U << OBJECT_DEPLOYMENT | 1U << OBJECT_REPLICASET |
                           1U << OBJECT_STATEFULSET,
                       &c->objects, diag) &&
         ok;
    return ok ? c : NULL;
}

static void scale(void *self, uint32_t id)
{
    struct doing *d = self;
    int replicas = (int)d->command->replicas;

    if (d->command->objects.kind == OBJECT_DEPLOYMENT)
        world_deployment_scale(d->s->world, id, replicas, d->origin);
    else if (d->command->objects.kind == OBJECT_STATEFULSET)
        world_statefulset_scale(d->s->world, id, replicas, d->origin);
    else
        world_replicaset_scale(d->s->world, id, replicas, d->origin);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->objects, scale, &doing);
}

const struct kubectl_verb kubectl_scale = {
    .name = "scale",
    .summary = "deployment/NAME --replicas=N",
    .parse = parse,
    .run = run,
};
