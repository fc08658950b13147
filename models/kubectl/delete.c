/* kubectl delete TYPE[,TYPE] NAME..., TYPE/NAME..., -l or --all (kubectl
 * pkg/cmd/delete); the type `all` is most of them. What an
 * object owns goes with it, as the garbage collector does in the background,
 * or stays and is nobody's (--cascade=orphan). A namespace takes all that is
 * in it along. Nobody waits: --wait and --timeout say nothing here. */
#include <string.h>

#include "models/kubectl/words.h"

struct command {
    size_t space_count; /* namespaces; or: */
    const char *const *spaces;
    size_t count;
    struct kubectl_objects *objects; /* one for each type or name */
    bool orphan;
    sim_time grace; /* of pods; < 0: their own */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

/* --- words --- */

static bool read_cascade(const struct kubectl_words *words, bool *orphan,
                         struct diag *diag)
{
    static const char *const known[] = {"background", "foreground", "orphan",
                                        "true",       "false",      NULL};
    const char *text = words_flag(words, "cascade");
    size_t i = 0;

    if (!text || !*text)
        return true;
    while (known[i] && strcmp(known[i], text) != 0)
        i++;
    *orphan = i == 2 || i == 4;
    if (known[i])
        return true;
    diag_error(diag, words->place,
               "invalid cascade value (%.60s). Must be \"background\", "
               "\"foreground\", or \"orphan\"",
               text);
    return false;
}

/* As pkg/cmd/delete has it: a period of 0 needs --force, else it is 1. */
static bool read_grace(const struct kubectl_words *words, sim_time *out,
                       struct diag *diag)
{
    bool now = words_has(words, "now"), force = words_has(words, "force");
    int64_t grace = -1;
    bool ok = words_int(words, "grace-period", false, -1, &grace, diag);

    if (now && grace != -1) {
        diag_error(diag, words->place,
                   "--now and --grace-period cannot be specified together");
        ok = false;
    }
    if (force && grace > 0) {
        diag_error(diag, words->place,
                   "--force and --grace-period greater than 0 cannot be "
                   "specified together");
        ok = false;
    }
    if (force && grace < 0)
        grace = 0;
    if (now || (grace == 0 && !force))
        grace = 1;
    *out = grace < 0 ? -1 : grace * SIM_S;
    return ok;
}

/* Something is in it, or a Namespace of that name was given. */
static bool space_exists(struct loader *l, const char *space)
{
    static const enum object_kind kinds[] = {
        OBJECT_DEPLOYMENT, OBJECT_REPLICASET, OBJECT_STATEFULSET,
        OBJECT_DAEMONSET,  OBJECT_JOB,        OBJECT_POD,
        OBJECT_SERVICE,    OBJECT_HPA,        OBJECT_PDB};

    for (size_t i = 0; i < l->objects.namespaces.count; i++) {
        if (strcmp(l->objects.namespaces.items[i]->name, space) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (loader_names(l, words_kind(kinds[i]), space)[0])
            return true;
    }
    return false;
}

static bool read_spaces(struct loader *l, const struct kubectl_words *words,
                        struct command *c, struct diag *diag)
{
    bool ok = words->count > 2;

    if (!ok)
        diag_error(diag, words->place,
                   "'kubectl delete namespace' needs a "
                   "name");
    c->space_count = words->count - 2;
    c->spaces = words->items + 2;
    for (size_t i = 2; i < words->count; i++) {
        if (space_exists(l, words->items[i]))
            continue;
        diag_error(diag, words->place, "no namespace '%s'", words->items[i]);
        ok = false;
    }
    return ok;
}

static bool means_spaces(const struct kubectl_words *words)
{
    static const char *const names[] = {"ns", "namespace", "namespaces"};

    for (size_t i = 0; words->count > 1 && i < 3; i++) {
        if (strcmp(words->items[1], names[i]) == 0)
            return true;
    }
    return false;
}

/* "deploy,svc", "all": the types that the first word names, a text each. */
static const char *const *read_types(struct loader *l, const char *word)
{
    static const char *const all[] = {
        "deployments", "replicasets", "statefulsets", "daemonsets", "jobs",
        "services",    "hpa",         "pods",         NULL};
    const char **types, *at = word;
    size_t count = 0;

    if (strcmp(word, "all") == 0)
        return all;
    types = intern_alloc(l->intern, (strlen(word) + 2) * sizeof *types);
    for (;;) {
        size_t length = strcspn(at, ",");

        types[count++] = intern_printf(l->intern, "%.*s", (int)length, at);
        if (!at[length])
            break;
        at += length + 1;
    }
    types[count] = NULL;
    return types;
}

/* One list of objects for each type, or for each TYPE/NAME. */
static bool read_objects(struct loader *l, const struct kubectl_words *words,
                         struct command *c, struct diag *diag)
{
    const char *first = words->count > 1 ? words->items[1] : "";
    bool by_name = strchr(first, '/') != NULL, ok = true;
    const char *const *types =
        by_name ? words->items + 1 : read_types(l, first);
    size_t count = by_name ? words->count - 1 : 0;

    while (!by_name && types[count])
        count++;
    c->objects = intern_alloc(l->intern, count * sizeof *c->objects);
    for (size_t i = 0; i < count; i++) {
        struct kubectl_words one = *words;
        const char **items =
            intern_alloc(l->intern, (words->count + 1) * sizeof *items);

        memcpy(items, words->items, words->count * sizeof *items);
        items[1] = types[i];
        one.items = items;
        if (by_name)
            one.count = 2;
        ok =
            words_objects(l, &one, 1, -1, ~0U, &c->objects[c->count++], diag) &&
            ok;
    }
    return ok;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"grace-period", "force",   "now",
                                        "selector",     "all",     "wait",
                                        "cascade",      "timeout", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    sim_time timeout;
    bool ok = words_check_flags(words, flags, diag);

    memset(c, 0, sizeof *c);
    ok = read_cascade(words, &c->orphan, diag) && ok;
    ok = read_grace(words, &c->grace, diag) && ok;
    ok = words_duration(words, "timeout", &timeout, diag) && ok;
    ok = (means_spaces(words) ? read_spaces(loader, words, c, diag)
                              : read_objects(loader, words, c, diag)) &&
         ok;
    return ok ? c : NULL;
}

/* --- when it runs --- */

static void delete_pod(struct doing *d, pod_id id, sim_time grace)
{
    world_pod_delete(d->s->world, id, grace, "Deleted", d->origin);
}

static void delete_pods(struct doing *d, const struct owner *owner)
{
    for (size_t i = owner->pods.count; i-- > 0;) {
        if (d->command->orphan)
            world_pod_set_owner(d->s->world, owner->pods.items[i], OWNER_NONE,
                                NO_ID);
        else
            delete_pod(d, owner->pods.items[i], -1);
    }
}

/* Those that stay must be nobody's before the collector hears of it. */
static void delete_owner(struct doing *d, enum owner_kind kind, uint32_t id)
{
    struct world *w = d->s->world;
    const struct owner *owner = world_owner(w, kind, id);

    if (d->command->orphan)
        delete_pods(d, owner);
    if (kind == OWNER_REPLICASET)
        world_replicaset_delete(w, id, d->origin);
    else
        world_owner_delete(w, kind, id, d->origin);
    if (!d->command->orphan)
        delete_pods(d, owner);
}

static void delete_deployment(struct doing *d, deployment_id id)
{
    struct world *w = d->s->world;
    struct deployment *x = w->deployments.items[id];

    while (d->command->orphan && x->replicasets.count > 0)
        world_replicaset_orphan(w, x->replicasets.items[0]);
    world_deployment_delete(w, id, d->origin);
    while (x->replicasets.count > 0)
        delete_owner(d, OWNER_REPLICASET, x->replicasets.items[0]);
}

static void delete_object(struct doing *d, enum object_kind kind, uint32_t id)
{
    struct world *w = d->s->world;

    switch (kind) {
    case OBJECT_DEPLOYMENT:
        delete_deployment(d, id);
        break;
    case OBJECT_REPLICASET:
        delete_owner(d, OWNER_REPLICASET, id);
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
        world_service_delete(w, id);
        break;
    case OBJECT_NODE:
        world_node_delete(w, id, d->origin);
        break;
    case OBJECT_HPA:
        world_hpa_delete(w, id);
        break;
    case OBJECT_PDB:
        world_pdb_delete(w, id);
        break;
    }
}

struct deletion {
    struct doing *doing;
    enum object_kind kind;
};

static void delete_one(void *self, uint32_t id)
{
    const struct deletion *x = self;

    delete_object(x->doing, x->kind, id);
}

static void delete_all(struct doing *d, const struct kubectl_objects *objects)
{
    struct deletion deletion = {d, objects->kind};

    objects_each(d->s->world, objects, delete_one, &deletion);
}

/* Owners before their pods, so that nothing is made anew. */
static void empty_space(struct doing *d, const char *space)
{
    static const enum object_kind kinds[] = {
        OBJECT_HPA,        OBJECT_PDB,        OBJECT_SERVICE,
        OBJECT_DEPLOYMENT, OBJECT_REPLICASET, OBJECT_STATEFULSET,
        OBJECT_DAEMONSET,  OBJECT_JOB,        OBJECT_POD};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct kubectl_objects all = {
            .kind = kinds[i], .space = space, .all = true};

        delete_all(d, &all);
    }
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    for (size_t i = 0; i < c->count; i++)
        delete_all(&doing, &c->objects[i]);
    for (size_t i = 0; i < c->space_count; i++)
        empty_space(&doing, c->spaces[i]);
}

const struct kubectl_verb kubectl_delete = {
    .name = "delete",
    .summary = "TYPE NAME, -l or --all [--grace-period=S] [--force] [--now] "
               "[--cascade=orphan]",
    .parse = parse,
    .run = run,
};
