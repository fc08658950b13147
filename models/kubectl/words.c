#include "models/kubectl/words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/select.h"

/* Plural, singular, short: as `kubectl api-resources` has them. */
static const char *const kind_words[][3] = {
    [OBJECT_DEPLOYMENT] = {"deployments", "deployment", "deploy"},
    [OBJECT_REPLICASET] = {"replicasets", "replicaset", "rs"},
    [OBJECT_STATEFULSET] = {"statefulsets", "statefulset", "sts"},
    [OBJECT_DAEMONSET] = {"daemonsets", "daemonset", "ds"},
    [OBJECT_JOB] = {"jobs", "job", "job"},
    [OBJECT_POD] = {"pods", "pod", "po"},
    [OBJECT_SERVICE] = {"services", "service", "svc"},
    [OBJECT_NODE] = {"nodes", "node", "no"},
    [OBJECT_HPA] = {"horizontalpodautoscalers", "horizontalpodautoscaler",
                    "hpa"},
    [OBJECT_PDB] = {"poddisruptionbudgets", "poddisruptionbudget", "pdb"}};
enum { KINDS = sizeof kind_words / sizeof kind_words[0] };

const char *words_kind(enum object_kind kind)
{
    return kind_words[kind][1];
}

static int kind_of(const char *word, size_t length)
{
    for (int i = 0; i < KINDS; i++) {
        for (size_t k = 0; k < 3; k++) {
            /* "deployment.apps" is kubectl's long form */
            if (strlen(kind_words[i][k]) == length &&
                strncmp(kind_words[i][k], word, length) == 0)
                return i;
        }
    }
    return -1;
}

int words_kind_of(const char *word)
{
    return kind_of(word, strlen(word));
}

/* NAME-SUFFIX of one of the names: a pod that is made in the run. */
static bool begins_with_owner(struct loader *l, enum object_kind kind,
                              const char *space, const char *pod)
{
    const char *const *names = loader_names(l, words_kind(kind), space);

    for (size_t i = 0; names[i]; i++) {
        size_t length = strlen(names[i]);

        if (strncmp(pod, names[i], length) == 0 && pod[length] == '-' &&
            pod[length + 1])
            return true;
    }
    return false;
}

static bool pod_may_exist(struct loader *l, const char *space, const char *name)
{
    static const enum object_kind owners[] = {
        OBJECT_DEPLOYMENT, OBJECT_REPLICASET, OBJECT_STATEFULSET,
        OBJECT_DAEMONSET, OBJECT_JOB};

    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        if (begins_with_owner(l, owners[i], space, name))
            return true;
    }
    return loader_pod(l, space, name) != NULL;
}

static bool exists(struct loader *l, enum object_kind kind, const char *space,
                   const char *name)
{
    switch (kind) {
    case OBJECT_DEPLOYMENT:
        return loader_deployment(l, space, name) != NULL;
    case OBJECT_REPLICASET:
        return loader_replicaset(l, space, name) != NULL;
    case OBJECT_STATEFULSET:
        return loader_statefulset(l, space, name) != NULL;
    case OBJECT_DAEMONSET:
        return loader_daemonset(l, space, name) != NULL;
    case OBJECT_JOB:
        return loader_job(l, space, name) != NULL;
    case OBJECT_POD:
        return pod_may_exist(l, space, name);
    case OBJECT_SERVICE:
        return loader_service(l, space, name) != NULL;
    case OBJECT_HPA:
        return loader_hpa(l, space, name) != NULL;
    case OBJECT_PDB:
        return loader_pdb(l, space, name) != NULL;
    default:
        return loader_node(l, name);
    }
}

static bool must_exist(struct loader *l, const struct kubectl_words *words,
                       const struct kubectl_objects *o, const char *name,
                       struct diag *diag)
{
    const char *kind = words_kind(o->kind);

    if (exists(l, o->kind, o->space, name))
        return true;
    diag_error(diag, words->place, "no %s '%s'%s%s%s", kind, name,
               o->kind == OBJECT_NODE ? "" : " in namespace '",
               o->kind == OBJECT_NODE ? "" : o->space,
               o->kind == OBJECT_NODE ? "" : "'");
    if (o->kind == OBJECT_POD)
        diag_hint(diag, "names of owners' pods are made in the run: choose "
                        "them with -l, or as pods.csv has them");
    diag_suggest(diag, name, loader_names(l, kind, o->space));
    return false;
}

/* One positional word: NAME, or TYPE/NAME. */
static const char *name_of(struct loader *l, const struct kubectl_words *words,
                           const char *word, struct kubectl_objects *out,
                           struct diag *diag)
{
    const char *slash = strchr(word, '/');

    if (!slash)
        return intern(l->intern, word);
    if (kind_of(word, (size_t)(slash - word)) != (int)out->kind) {
        diag_error(diag, words->place, "'%s' is no %s", word,
                   words_kind(out->kind));
        return NULL;
    }
    return intern(l->intern, slash + 1);
}

/* A word that should be a type, or TYPE/NAME, and may be a name alone. */
static void unknown_kind(struct loader *l, const struct kubectl_words *words,
                         const char *word, unsigned kinds, struct diag *diag)
{
    const char *names[KINDS + 1];
    size_t count = 0;

    diag_error(diag, words->place, "there is no resource type '%.*s'",
               (int)strcspn(word, "/."), word);
    for (int i = 0; i < KINDS; i++) {
        if (!(kinds & 1U << i))
            continue;
        names[count++] = kind_words[i][1];
        if (i == OBJECT_POD || strchr(word, '/') ||
            !exists(l, (enum object_kind)i, words->space, word))
            continue;
        diag_hint(diag, "did you mean '%s/%s'?", kind_words[i][1], word);
        return;
    }
    names[count] = NULL;
    diag_suggest(diag, word, names);
}

static bool read_kind(struct loader *l, const struct kubectl_words *words,
                      size_t *from, int kind, unsigned kinds,
                      struct kubectl_objects *out, struct diag *diag)
{
    const char *word = *from < words->count ? words->items[*from] : NULL;

    if (kind < 0 && !word) {
        diag_error(diag, words->place, "'kubectl %s' needs an object",
                   words->items[0]);
        return false;
    }
    if (kind < 0) {
        size_t length = strcspn(word, "/.");

        kind = kind_of(word, length);
        if (word[strcspn(word, "/")] == '\0')
            ++*from;
    }
    if (kind < 0) {
        unknown_kind(l, words, word, kinds, diag);
        return false;
    }
    if (!(kinds & 1U << kind)) {
        diag_error(diag, words->place,
                   "'kubectl %s' cannot be used on '%s' here", words->items[0],
                   word ? word : "");
        return false;
    }
    out->kind = (enum object_kind)kind;
    return true;
}

static bool read_names(struct loader *l, const struct kubectl_words *words,
                       size_t from, struct kubectl_objects *out,
                       struct diag *diag)
{
    const char **names =
        intern_alloc(l->intern, (words->count + 1) * sizeof *names);
    bool ok = true;

    out->names = names;
    for (size_t i = from; i < words->count; i++) {
        const char *name = name_of(l, words, words->items[i], out, diag);

        if (!name || !must_exist(l, words, out, name, diag))
            ok = false;
        else
            names[out->count++] = name;
    }
    return ok;
}

bool words_objects(struct loader *l, const struct kubectl_words *words,
                   size_t from, int kind, unsigned kinds,
                   struct kubectl_objects *out, struct diag *diag)
{
    const char *selector = words_flag(words, "selector");

    *out = (struct kubectl_objects){.space = words->space};
    if (!read_kind(l, words, &from, kind, kinds, out, diag) ||
        !read_names(l, words, from, out, diag))
        return false;
    out->all = words_has(words, "all");
    if (selector) {
        out->by_selector = true;
        if (!loader_parse_selector(l, selector, words->place, &out->selector))
            return false;
    }
    if (out->count == 0 && !out->all && !selector) {
        diag_error(diag, words->place,
                   "'kubectl %s' needs a name or -l SELECTOR", words->items[0]);
        return false;
    }
    return true;
}

/* --- when it runs --- */

struct object {
    const char *name, *space;
    const struct labels *labels;
};

static size_t object_count(const struct world *w, enum object_kind kind)
{
    switch (kind) {
    case OBJECT_DEPLOYMENT:
        return w->deployments.count;
    case OBJECT_REPLICASET:
        return w->replicasets.count;
    case OBJECT_STATEFULSET:
        return w->statefulsets.count;
    case OBJECT_DAEMONSET:
        return w->daemonsets.count;
    case OBJECT_JOB:
        return w->jobs.count;
    case OBJECT_POD:
        return w->pods.count;
    case OBJECT_SERVICE:
        return w->services.count;
    case OBJECT_HPA:
        return w->hpas.count;
    case OBJECT_PDB:
        return w->pdbs.count;
    default:
        return w->nodes.count;
    }
}

/* The kind of owner of pods; OWNER_NONE: it is none. */
static enum owner_kind owner_kind(enum object_kind kind)
{
    static const enum owner_kind kinds[] = {
        [OBJECT_DEPLOYMENT] = OWNER_NONE,
        [OBJECT_REPLICASET] = OWNER_REPLICASET,
        [OBJECT_STATEFULSET] = OWNER_STATEFULSET,
        [OBJECT_DAEMONSET] = OWNER_DAEMONSET,
        [OBJECT_JOB] = OWNER_JOB,
        [OBJECT_POD] = OWNER_NONE,
        [OBJECT_SERVICE] = OWNER_NONE,
        [OBJECT_NODE] = OWNER_NONE,
        [OBJECT_HPA] = OWNER_NONE,
        [OBJECT_PDB] = OWNER_NONE};

    return kinds[kind];
}

static bool get_owner(const struct world *w, enum owner_kind kind, size_t i,
                      struct object *out)
{
    const struct owner *owner = world_owner(w, kind, (uint32_t)i);

    *out = (struct object){owner->name, owner->space, owner->labels};
    return !owner->deleted;
}

/* Kinds of which only the name is known here. */
static bool get_meta(struct object *out, const struct meta *meta, bool deleted)
{
    *out = (struct object){meta->name, meta->space, &meta->labels};
    return !deleted;
}

/* False: it is gone. */
static bool get_object(const struct world *w, enum object_kind kind, size_t i,
                       struct object *out)
{
    if (owner_kind(kind) != OWNER_NONE)
        return get_owner(w, owner_kind(kind), i, out);
    if (kind == OBJECT_DEPLOYMENT) {
        const struct deployment *d = w->deployments.items[i];

        return get_meta(out, &d->spec->meta, d->deleted);
    }
    if (kind == OBJECT_POD) {
        const struct pod *pod = world_pod(w, (pod_id)i);

        if (pod)
            *out = (struct object){pod->name, pod->space, pod->labels};
        return pod != NULL;
    }
    if (kind == OBJECT_SERVICE) {
        const struct service *s = w->services.items[i];

        return get_meta(out, &s->spec->meta, s->deleted != SIM_NEVER);
    }
    if (kind == OBJECT_HPA)
        return get_meta(out, &w->hpas.items[i]->spec->meta,
                        w->hpas.items[i]->deleted);
    if (kind == OBJECT_PDB)
        return get_meta(out, &w->pdbs.items[i]->spec->meta,
                        w->pdbs.items[i]->deleted);
    *out = (struct object){w->nodes.items[i]->spec->name, "",
                           &w->nodes.items[i]->spec->labels};
    return !w->nodes.items[i]->deleted;
}

const char *kubectl_name(const struct world *w, enum object_kind kind,
                         uint32_t id)
{
    struct object x;

    get_object(w, kind, id, &x);
    return x.name;
}

const struct labels *kubectl_labels(const struct world *w,
                                    enum object_kind kind, uint32_t id)
{
    struct object x;

    get_object(w, kind, id, &x);
    return x.labels;
}

static bool meant(const struct kubectl_objects *o, const struct object *x)
{
    if (o->kind != OBJECT_NODE && strcmp(x->space, o->space) != 0)
        return false;
    if (o->all)
        return true;
    if (o->by_selector)
        return selector_matches(&o->selector, x->labels);
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->names[i], x->name) == 0)
            return true;
    }
    return false;
}

/* As kubectl says it; names may have come and gone since they were read. */
static void tell_absent(struct world *w, const struct kubectl_objects *objects,
                        const bool *found)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (!found[i])
            world_event(w, true, "NotFound", objects->names[i],
                        "%s \"%s\" not found", kind_words[objects->kind][0],
                        objects->names[i]);
    }
}

static void mark_found(const struct kubectl_objects *objects, const char *name,
                       bool *found)
{
    for (size_t i = 0; i < objects->count; i++)
        found[i] |= strcmp(objects->names[i], name) == 0;
}

void objects_each(struct world *w, const struct kubectl_objects *objects,
                  void (*visit)(void *self, uint32_t id), void *self)
{
    size_t count = object_count(w, objects->kind);
    bool *found = mem_calloc(objects->count + 1, sizeof *found);
    struct object x;

    for (size_t i = 0; i < count; i++) {
        if (!get_object(w, objects->kind, i, &x) || !meant(objects, &x))
            continue;
        mark_found(objects, x.name, found);
        visit(self, (uint32_t)i);
    }
    tell_absent(w, objects, found);
    free(found);
}
