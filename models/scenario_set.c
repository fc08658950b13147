/*
 * --set PATH=VALUE and the options that are short for it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "models/scenario_internal.h"
#include "sim/io/units.h"

/* One --set: [OBJECT:]PATH=VALUE. */
struct setting {
    const char *object, *path, *value;
    struct place place;
};

/* The first of `sign` outside quotes and brackets. */
static const char *find_outside(const char *text, char sign)
{
    char quote = 0;
    int depth = 0;

    for (; *text; text++) {
        if (quote) {
            if (*text == quote)
                quote = 0;
        } else if (*text == '\'' || *text == '"') {
            quote = *text;
        } else if (*text == '[') {
            depth++;
        } else if (*text == ']') {
            depth--;
        } else if (*text == sign && depth == 0) {
            return text;
        }
    }
    return NULL;
}

/* Settings in order: those of --set, then the variant's. */
static size_t setting_count(const struct scenario_reader *r)
{
    return r->options->set_count + r->options->setting_count;
}

static bool take_apart(struct scenario_reader *r, size_t index,
                       struct setting *out)
{
    const struct scenario_options *o = r->options;
    struct intern *in = r->l.intern;
    const char *text, *equals, *colon;

    if (index < o->set_count) {
        text = o->sets[index];
        out->place =
            (struct place){.file = intern_printf(in, "--set %s", text)};
    } else {
        text = o->settings[index - o->set_count].text;
        out->place = o->settings[index - o->set_count].place;
        out->place.file = intern(in, out->place.file);
    }
    equals = find_outside(text, '=');
    if (!equals || equals == text) {
        diag_error(r->diag, out->place, "expected PATH=VALUE");
        return false;
    }
    out->path = intern_printf(in, "%.*s", (int)(equals - text), text);
    out->value = intern(in, equals + 1);
    out->object = NULL;
    colon = find_outside(out->path, ':');
    if (colon) {
        out->object =
            intern_printf(in, "%.*s", (int)(colon - out->path), out->path);
        out->path = intern(in, colon + 1);
    }
    return true;
}

/* ---- the Scenario's ---- */

/* An option that stands for a key of the spec. */
static bool set_option(struct scenario_reader *r, const char *option,
                       const char *path, const char *value)
{
    struct place place = {.file = intern_printf(r->l.intern, "%s %s", option,
                                                value ? value : "")};

    return !value ||
           doc_set_path(r->l.docs, r->root, path, value, place, r->diag);
}

/* strategy=p2c: each entry of loadBalancing; later each Service without. */
static bool set_strategy(struct scenario_reader *r, const struct setting *s)
{
    struct doc_node *list = doc_path(r->root, "spec", "loadBalancing", NULL);
    size_t count = list && list->kind == DOC_SEQUENCE ? list->count : 0, i;
    bool ok = true;

    for (i = 0; i < count; i++)
        ok &= doc_set_path(
            r->l.docs, r->root,
            intern_printf(r->l.intern, "spec.loadBalancing[%zu].strategy", i),
            s->value, s->place, r->diag);
    r->strategy = s->value;
    r->strategy_place = s->place;
    return ok;
}

static bool set_pre_stop(struct scenario_reader *r, const struct setting *s)
{
    if (units_duration(s->value, &r->pre_stop) && r->pre_stop >= 0)
        return true;
    diag_error(r->diag, s->place,
               "expected a duration for 'preStop', got "
               "'%.60s'",
               s->value);
    return false;
}

static bool set_scenario(struct scenario_reader *r, const struct setting *s)
{
    static const char *const roots[] = {"metadata", "spec", NULL};
    static const char *const words[] = {"strategy", "replicas", "preStop",
                                        NULL};
    const char *near;
    size_t length = strcspn(s->path, ".["), i;

    if (strcmp(s->path, "strategy") == 0)
        return set_strategy(r, s);
    if (strcmp(s->path, "preStop") == 0)
        return set_pre_stop(r, s);
    for (i = 0; roots[i]; i++)
        if (strlen(roots[i]) == length &&
            strncmp(roots[i], s->path, length) == 0)
            return doc_set_path(r->l.docs, r->root, s->path, s->value, s->place,
                                r->diag);
    diag_error(r->diag, s->place, "unknown path '%.200s'", s->path);
    near = diag_nearest(s->path, words);
    if (near)
        diag_hint(r->diag, "did you mean '%s'?", near);
    diag_hint(r->diag, "expected spec.KEY..., KIND/NAME:KEY..., strategy, "
                       "replicas or preStop");
    return false;
}

bool scenario_apply_sets(struct scenario_reader *r)
{
    const struct scenario_options *o = r->options;
    bool ok = true;
    size_t i;

    r->pre_stop = -1;
    for (i = 0; i < setting_count(r); i++) {
        struct setting s;

        if (!take_apart(r, i, &s))
            ok = false;
        else if (!s.object && strcmp(s.path, "replicas") != 0)
            ok &= set_scenario(r, &s);
    }
    ok &= set_option(r, "--duration", "spec.duration", o->duration);
    ok &= set_option(r, "--seed", "spec.seed", o->seed);
    ok &= set_option(r, "--reps", "spec.replications", o->reps);
    return ok;
}

/* ---- the manifests' ---- */

struct wanted {
    const char *kind, *space, *name; /* space NULL: any */
    VEC_OF(struct doc_node *) found;
    VEC_OF(const char *) names; /* of that kind, for messages */
    struct intern *in;
};

static const char *full_kind(const char *kind)
{
    static const char *const names[][3] = {
        {"Deployment", "deploy", "deployments"},
        {"ReplicaSet", "rs", "replicasets"},
        {"StatefulSet", "sts", "statefulsets"},
        {"DaemonSet", "ds", "daemonsets"},
        {"Job", "job", "jobs"},
        {"Service", "svc", "services"},
        {"Pod", "po", "pods"},
        {"Node", "no", "nodes"},
        {"PodDisruptionBudget", "pdb", "poddisruptionbudgets"},
        {"HorizontalPodAutoscaler", "hpa", "horizontalpodautoscalers"},
    };
    size_t i, j;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        for (j = 0; j < 3; j++)
            if (strcasecmp(names[i][j], kind) == 0)
                return names[i][0];
    return NULL;
}

static void look_at(struct wanted *w, struct doc_node *root)
{
    struct doc_node *metadata = doc_get(root, "metadata");
    const char *kind = doc_text(root, "kind");
    const char *name = doc_text(metadata, "name");
    const char *space = doc_text(metadata, "namespace");
    struct doc_node *items = doc_get(root, "items"), *child;

    if (kind && strcmp(kind, "List") == 0)
        for (child = items ? items->first : NULL; child; child = child->next)
            look_at(w, child);
    if (!kind || !name || strcmp(kind, w->kind) != 0)
        return;
    VEC_PUSH(w->names, intern(w->in, name));
    if ((!w->name || strcmp(name, w->name) == 0) &&
        (!w->space || strcmp(space ? space : "default", w->space) == 0))
        VEC_PUSH(w->found, root);
}

static void look(struct scenario_reader *r, struct wanted *w)
{
    size_t i;

    w->in = r->l.intern;
    for (i = 0; i < r->manifests.count; i++)
        look_at(w, r->manifests.items[i]);
}

/* "[NS/]KIND/NAME" */
static bool parse_object(struct scenario_reader *r, const struct setting *s,
                         struct wanted *w)
{
    const char *first = strchr(s->object, '/');
    const char *second = first ? strchr(first + 1, '/') : NULL;
    const char *kind = s->object;

    if (second) {
        w->space = intern_printf(r->l.intern, "%.*s", (int)(first - s->object),
                                 s->object);
        kind = first + 1;
        first = second;
    }
    if (!first) {
        diag_error(r->diag, s->place,
                   "expected [NAMESPACE/]KIND/NAME, got "
                   "'%.200s'",
                   s->object);
        return false;
    }
    w->name = intern(r->l.intern, first + 1);
    w->kind = full_kind(
        intern_printf(r->l.intern, "%.*s", (int)(first - kind), kind));
    if (w->kind)
        return true;
    diag_error(r->diag, s->place, "unknown kind '%.*s'", (int)(first - kind),
               kind);
    diag_hint(r->diag, "expected deployment, replicaset, statefulset, "
                       "daemonset, job, service, pod or node");
    return false;
}

static bool put(struct scenario_reader *r, struct doc_node *root,
                const struct setting *s)
{
    double seconds;
    sim_time time;
    const char *value, *path;
    struct doc_node *containers;
    size_t i;

    if (strcmp(s->path, "replicas") == 0)
        return doc_set_path(r->l.docs, root, "spec.replicas", s->value,
                            s->place, r->diag);
    if (strcmp(s->path, "preStop") != 0)
        return doc_set_path(r->l.docs, root, s->path, s->value, s->place,
                            r->diag);
    if (!units_duration(s->value, &time) || time < 0) {
        diag_error(r->diag, s->place,
                   "expected a duration for 'preStop', "
                   "got '%.60s'",
                   s->value);
        return false;
    }
    seconds = (double)time / 1e9;
    value = intern_printf(
        r->l.intern, "{preStop: {exec: {command: [sleep, '%.9g']}}}", seconds);
    path = "spec.template.spec";
    containers = doc_path(root, "spec", "template", "spec", "containers", NULL);
    if (!containers) {
        path = "spec";
        containers = doc_path(root, "spec", "containers", NULL);
    }
    for (i = 0; containers && i < containers->count; i++)
        if (!doc_set_path(r->l.docs, root,
                          intern_printf(r->l.intern,
                                        "%s.containers[%zu].lifecycle", path,
                                        i),
                          value, s->place, r->diag))
            return false;
    return true;
}

static bool set_object(struct scenario_reader *r, const struct setting *s)
{
    struct wanted w = {0};
    bool ok = parse_object(r, s, &w);
    size_t i;

    if (ok) {
        look(r, &w);
        /* Without a namespace: default's, unless there is but one. */
        if (!w.space && w.found.count > 1) {
            w.found.count = 0;
            w.space = "default";
            look(r, &w);
        }
        ok = w.found.count > 0;
        if (!ok) {
            VEC_PUSH(w.names, NULL);
            diag_error(r->diag, s->place, "no object '%.200s'", s->object);
            diag_suggest(r->diag, w.name, w.names.items);
        }
    }
    for (i = 0; ok && i < w.found.count; i++)
        ok = put(r, w.found.items[i], s);
    VEC_FREE(w.found);
    VEC_FREE(w.names);
    return ok;
}

/* replicas=5: every Deployment and ReplicaSet. */
static bool set_all(struct scenario_reader *r, const struct setting *s)
{
    static const char *const kinds[] = {"Deployment", "ReplicaSet"};
    bool ok = true;
    size_t i, j, count = 0;

    for (j = 0; j < 2; j++) {
        struct wanted w = {.kind = kinds[j]};

        look(r, &w);
        for (i = 0; i < w.found.count; i++)
            ok &= put(r, w.found.items[i], s);
        count += w.found.count;
        VEC_FREE(w.found);
        VEC_FREE(w.names);
    }
    if (count == 0) {
        diag_error(r->diag, s->place,
                   "no Deployment or ReplicaSet has "
                   "'replicas'");
        return false;
    }
    return ok;
}

bool scenario_apply_object_sets(struct scenario_reader *r)
{
    bool ok = true;
    size_t i;

    for (i = 0; i < setting_count(r); i++) {
        struct setting s;

        if (!take_apart(r, i, &s))
            continue; /* reported before */
        if (s.object)
            ok &= set_object(r, &s);
        else if (strcmp(s.path, "replicas") == 0)
            ok &= set_all(r, &s);
    }
    return ok;
}

/* ---- paths that nobody read ---- */

/* Values that a setting put there carry its place. */
static bool is_setting(const struct scenario_reader *r, struct place place)
{
    if (place.file && strncmp(place.file, "--set ", 6) == 0)
        return true;
    for (size_t i = 0; place.file && i < r->options->setting_count; i++) {
        struct place set = r->options->settings[i].place;

        if (strcmp(set.file, place.file) == 0 && set.line == place.line &&
            set.column == place.column)
            return true;
    }
    return false;
}

/* Words that the mapping knows: those of its own that were read. */
static void suggest_sibling(struct scenario_reader *r,
                            const struct doc_node *node)
{
    VEC_OF(const char *) names = {0};
    const struct doc_node *child;

    for (child = node->parent ? node->parent->first : NULL; child;
         child = child->next)
        if (child != node && child->used)
            VEC_PUSH(names, child->key);
    VEC_PUSH(names, NULL);
    if (names.count > 1)
        diag_suggest(r->diag, node->key, names.items);
    VEC_FREE(names);
}

static bool check_used(struct scenario_reader *r, const struct doc_node *node)
{
    const struct doc_node *child;
    bool ok = true;

    for (child = node->first; child; child = child->next) {
        if (child->key && !child->used && child->kind != DOC_NULL &&
            is_setting(r, child->place)) {
            diag_error(r->diag, child->place,
                       "no such path, or nothing that is modelled: '%.200s'",
                       child->key);
            suggest_sibling(r, child);
            ok = false;
        } else {
            ok &= check_used(r, child);
        }
    }
    return ok;
}

bool scenario_check_sets(struct scenario_reader *r)
{
    bool ok = true;
    size_t i;

    for (i = 0; setting_count(r) > 0 && i < r->manifests.count; i++)
        ok &= check_used(r, r->manifests.items[i]);
    return ok;
}
