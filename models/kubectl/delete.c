/* kubectl delete TYPE NAME..., -l or --all. What a Deployment or ReplicaSet
 * owns goes with it, as the garbage collector does in the background. */
#include "models/kubectl/words.h"

struct command {
    struct kubectl_objects objects;
    sim_time grace; /* of pods; < 0: their own */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"grace-period", "force", "now", "l",
                                        "selector",     "all",   NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    int64_t grace = -1;
    bool ok = words_check_flags(words, flags, diag);

    ok = words_int(words, "grace-period", false, -1, &grace, diag) && ok;
    ok = words_objects(loader, words, 1, -1, ~0U, &c->objects, diag) && ok;
    if (words_has(words, "now"))
        grace = 1; /* kubectl: the same as --grace-period=1 */
    if (words_has(words, "force") && grace < 0)
        grace = 0;
    c->grace = grace < 0 ? -1 : grace * SIM_S;
    return ok ? c : NULL;
}

static void delete_pod(struct doing *d, pod_id id, sim_time grace)
{
    world_pod_delete(d->s->world, id, grace, "Deleted", d->origin);
}

static void delete_replicaset(struct doing *d, replicaset_id id)
{
    struct replicaset *rs = d->s->world->replicasets.items[id];

    world_replicaset_delete(d->s->world, id, d->origin);
    for (size_t i = rs->pods.count; i-- > 0;)
        delete_pod(d, rs->pods.items[i], -1);
}

static void delete_deployment(struct doing *d, deployment_id id)
{
    struct deployment *x = d->s->world->deployments.items[id];

    world_deployment_delete(d->s->world, id, d->origin);
    while (x->replicasets.count > 0)
        delete_replicaset(d, x->replicasets.items[0]);
}

static void delete_owner(struct doing *d, enum owner_kind kind, uint32_t id)
{
    struct owner *owner = world_owner(d->s->world, kind, id);

    world_owner_delete(d->s->world, kind, id, d->origin);
    for (size_t i = owner->pods.count; i-- > 0;)
        delete_pod(d, owner->pods.items[i], -1);
}

static void delete_one(void *self, uint32_t id)
{
    struct doing *d = self;

    switch (d->command->objects.kind) {
    case OBJECT_DEPLOYMENT:
        delete_deployment(d, id);
        break;
    case OBJECT_REPLICASET:
        delete_replicaset(d, id);
        break;
    case OBJECT_STATEFULSET:
        delete_owner(d, OWNER_STATEFULSET, id);
        break;
    case OBJECT_DAEMONSET:
        delete_owner(d, OWNER_DAEMONSET, id);
        break;
    case OBJECT_JOB:
        delete_owner(d, OWNER_JOB, id);
        break;
    case OBJECT_POD:
        delete_pod(d, id, d->command->grace);
        break;
    case OBJECT_SERVICE:
        world_service_delete(d->s->world, id);
        break;
    case OBJECT_NODE:
        world_node_delete(d->s->world, id, d->origin);
        break;
    }
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->objects, delete_one, &doing);
}

const struct kubectl_verb kubectl_delete = {
    .name = "delete",
    .summary = "TYPE NAME, -l or --all [--grace-period=S] [--force]",
    .parse = parse,
    .run = run,
};
