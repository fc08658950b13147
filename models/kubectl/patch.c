/*
 * kubectl patch deployment web -p '{"spec":{"replicas":3}}'
 * [--type strategic|merge|json]: the manifest with the patch in it is read
 * anew; what the patch changes is changed.
 */
#include <string.h>

#include "models/kubectl/merge.h"
#include "models/kubectl/template.h"

struct command {
    struct kubectl_objects objects;
    struct object_list after; /* the object, patched */
    const struct pod_template *before;
    bool replicas, paused, suspend; /* the patch names them */
    int unschedulable;              /* of a node: -1: not named */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const char *const kinds[] = {[OBJECT_DEPLOYMENT] = "Deployment",
                                    [OBJECT_REPLICASET] = "ReplicaSet",
                                    [OBJECT_STATEFULSET] = "StatefulSet",
                                    [OBJECT_DAEMONSET] = "DaemonSet",
                                    [OBJECT_JOB] = "Job",
                                    [OBJECT_POD] = "Pod",
                                    [OBJECT_SERVICE] = "Service",
                                    [OBJECT_NODE] = "Node"};

/* --- the manifest --- */

static struct doc_node *find_in(struct doc_node *root, const char *kind,
                                const char *space, const char *name)
{
    struct doc_node *metadata = doc_get(root, "metadata");
    struct doc_node *items = doc_get(root, "items");
    const char *k = doc_text(root, "kind"), *n = doc_text(metadata, "name");
    const char *s = doc_text(metadata, "namespace");

    if (k && n && strcmp(k, kind) == 0 && strcmp(n, name) == 0 &&
        strcmp(s ? s : "default", space) == 0)
        return root;
    for (items = items ? items->first : NULL; items; items = items->next) {
        struct doc_node *found = find_in(items, kind, space, name);

        if (found)
            return found;
    }
    return NULL;
}

/* What `kubectl create deployment` made has no manifest: one like it. */
static struct doc_node *
make_doc(struct loader *l, const struct deployment_spec *d, struct place place)
{
    struct doc_node *root = doc_new_mapping(l->docs, place);
    const char *app = d->meta.name;
    const struct container *c = &d->template.containers[0];
    const char *text = intern_printf(
        l->intern,
        "{replicas: %d, selector: {matchLabels: {app: '%s'}}, template: "
        "{metadata: {labels: {app: '%s'}}, spec: {containers: [{name: '%s', "
        "image: '%s'}]}}}",
        d->replicas, app, app, c->name, c->image);
    bool ok =
        doc_set_path(l->docs, root, "apiVersion", "apps/v1", place, l->diag) &&
        doc_set_path(l->docs, root, "kind", "Deployment", place, l->diag) &&
        doc_set_path(l->docs, root, "metadata.name",
                     intern_printf(l->intern, "'%s'", app), place, l->diag) &&
        doc_set_path(l->docs, root, "metadata.namespace",
                     intern_printf(l->intern, "'%s'", d->meta.space), place,
                     l->diag) &&
        doc_set_path(l->docs, root, "spec", text, place, l->diag);

    return ok ? root : NULL;
}

/* As the last patch left it, or as it was read. */
static struct doc_node *find_doc(struct loader *l, enum object_kind kind,
                                 const char *space, const char *name,
                                 struct place place)
{
    struct doc_node *found = NULL;

    for (size_t i = l->patched.count; i-- > 0 && !found;)
        found = find_in(l->patched.items[i], kinds[kind], space, name);
    for (size_t i = doc_count(l->docs); i-- > 0 && !found;)
        found = find_in(doc_root(l->docs, i), kinds[kind], space, name);
    if (!found && kind == OBJECT_DEPLOYMENT)
        found = make_doc(l, loader_deployment(l, space, name), place);
    return found;
}

/* --- the patch --- */

static void move(struct doc_node *node, struct place place)
{
    node->place = node->key_place = place;
    for (struct doc_node *child = node->first; child; child = child->next)
        move(child, place);
}

/* Its messages name the place of the command. */
static struct doc_node *read_patch(struct loader *l, struct doc_set *set,
                                   const struct kubectl_words *words,
                                   struct diag *diag)
{
    const char *text = words_flag(words, "patch");
    struct diag *scratch = diag_new();
    bool ok;

    if (!text || !*text) {
        diag_error(diag, words->place, "'kubectl patch' needs -p PATCH");
        diag_free(scratch);
        return NULL;
    }
    ok = doc_read_text(set, "patch", text, scratch) && doc_count(set) == 1;
    diag_free(scratch);
    if (!ok) {
        diag_error(diag, words->place, "the patch is neither JSON nor YAML");
        diag_hint(diag, "quote it: -p '{\"spec\": {\"replicas\": 3}}'");
        return NULL;
    }
    (void)l;
    move(doc_root(set, 0), words->place);
    return doc_root(set, 0);
}

static bool apply_patch(struct loader *l, struct doc_node *target,
                        struct doc_node *patch,
                        const struct kubectl_words *words, struct diag *diag)
{
    static const char *const types[] = {"strategic", "merge", "json", NULL};
    const char *type = words_flag(words, "type");
    int i = 0;

    for (; type && types[i] && strcmp(types[i], type) != 0; i++)
        ;
    if (!types[i]) {
        diag_error(diag, words->place, "bad value '%.60s' for --type", type);
        diag_suggest(diag, type, types);
        return false;
    }
    if (patch->kind != (i == 2 ? DOC_SEQUENCE : DOC_MAPPING)) {
        diag_error(diag, words->place, "a patch of type %s is a %s", types[i],
                   i == 2 ? "list" : "mapping");
        return false;
    }
    if (i == 2)
        return merge_json_patch(l->docs, target, patch, words->place, diag);
    merge_patch(l->docs, target, patch, i == 0);
    return true;
}

static bool names(struct doc_node *patch, const char *key)
{
    if (patch->kind == DOC_MAPPING)
        return doc_path(patch, "spec", key, NULL) != NULL;
    for (struct doc_node *op = patch->first; op; op = op->next) {
        const char *path = doc_text(op, "path");

        if (path && strncmp(path, "/spec/", 6) == 0 &&
            strcmp(path + 6, key) == 0)
            return true;
    }
    return false;
}

/* A list of one. */
static const struct pod_template *only_template(const struct object_list *o)
{
    if (o->deployments.count > 0)
        return &o->deployments.items[0]->template;
    if (o->statefulsets.count > 0)
        return &o->statefulsets.items[0]->template;
    return o->daemonsets.count > 0 ? &o->daemonsets.items[0]->template : NULL;
}

/* What it was before, without telling again what there is to tell of it. */
static const struct pod_template *read_before(struct loader *l,
                                              struct doc_node *doc)
{
    struct diag *kept = l->diag;
    struct object_list list = {0};
    const struct pod_template *template;

    l->diag = diag_new();
    manifest_read(l, doc, &list);
    diag_free(l->diag);
    l->diag = kept;
    template = only_template(&list);
    object_list_release(&list);
    return template;
}

static bool patch_object(struct loader *l, struct command *c,
                         struct doc_node *patch,
                         const struct kubectl_words *words, struct diag *diag)
{
    const struct kubectl_objects *o = &c->objects;
    struct doc_node *doc =
        find_doc(l, o->kind, o->space, o->names[0], words->place);
    struct doc_node *after;

    if (!doc) {
        diag_error(diag, words->place, "%s '%s' cannot be patched here",
                   words_kind(o->kind), o->names[0]);
        return false;
    }
    after = doc_copy(l->docs, doc);
    c->before = read_before(l, doc);
    c->replicas = names(patch, "replicas");
    c->paused = names(patch, "paused");
    c->suspend = names(patch, "suspend");
    if (!apply_patch(l, after, patch, words, diag) ||
        !manifest_read(l, after, &c->after))
        return false;
    VEC_PUSH(l->patched, after);
    kubectl_keep_list(l, &c->after);
    return true;
}

static bool patch_node(struct command *c, struct doc_node *patch,
                       const struct kubectl_words *words, struct diag *diag)
{
    const char *text = doc_text(doc_get(patch, "spec"), "unschedulable");

    if (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        c->unschedulable = strcmp(text, "true") == 0;
        return true;
    }
    diag_error(diag, words->place,
               "of a node only 'spec.unschedulable' can be patched here");
    diag_hint(diag, "use kubectl taint, label, cordon");
    return false;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"patch", "type", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    struct doc_set *set = doc_set_new();
    struct doc_node *patch;
    bool ok = words_check_flags(words, flags, diag);

    memset(c, 0, sizeof *c);
    ok = words_objects(loader, words, 1, -1,
                       KUBECTL_ROLLS | 1U << OBJECT_REPLICASET |
                           1U << OBJECT_JOB | 1U << OBJECT_NODE,
                       &c->objects, diag) &&
         ok;
    if (ok && c->objects.count != 1) {
        diag_error(diag, words->place, "'kubectl patch' takes one name");
        ok = false;
    }
    patch = ok ? read_patch(loader, set, words, diag) : NULL;
    ok = patch && (c->objects.kind == OBJECT_NODE
                       ? patch_node(c, patch, words, diag)
                       : patch_object(loader, c, patch, words, diag));
    doc_set_free(set);
    return ok ? c : NULL;
}

/* --- when it runs --- */

/* Images that the patch leaves stay as `set image` made them. */
static const struct pod_template *
patched_template(struct world *w, const struct command *c,
                 const struct pod_template *now)
{
    const struct pod_template *before = c->before;
    struct pod_template *t = world_template_copy(w, only_template(&c->after));

    for (size_t i = 0; i < t->container_count; i++) {
        const char *name = t->containers[i].name;
        const char *old = kubectl_image(before, name);
        const char *present = kubectl_image(now, name);

        if (old && present && strcmp(old, t->containers[i].image) == 0)
            kubectl_change_image(t, i, present);
    }
    return t;
}

static void change_template(struct world *w, const struct doing *d, uint32_t id)
{
    const struct command *c = d->command;
    const struct pod_template *after = only_template(&c->after);

    if (after->hash != c->before->hash)
        kubectl_set_template(
            w, c->objects.kind, id,
            patched_template(w, c, kubectl_template(w, c->objects.kind, id)),
            d->origin);
}

static void change_deployment(struct world *w, const struct doing *d,
                              uint32_t id)
{
    const struct deployment_spec *spec = d->command->after.deployments.items[0];

    world_deployment_set_spec(w, id, spec, d->origin);
    change_template(w, d, id);
    if (d->command->replicas)
        world_deployment_scale(w, id, spec->replicas, d->origin);
    if (d->command->paused)
        world_deployment_pause(w, id, spec->paused, d->origin);
}

static void change_statefulset(struct world *w, const struct doing *d,
                               uint32_t id)
{
    const struct statefulset_spec *spec =
        d->command->after.statefulsets.items[0];

    world_statefulset_set_spec(w, id, spec, d->origin);
    change_template(w, d, id);
    if (d->command->replicas)
        world_statefulset_scale(w, id, spec->replicas, d->origin);
}

static void patch_one(void *self, uint32_t id)
{
    const struct doing *d = self;
    const struct command *c = d->command;
    struct world *w = d->s->world;

    switch (c->objects.kind) {
    case OBJECT_DEPLOYMENT:
        change_deployment(w, d, id);
        break;
    case OBJECT_STATEFULSET:
        change_statefulset(w, d, id);
        break;
    case OBJECT_DAEMONSET:
        world_daemonset_set_spec(w, id, c->after.daemonsets.items[0],
                                 d->origin);
        change_template(w, d, id);
        break;
    case OBJECT_REPLICASET:
        if (c->replicas)
            world_replicaset_scale(
                w, id, c->after.replicasets.items[0]->replicas, d->origin);
        break;
    case OBJECT_JOB:
        if (c->suspend)
            world_job_suspend(w, id, c->after.jobs.items[0]->suspend,
                              d->origin);
        break;
    default:
        world_node_set_unschedulable(w, id, c->unschedulable);
    }
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->objects, patch_one, &doing);
}

const struct kubectl_verb kubectl_patch = {
    .name = "patch",
    .summary = "TYPE NAME -p PATCH [--type=strategic|merge|json]",
    .parse = parse,
    .run = run,
};
