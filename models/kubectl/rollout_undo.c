/* kubectl rollout undo deployment/web [--to-revision=N]: an earlier template
 * again (kubectl pkg/polymorphichelpers/rollback.go). */
#include "models/kubectl/template.h"

struct command {
    struct kubectl_objects objects;
    int64_t revision; /* 0: the one before */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"to-revision", "selector", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    bool ok = words_check_flags(words, flags, diag);

    c->revision = 0;
    ok = words_int(words, "to-revision", false, 0, &c->revision, diag) && ok;
    ok =
        words_objects(loader, words, 2, -1, KUBECTL_ROLLS, &c->objects, diag) &&
        ok;
    return ok ? c : NULL;
}

/* Of all revisions: that number, or the highest but one. */
struct search {
    int64_t wanted, highest, second;
    const struct pod_template *found, *newest, *before;
};

static void look(struct search *s, int64_t number,
                 const struct pod_template *template)
{
    if (number == s->wanted)
        s->found = template;
    if (number > s->highest) {
        s->second = s->highest;
        s->before = s->newest;
        s->highest = number;
        s->newest = template;
    } else if (number > s->second) {
        s->second = number;
        s->before = template;
    }
}

static void search_deployment(const struct world *w, deployment_id id,
                              struct search *s)
{
    const struct deployment *d = w->deployments.items[id];

    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            w->replicasets.items[d->replicasets.items[i]];

        look(s, rs->revision, rs->template);
    }
}

static void search(const struct world *w, enum object_kind kind, uint32_t id,
                   struct search *s)
{
    if (kind == OBJECT_DEPLOYMENT) {
        search_deployment(w, id, s);
    } else if (kind == OBJECT_STATEFULSET) {
        const struct statefulset *set = w->statefulsets.items[id];

        for (size_t i = 0; i < set->revisions.count; i++)
            look(s, set->revisions.items[i].number,
                 set->revisions.items[i].template);
    } else {
        const struct daemonset *ds = w->daemonsets.items[id];

        for (size_t i = 0; i < ds->revisions.count; i++)
            look(s, ds->revisions.items[i].number,
                 ds->revisions.items[i].template);
    }
}

static void refuse(struct world *w, const struct doing *d, uint32_t id,
                   const char *why)
{
    char object[300];

    snprintf(object, sizeof object, "%s/%s",
             words_kind(d->command->objects.kind),
             kubectl_name(w, d->command->objects.kind, id));
    world_event(w, true, "RollbackRefused", object, "%s", why);
}

static void undo(void *self, uint32_t id)
{
    const struct doing *d = self;
    struct world *w = d->s->world;
    enum object_kind kind = d->command->objects.kind;
    struct search s = {.wanted = d->command->revision};
    const struct pod_template *to;

    search(w, kind, id, &s);
    to = d->command->revision > 0 ? s.found : s.before;
    if (kind == OBJECT_DEPLOYMENT && w->deployments.items[id]->paused)
        refuse(w, d, id,
               "cannot roll back a paused deployment: resume it "
               "first");
    else if (!to)
        refuse(w, d, id,
               d->command->revision > 0
                   ? "unable to find the specified revision in history"
                   : "no rollout history found");
    else if (to->hash == kubectl_template(w, kind, id)->hash)
        refuse(w, d, id, "the current template already matches");
    else
        kubectl_set_template(w, kind, id, to, d->origin);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->objects, undo, &doing);
}

const struct kubectl_verb kubectl_rollout_undo = {
    .name = "rollout undo",
    .summary = "deployment, statefulset or daemonset/NAME [--to-revision=N]: "
               "an earlier template again",
    .parse = parse,
    .run = run,
};
