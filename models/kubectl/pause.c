#include "models/kubectl/pause.h"

struct doing {
    struct simulation *s;
    incident_id origin;
    bool paused;
};

const void *pause_parse(struct loader *loader,
                        const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"selector", NULL};
    struct kubectl_objects *o = intern_alloc(loader->intern, sizeof *o);
    bool ok = words_check_flags(words, flags, diag);

    ok =
        words_objects(loader, words, 2, -1, 1U << OBJECT_DEPLOYMENT, o, diag) &&
        ok;
    return ok ? o : NULL;
}

static void pause_one(void *self, uint32_t id)
{
    const struct doing *d = self;

    world_deployment_pause(d->s->world, id, d->paused, d->origin);
}

void pause_run(struct simulation *s, const void *command, incident_id origin,
               bool paused)
{
    struct doing doing = {s, origin, paused};

    objects_each(s->world, command, pause_one, &doing);
}
