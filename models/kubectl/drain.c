/* kubectl drain NODE... --ignore-daemonsets: cordons, then evicts every pod
 * on it. Pods without an owner stop it, unless --force is given (kubectl
 * pkg/drain/filters.go). */
#include "models/kubectl/words.h"

struct command {
    struct kubectl_objects nodes;
    bool force;
    sim_time grace; /* < 0: each pod's own */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"ignore-daemonsets",
                                        "delete-emptydir-data",
                                        "force",
                                        "grace-period",
                                        "timeout",
                                        "disable-eviction",
                                        "l",
                                        "selector",
                                        NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    int64_t grace = -1;
    bool ok = words_check_flags(words, flags, diag);

    ok = words_int(words, "grace-period", false, -1, &grace, diag) && ok;
    ok = words_objects(loader, words, 1, OBJECT_NODE, 1U << OBJECT_NODE,
                       &c->nodes, diag) &&
         ok;
    c->force = words_has(words, "force");
    c->grace = grace < 0 ? -1 : grace * SIM_S;
    return ok ? c : NULL;
}

static bool has_bare_pod(const struct world *w, const struct node *node)
{
    for (size_t i = 0; i < node->pods.count; i++) {
        if (world_pod(w, node->pods.items[i])->owner_kind == OWNER_NONE)
            return true;
    }
    return false;
}

static void drain(void *self, uint32_t id)
{
    struct doing *d = self;
    struct world *w = d->s->world;
    struct node *node = world_node(w, id);

    world_node_set_unschedulable(w, id, true);
    node->origin = d->origin;
    if (!d->command->force && has_bare_pod(w, node)) {
        world_event(w, true, "DrainRefused", node->spec->name,
                    "cannot delete pods that declare no controller (use "
                    "--force to override)");
        return;
    }
    for (size_t i = node->pods.count; i-- > 0;) {
        const struct pod *pod = world_pod(w, node->pods.items[i]);

        if (pod->deletion == SIM_NEVER)
            world_pod_delete(w, pod->id, d->command->grace, "Evicted",
                             d->origin);
    }
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->nodes, drain, &doing);
}

const struct kubectl_verb kubectl_drain = {
    .name = "drain",
    .summary = "NODE --ignore-daemonsets: cordon, then evict its pods",
    .parse = parse,
    .run = run,
};
