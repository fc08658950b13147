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

static bool is_other_key(const char *key)
{
    static const char *const keys[] = {"pick", "mode", "namespace", NULL};
    size_t i;

    for (i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

bool scenario_read_target(struct scenario_reader *r, struct doc_node *node,
                          struct target *out)
{
    static const char *const keys[] = {"pods",  "nodes",    "nodesOf",
                                       "zones", "services", NULL};
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
                   "services");
        return false;
    }
    out->kind = (enum target_kind)kind;
    space = doc_get(node, "namespace");
    out->space = space ? intern(r->l.intern, space->text) : NULL;
    if (kind < TARGET_ZONES)
        return loader_read_selector(
            &r->l, found->kind == DOC_NULL ? NULL : found, &out->selector);
    if (!names_read(r, found, out))
        return false;
    return kind == TARGET_ZONES ? check_zones(r, found, out)
                                : check_services(r, found, out);
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

/* Modes that are planned (models of failures in the manual). */
static bool is_planned(const char *name)
{
    static const char *const names[] = {
        "broken-image", "spot",      "controllers", "dns",
        "scheduler",    "apiserver", NULL};
    size_t i;

    for (i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Modes of pods hit pods and the pods of Services; those of nodes hit
 * nodes, nodes of pods and zones; those of zones, zones. */
static const struct failure_mode *mode_of(const struct target *t,
                                          const char *name)
{
    const struct failure_mode *mode = NULL;

    if (t->kind == TARGET_PODS || t->kind == TARGET_SERVICES)
        return failure_find(name, SUBJECT_POD);
    if (t->kind == TARGET_ZONES)
        mode = failure_find(name, SUBJECT_ZONE);
    return mode ? mode : failure_find(name, SUBJECT_NODE);
}

static bool unknown_mode(struct scenario_reader *r, struct place place,
                         const char *name, const struct target *t)
{
    VEC_OF(const char *) names = {0};
    size_t i;

    if (is_planned(name))
        return reader_not_yet(
            r->diag, place,
            intern_printf(r->l.intern, "failure mode '%s'", name));
    for (i = 0; failure_modes[i]; i++)
        if (mode_of(t, failure_modes[i]->name) == failure_modes[i])
            VEC_PUSH(names, failure_modes[i]->name);
    VEC_PUSH(names, NULL);
    diag_error(r->diag, place, "no failure mode '%.60s' of %s", name,
               t->kind == TARGET_PODS || t->kind == TARGET_SERVICES
                   ? "pods"
                   : (t->kind == TARGET_ZONES ? "zones" : "nodes"));
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
    static const char *const kinds[] = {"pods", "nodes", "nodesOf", "zones",
                                        "services"};
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
        raw->name =
            mem_printf("%s-%s", kinds[out->target.kind], out->mode->name);
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
