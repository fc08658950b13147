/* kubectl rollout restart deployment/web: a new annotation in the template,
 * so a new ReplicaSet. */
#include "models/kubectl/template.h"

struct doing {
    struct simulation *s;
    enum object_kind kind;
    incident_id origin;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"selector", "all", NULL};
    struct kubectl_objects *o = intern_alloc(loader->intern, sizeof *o);
    bool ok = words_check_flags(words, flags, diag);

    ok = words_objects(loader, words, 2, -1, KUBECTL_ROLLS, o, diag) && ok;
    return ok ? o : NULL;
}

static void restart(void *self, uint32_t id)
{
    struct doing *d = self;
    struct world *w = d->s->world;
    const struct pod_template *old = kubectl_template(w, d->kind, id);
    struct pod_template *new = world_template_copy(w, old);

    /* The annotation is the time: another one at every restart. */
    new->hash = rng_mix(old->hash, (uint64_t)sim_now(d->s->sim));
    kubectl_set_template(w, d->kind, id, new, d->origin);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    struct doing doing = {s, ((const struct kubectl_objects *)command)->kind,
                          origin};

    objects_each(s->world, command, restart, &doing);
}

const struct kubectl_verb kubectl_rollout_restart = {
    .name = "rollout restart",
    .summary =
        "deployment, statefulset or daemonset/NAME: replace all pods, by "
        "the strategy",
    .parse = parse,
    .run = run,
};
