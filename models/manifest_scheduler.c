/*
 * Profiles of a scheduler, in the shape of KubeSchedulerConfiguration
 * (pkg/scheduler/apis/config/v1, runtime/framework.go): which plug-ins filter
 * and score, with what weights.
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "models/scheduler/framework.h"

/* Plug-ins of Kubernetes that decide nothing here: no volumes, no devices,
 * no gates. */
static const char *const others[] = {
    "PrioritySort",        "SchedulingGates", "VolumeRestrictions",
    "NodeVolumeLimits",    "VolumeBinding",   "VolumeZone",
    "DynamicResources",    "DefaultBinder",   "DefaultPreemption",
    "NodeDeclaredFeatures"};
enum { OTHERS = sizeof others / sizeof others[0] };

/* Extension points; those that are not named below change nothing. */
static const char *const points[] = {
    "multiPoint", "filter",    "score",      "postFilter", "preFilter",
    "preScore",   "queueSort", "reserve",    "permit",     "preBind",
    "bind",       "postBind",  "preEnqueue", NULL};

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

bool manifest_plugin_read(struct loader *l, struct doc_node *item,
                          const char **name, size_t *row)
{
    const char *words[SCHEDULER_PLUGIN_MAX + OTHERS + 1];
    size_t count = 0;

    *name = NULL;
    if (item->kind != DOC_MAPPING)
        return value_bad(l, item, "a mapping with a 'name'");
    if (!value_text(l, item, "name", name))
        return false;
    if (!*name) {
        diag_error(l->diag, item->place, "a plug-in needs a 'name'");
        return false;
    }
    for (*row = 0; scheduler_plugins[*row]; ++*row) {
        words[count++] = scheduler_plugins[*row]->name;
        if (strcmp(*name, scheduler_plugins[*row]->name) == 0)
            return true;
    }
    if (strcmp(*name, "*") == 0 || is_one_of(*name, others, OTHERS))
        return true;
    memcpy(words + count, others, sizeof others);
    words[count + OTHERS] = NULL;
    diag_error(l->diag, doc_get(item, "name")->place,
               "unknown scheduler plug-in '%.60s'", *name);
    diag_suggest(l->diag, *name, words);
    return false;
}

/* What a point has a say on. */
struct point {
    bool filters, scores, preempts;
};

static void set_row(struct scheduler_config *c, struct point p, size_t row,
                    bool on, int weight)
{
    const struct scheduler_plugin *plugin = scheduler_plugins[row];

    if (p.filters && on)
        c->filters |= 1U << row;
    else if (p.filters)
        c->filters &= ~(1U << row);
    if (p.scores && plugin->score)
        c->weights[row] = on ? weight : 0;
}

static bool disabled_read(struct loader *l, struct doc_node *list,
                          struct point p, struct scheduler_config *c)
{
    bool ok = true;

    for (struct doc_node *item = list ? list->first : NULL; item;
         item = item->next) {
        const char *name;
        size_t row;

        if (!manifest_plugin_read(l, item, &name, &row)) {
            ok = false;
            doc_use_all(item);
            continue;
        }
        if (scheduler_plugins[row])
            set_row(c, p, row, false, 0);
        if (p.preempts && strcmp(name, "DefaultPreemption") == 0)
            c->preempts = false;
        for (row = 0; strcmp(name, "*") == 0 && scheduler_plugins[row]; row++)
            set_row(c, p, row, false, 0);
        if (p.preempts && strcmp(name, "*") == 0)
            c->preempts = false;
    }
    return ok;
}

static bool enabled_read(struct loader *l, struct doc_node *list,
                         struct point p, struct scheduler_config *c)
{
    bool ok = true;

    for (struct doc_node *item = list ? list->first : NULL; item;
         item = item->next) {
        const char *name;
        int weight = 0;
        size_t row;

        if (!manifest_plugin_read(l, item, &name, &row) ||
            !value_int(l, item, "weight", 0, INT32_MAX / SCORE_MAX, &weight)) {
            ok = false;
            doc_use_all(item);
            continue;
        }
        if (strcmp(name, "*") == 0)
            ok = value_bad(l, doc_get(item, "name"), "the name of a plug-in");
        if (scheduler_plugins[row])
            set_row(c, p, row, true, weight > 0 ? weight : 1);
        if (p.preempts && strcmp(name, "DefaultPreemption") == 0)
            c->preempts = true;
    }
    return ok;
}

static bool point_read(struct loader *l, struct doc_node *plugins,
                       const char *name, struct point p,
                       struct scheduler_config *c)
{
    struct doc_node *point, *disabled, *enabled;
    bool ok;

    if (!value_mapping(l, plugins, name, &point) ||
        !value_sequence(l, point, "disabled", &disabled) ||
        !value_sequence(l, point, "enabled", &enabled))
        return false;
    /* Both, so that all errors are told. */
    ok = disabled_read(l, disabled, p, c);
    return enabled_read(l, enabled, p, c) && ok;
}

/* The default plug-ins are there unless they are disabled. */
static bool plugins_read(struct loader *l, struct doc_node *plugins,
                         struct scheduler_config *c)
{
    bool ok = true;

    for (struct doc_node *child = plugins ? plugins->first : NULL; child;
         child = child->next) {
        if (is_one_of(child->key, points, sizeof points / sizeof points[0] - 1))
            continue;
        diag_error(l->diag, child->key_place, "unknown extension point '%.60s'",
                   child->key);
        diag_suggest(l->diag, child->key, points);
        doc_use_all(child);
        ok = false;
    }
    ok &= point_read(l, plugins, "multiPoint", (struct point){true, true, true},
                     c);
    ok &= point_read(l, plugins, "filter", (struct point){.filters = true}, c);
    ok &= point_read(l, plugins, "score", (struct point){.scores = true}, c);
    ok &= point_read(l, plugins, "postFilter", (struct point){.preempts = true},
                     c);
    for (size_t i = 4; points[i]; i++) {
        struct doc_node *unused = doc_get(plugins, points[i]);

        if (unused)
            doc_use_all(unused);
    }
    return ok;
}

static bool profile_read(struct loader *l, struct doc_node *node,
                         struct scheduler_config *c)
{
    struct doc_node *plugins, *config;
    bool ok;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a mapping with 'schedulerName'");
    ok = value_text(l, node, "schedulerName", &c->name);
    ok &=
        value_int(l, node, "percentageOfNodesToScore", 0, 100, &c->percentage);
    if (value_mapping(l, node, "plugins", &plugins))
        ok &= plugins_read(l, plugins, c);
    else
        ok = false;
    if (value_sequence(l, node, "pluginConfig", &config))
        ok &= manifest_plugin_config(l, config, c);
    else
        ok = false;
    return ok;
}

static bool is_new(struct loader *l, const struct doc_node *node,
                   const struct scheduler_config *profiles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (profiles[i].name != profiles[count].name)
            continue;
        diag_error(l->diag, node->place, "duplicate profile '%.60s'",
                   profiles[i].name);
        return false;
    }
    return true;
}

bool manifest_profiles(struct loader *l, struct doc_node *list,
                       const struct scheduler_config *base, size_t *count,
                       const struct scheduler_config **out)
{
    size_t room = list && list->kind == DOC_SEQUENCE ? list->count : 0, n = 0;
    struct scheduler_config *profiles =
        intern_alloc(l->intern, (room + 1) * sizeof *profiles);
    bool ok = true;

    profiles[0] = *base;
    profiles[0].name = intern(l->intern, "default-scheduler");
    *out = profiles;
    *count = 1;
    if (!list)
        return true;
    if (room == 0)
        return value_bad(l, list, "a list of profiles");
    for (struct doc_node *node = list->first; node; node = node->next, n++) {
        profiles[n] = *base;
        profiles[n].name = intern(l->intern, "default-scheduler");
        ok = profile_read(l, node, &profiles[n]) & ok;
        ok = is_new(l, node, profiles, n) & ok;
    }
    *count = n;
    doc_unused(list, l->diag);
    return ok;
}
