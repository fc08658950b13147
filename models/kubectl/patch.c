/*
 * kubectl patch deployment web -p '{"spec":{"replicas":3}}'
 * [--type strategic|merge|json]: the manifest with the patch in it is read
 * anew; what the patch changes is changed. Nodes and pods: patch_live.h.
 */
#include <string.h>

#include "models/kubectl/manifest_doc.h"
#include "models/kubectl/merge.h"
#include "models/kubectl/patch_live.h"
#include "models/kubectl/template.h"

struct command {
    struct kubectl_objects objects;
    struct object_list after; /* the object, patched */
    const struct pod_template *before;
    bool replicas, paused, suspend; /* the patch names them */
    const struct patch_live *live;  /* of a node or pod; else NULL */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

/* --- the patch --- */

static void move(struct doc_node *node, struct place place)
{
    node->place = node->key_place = place;
    for (struct doc_node *child = node->first; child; child = child->next)
        move(child, place);
}

/* Its messages name the place of the command. */
static struct doc_node *read_patch(struct doc_set *set,
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
    move(doc_root(set, 0), words->place);
    return doc_root(set, 0);
}

enum patch_type { PATCH_STRATEGIC, PATCH_MERGE, PATCH_JSON };

static bool read_type(const struct kubectl_words *words,
                      const struct doc_node *patch, enum patch_type *out,
                      struct diag *diag)
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
    *out = (enum patch_type)i;
    if (patch->kind == (i == PATCH_JSON ? DOC_SEQUENCE : DOC_MAPPING))
        return true;
    diag_error(diag, words->place, "a patch of type %s is a %s", types[i],
               i == PATCH_JSON ? "list" : "mapping");
    return false;
}

static bool apply_patch(struct loader *l, struct doc_node *target,
                        enum patch_type type, struct doc_node *patch,
                        const struct kubectl_words *words, struct diag *diag)
{
    if (type == PATCH_JSON)
        return merge_json_patch(l->docs, target, patch, words->place, diag);
    merge_patch(l->docs, target, patch, type == PATCH_STRATEGIC);
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
                         enum patch_type type, struct doc_node *patch,
                         const struct kubectl_words *words, struct diag *diag)
{
    const struct kubectl_objects *o = &c->objects;
    struct doc_node *doc =
        manifest_doc(l, o->kind, o->space, o->names[0], words->place);
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
    if (!apply_patch(l, after, type, patch, words, diag) ||
        !manifest_read(l, after, &c->after))
        return false;
    VEC_PUSH(l->patched, after);
    kubectl_keep_list(l, &c->after);
    return true;
}

static bool read_command(struct loader *l, struct command *c,
                         const struct kubectl_words *words, struct doc_set *set,
                         struct diag *diag)
{
    enum object_kind kind = c->objects.kind;
    struct doc_node *patch = read_patch(set, words, diag);
    enum patch_type type;

    if (!patch || !read_type(words, patch, &type, diag))
        return false;
    if (kind != OBJECT_NODE && kind != OBJECT_POD)
        return patch_object(l, c, type, patch, words, diag);
    c->live = patch_live_read(l, words, kind, type == PATCH_JSON, patch, diag);
    return c->live != NULL;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"patch", "type", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    struct doc_set *set = doc_set_new();
    bool ok = words_check_flags(words, flags, diag);

    memset(c, 0, sizeof *c);
    ok = words_objects(loader, words, 1, -1, ~0U, &c->objects, diag) && ok;
    if (ok && c->objects.count != 1) {
        diag_error(diag, words->place, "'kubectl patch' takes one name");
        ok = false;
    }
    ok = ok && read_command(loader, c, words, set, diag);
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
        world_job_set_spec(w, id, c->after.jobs.items[0], d->origin);
        if (c->suspend)
            world_job_suspend(w, id, c->after.jobs.items[0]->suspend,
                              d->origin);
        break;
    case OBJECT_SERVICE:
        world_service_update(w, id, c->after.services.items[0], d->origin);
        break;
    case OBJECT_HPA:
        world_hpa_set_spec(w, id, c->after.hpas.items[0]);
        break;
    case OBJECT_PDB:
        world_pdb_set_spec(w, id, c->after.pdbs.items[0]);
        break;
    case OBJECT_NODE:
    case OBJECT_POD:
        patch_live_run(d->s, c->live, id, d->origin);
        break;
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
