/*
 * spec.failures and the timeline's `fail:`: targets, picks, modes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/failures/failure.h"
#include "models/scenario_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

/* ---- targets ---- */

static bool names_read(struct scenario_reader *r, struct doc_node *list,
                       struct target *out)
{
    const char **names;
    struct doc_node *child;
    size_t n = 0;

    if (list->kind != DOC_SEQUENCE || list->count == 0) {
        diag_error(r->diag, list->place, "expected a list of names for '%s'",
                   list->key);
        return false;
    }
    names = intern_alloc(r->l.intern, list->count * sizeof *names);
    for (child = list->first; child; child = child->next) {
        if (child->kind != DOC_SCALAR) {
            diag_error(r->diag, child->place, "expected a name in '%s'",
                       list->key);
            return false;
        }
        names[n++] = intern(r->l.intern, child->text);
    }
    out->name_count = n;
    out->names = names;
    return true;
}

static bool check_zones(struct scenario_reader *r, struct doc_node *list,
                        const struct target *t)
{
    const struct cluster_params *c = &r->s->cluster;
    VEC_OF(const char *) zones = {0};
    struct doc_node *child = list->first;
    bool ok = true;
    size_t i, j;

    for (j = 0; j < c->node_count; j++) {
        for (i = 0; i < zones.count; i++)
            if (zones.items[i] == c->nodes[j].zone)
                break;
        if (i == zones.count && *c->nodes[j].zone)
            VEC_PUSH(zones, c->nodes[j].zone);
    }
    VEC_PUSH(zones, NULL);
    for (i = 0; i < t->name_count; i++, child = child->next) {
        for (j = 0; zones.items[j] && zones.items[j] != t->names[i]; j++)
            ;
        if (zones.items[j])
            continue;
        diag_error(r->diag, child->place, "no node is in zone '%.60s'",
                   t->names[i]);
        diag_suggest(r->diag, t->names[i], zones.items);
        ok = false;
    }
    VEC_FREE(zones);
    return ok;
}

static bool check_services(struct scenario_reader *r, struct doc_node *list,
                           struct target *t)
{
    struct doc_node *child = list->first;
    const char **names =
        intern_alloc(r->l.intern, t->name_count * sizeof *names);
    size_t i;

    for (i = 0; i < t->name_count; i++, child = child->next) {
        const struct service_spec *s =
            reader_find_service(r, t->names[i], child->place);

        if (!s)
            return false;
        names[i] =
            intern_printf(r->l.intern, "%s/%s", s->meta.space, s->meta.name);
    }
    t->names = names;
    return true;
}

static bool check_deployments(struct scenario_reader *r, struct doc_node *list,
                              struct target *t)
{
    struct doc_node *child = list->first;
    const char **names =
        intern_alloc(r->l.intern, t->name_count * sizeof *names);
    size_t i;

    for (i = 0; i < t->name_count; i++, child = child->next) {
        const char *space, *name;

        reader_split_name(r, t->names[i], &space, &name);
        if (!loader_deployment(&r->l, space, name)) {
            diag_error(r->diag, child->place, "no Deployment '%.200s'",
                       t->names[i]);
            diag_suggest(r->diag, name,
                         loader_names(&r->l, "deployment", space));
            return false;
        }
        names[i] = intern_printf(r->l.intern, "%s/%s", space, name);
    }
    t->names = names;
    return true;
}

/* There is only one: nothing more is to be said of it. */
static bool check_control_plane(struct scenario_reader *r,
                                struct doc_node *node)
{
    if (node->kind == DOC_NULL ||
        (node->kind == DOC_MAPPING && node->count == 0))
        return true;
    diag_error(r->diag, node->place, "expected 'controlPlane: {}'");
    return false;
}

static bool check_names(struct scenario_reader *r, struct doc_node *list,
                        struct target *t)
{
    if (!names_read(r, list, t))
        return false;
    if (t->kind == TARGET_ZONES)
        return check_zones(r, list, t);
    return t->kind == TARGET_SERVICES ? check_services(r, list, t)
                                      : check_deployments(r, list, t);
}

static bool is_other_key(const char *key)
{
    static const char *const keys[] = {"pick", "mode", "namespace", NULL};
    size_t i;

    for (i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* By enum target_kind. */
static const char *const target_words[] = {
    "pods",     "nodes",       "nodesOf",      "zones",
    "services", "deployments", "controlPlane", NULL};

bool scenario_read_target(struct scenario_reader *r, struct doc_node *node,
                          struct target *out)
{
    const char *const *keys = target_words;
    struct doc_node *child, *found = NULL, *space;
    int kind = -1, i;

    if (node->kind != DOC_MAPPING) {
        diag_error(r->diag, node->place,
                   "expected a target such as {pods: {app: web}}");
        return false;
    }
    for (child = node->first; child; child = child->next) {
        for (i = 0; keys[i] && strcmp(keys[i], child->key) != 0; i++)
            ;
        if (keys[i] && !found) {
            found = child;
            kind = i;
        } else if (keys[i]) {
            diag_error(r->diag, child->key_place,
                       "a target has one of '%s' and '%s'", found->key,
                       child->key);
            return false;
        } else if (!is_other_key(child->key)) {
            diag_error(r->diag, child->key_place, "unknown key '%.60s'",
                       child->key);
            diag_suggest(r->diag, child->key, keys);
            return false;
        }
    }
    if (!found) {
        diag_error(r->diag, node->place,
                   "a target needs one of pods, nodes, nodesOf, zones, "
                   "services, deployments, controlPlane");
        return false;
    }
    out->kind = (enum target_kind)kind;
    space = doc_get(node, "namespace");
    out->space = space ? intern(r->l.intern, space->text) : NULL;
    if (kind < TARGET_ZONES)
        return loader_read_selector(
            &r->l, found->kind == DOC_NULL ? NULL : found, &out->selector);
    return kind == TARGET_CONTROL_PLANE ? check_control_plane(r, found)
                                        : check_names(r, found, out);
}

/* "all", "one", "fixed 2", "percent 50", "randomMax 30%"; or {fixed: 2}. */
bool scenario_read_pick(struct scenario_reader *r, struct doc_node *node,
                        struct target *out)
{
    static const struct {
        const char *word;
        enum pick_mode mode;
        double most; /* of its number; 0: has none */
    } picks[] = {{"all", PICK_ALL, 0},
                 {"one", PICK_ONE, 0},
                 {"fixed", PICK_FIXED, 1e9},
                 {"percent", PICK_PERCENT, 100},
                 {"randomMax", PICK_RANDOM_MAX, 100}};
    char word[32] = "", number[32] = "";
    size_t i, length;

    if (!node)
        return true;
    if (node->kind == DOC_SCALAR)
        sscanf(node->text, "%31s %31s", word, number);
    else if (node->kind == DOC_MAPPING && node->count == 1 &&
             node->first->kind == DOC_SCALAR) {
        snprintf(word, sizeof word, "%s", node->first->key);
        snprintf(number, sizeof number, "%s", node->first->text);
    }
    length = strlen(number);
    if (length > 0 && number[length - 1] == '%')
        number[length - 1] = '\0';
    for (i = 0; i < sizeof picks / sizeof picks[0]; i++) {
        bool numbered = picks[i].most > 0;

        if (strcmp(picks[i].word, word) != 0)
            continue;
        out->pick = picks[i].mode;
        if (numbered
                ? units_double(number, &out->pick_value) &&
                      out->pick_value > 0 && out->pick_value <= picks[i].most
                : !*number)
            return true;
        break;
    }
    diag_error(r->diag, node->place,
               "expected all, one, fixed N, percent P or randomMax P for "
               "'pick', got '%.60s'",
               node->kind == DOC_SCALAR ? node->text : "...");
    return false;
}

/* ---- modes ---- */

/* Modes of pods hit pods and the pods of Services; those of nodes hit
 * nodes, nodes of pods and, where there is none of zones, zones. */
static const struct {
    enum failure_subject first, second;
    const char *noun;
} hit_by[] = {[TARGET_PODS] = {SUBJECT_POD, SUBJECT_POD, "pods"},
              [TARGET_NODES] = {SUBJECT_NODE, SUBJECT_NODE, "nodes"},
              [TARGET_NODES_OF] = {SUBJECT_NODE, SUBJECT_NODE, "nodes"},
              [TARGET_ZONES] = {SUBJECT_ZONE, SUBJECT_NODE, "zones"},
              [TARGET_SERVICES] = {SUBJECT_POD, SUBJECT_POD, "pods"},
              [TARGET_DEPLOYMENTS] = {SUBJECT_DEPLOYMENT, SUBJECT_DEPLOYMENT,
                                      "Deployments"},
              [TARGET_CONTROL_PLANE] = {SUBJECT_CONTROL_PLANE,
                                        SUBJECT_CONTROL_PLANE,
                                        "the control plane"}};

static const struct failure_mode *mode_of(const struct target *t,
                                          const char *name)
{
    const struct failure_mode *mode = failure_find(name, hit_by[t->kind].first);

    return mode ? mode : failure_find(name, hit_by[t->kind].second);
}

static bool unknown_mode(struct scenario_reader *r, struct place place,
                         const char *name, const struct target *t)
{
    VEC_OF(const char *) names = {0};
    size_t i;

    for (i = 0; failure_modes[i]; i++)
        if (mode_of(t, failure_modes[i]->name) == failure_modes[i])
            VEC_PUSH(names, failure_modes[i]->name);
    VEC_PUSH(names, NULL);
    diag_error(r->diag, place, "no failure mode '%.60s' of %s", name,
               hit_by[t->kind].noun);
    diag_suggest(r->diag, name, names.items);
    VEC_FREE(names);
    return false;
}

/* The mode's own settings: what is not given has its default. */
static bool config_read(struct scenario_reader *r, struct doc_node *keys,
                        struct failure_spec *spec)
{
    const struct failure_mode *mode = spec->mode;
    void *config;

    if (!mode->params) {
        if (!keys || keys->kind == DOC_NULL)
            return true;
        diag_error(r->diag, keys->place, "mode '%s' has no settings",
                   mode->name);
        return false;
    }
    config = intern_alloc(r->l.intern, mode->config_size);
    param_defaults(mode->params, config, r->l.kubernetes_minor);
    spec->config = config;
    return !keys || keys->kind == DOC_NULL ||
           param_read(mode->params, config, keys, r->l.kubernetes_minor,
                      r->diag);
}

bool scenario_find_mode(struct scenario_reader *r, struct doc_node *node,
                        struct failure_spec *spec)
{
    struct doc_node *keys = NULL;
    struct place place = node ? node->place : spec->place;
    const char *name = "crash";

    if (node && node->kind == DOC_MAPPING && node->count == 1) {
        keys = node->first;
        name = keys->key;
        place = keys->key_place;
    } else if (node && node->kind == DOC_SCALAR) {
        name = node->text;
    } else if (node) {
        return reader_wrong(node, "MODE or {MODE: {keys}}", r->diag);
    }
    spec->mode = mode_of(&spec->target, name);
    if (!spec->mode)
        return unknown_mode(r, place, name, &spec->target);
    return config_read(r, keys, spec);
}

/* ---- rules ---- */

/* Failures that follow each other in no time would never let time pass. */
static bool check_after(struct scenario_reader *r, struct doc_node *item,
                        const struct dist *after)
{
    struct doc_node *node = doc_get(item, "after");
    sim_time value;

    if (!node || !dist_is_constant(after, &value) || value > 0)
        return true;
    diag_error(r->diag, node->place, "'after' must be more than 0");
    return false;
}

static bool rule_read(struct scenario_reader *r, struct raw_failure *raw,
                      size_t index, struct failure_spec *out)
{
    struct doc_node *item = reader_item(r, "failures", index);
    bool ok;

    out->place = item->place;
    out->after = raw->after;
    out->repair = raw->repair;
    out->repair_given = strcmp(raw->repair.kind->name, "never") != 0;
    out->repairers = raw->repairers;
    ok = scenario_read_target(r, raw->target, &out->target);
    ok &= scenario_read_pick(r, raw->pick, &out->target);
    ok &= check_after(r, item, &out->after);
    if (!ok)
        return false;
    if (!scenario_find_mode(r, raw->mode, out))
        return false;
    if (out->repair_given && !out->mode->has_repair)
        diag_warning(r->diag, doc_get(item, "repair")->place,
                     "mode '%s' has no repair: 'repair' is ignored",
                     out->mode->name);
    if (!raw->name) {
        raw->name = mem_printf("%s-%s", target_words[out->target.kind],
                               out->mode->name);
    }
    out->name = intern(r->l.intern, raw->name);
    return true;
}

bool scenario_build_failures(struct scenario_reader *r)
{
    struct raw_failure *raw = r->raw->failures.items;
    size_t count = r->raw->failures.count, i, j;
    struct failure_spec *items =
        intern_alloc(r->l.intern, count * sizeof *items);
    bool ok = true;

    for (i = 0; i < count; i++) {
        if (!rule_read(r, &raw[i], i, &items[i])) {
            ok = false;
            continue;
        }
        for (j = 0; j < i; j++)
            if (items[j].name == items[i].name) {
                diag_error(r->diag, items[i].place,
                           "duplicate failure '%.60s': give each a 'name'",
                           items[i].name);
                ok = false;
                break;
            }
    }
    r->s->failure_count = count;
    r->s->failures = items;
    return ok;
}
