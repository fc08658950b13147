#include "models/failures/victims.h"

#include <string.h>

#include "models/select.h"

/* The target's names are "namespace/name". */
static bool is_named(const struct target *t, const struct meta *meta)
{
    size_t length = strlen(meta->space);

    for (size_t i = 0; i < t->name_count; i++) {
        const char *name = t->names[i];

        if (strncmp(name, meta->space, length) == 0 && name[length] == '/' &&
            strcmp(name + length + 1, meta->name) == 0)
            return true;
    }
    return false;
}

static bool has_service(const struct target *t, const struct world *w,
                        const struct pod *pod)
{
    for (size_t i = 0; i < pod->service_count; i++) {
        if (is_named(t, &world_service(w, pod->services[i])->spec->meta))
            return true;
    }
    return false;
}

bool victim_matches(const struct world *w, const struct target *t,
                    const struct pod *pod)
{
    if (t->space && strcmp(t->space, pod->space) != 0)
        return false;
    if (t->kind == TARGET_SERVICES)
        return has_service(t, w, pod);
    return selector_matches(&t->selector, pod->labels);
}

static bool hosts(const struct target *t, const struct world *w,
                  const struct node *node)
{
    for (size_t i = 0; i < node->pods.count; i++) {
        if (victim_matches(w, t, world_pod(w, node->pods.items[i])))
            return true;
    }
    return false;
}

static bool in_zones(const struct target *t, const struct node *node)
{
    for (size_t i = 0; i < t->name_count; i++) {
        if (strcmp(t->names[i], node->spec->zone) == 0)
            return true;
    }
    return false;
}

/* Whether the node is one now: what it hosts may change. */
static bool node_matches(const struct target *t, const struct world *w,
                         const struct node *node)
{
    if (node->deleted)
        return false;
    switch (t->kind) {
    case TARGET_NODES_OF:
        return hosts(t, w, node);
    case TARGET_ZONES:
        return in_zones(t, node);
    default:
        return selector_matches(&t->selector, &node->spec->labels);
    }
}

static bool pod_eligible(const struct world *w, const struct target *t,
                         const struct pod *pod)
{
    return pod && pod->deletion == SIM_NEVER && pod->serving &&
           victim_matches(w, t, pod);
}

/* A zone that is named, with a node that is up. */
static bool zone_eligible(const struct world *w, const struct target *t,
                          uint32_t zone)
{
    for (size_t i = 0; i < w->nodes.count; i++) {
        const struct node *node = w->nodes.items[i];

        if (node->zone == zone && !node->deleted && node->up)
            return in_zones(t, node);
    }
    return false;
}

bool victim_eligible(const struct world *w, const struct failure_spec *spec,
                     uint32_t id)
{
    switch (spec->mode->subject) {
    case SUBJECT_POD:
        return pod_eligible(w, &spec->target, world_pod(w, id));
    case SUBJECT_NODE:
        return world_node(w, id)->up &&
               node_matches(&spec->target, w, world_node(w, id));
    case SUBJECT_ZONE:
        return zone_eligible(w, &spec->target, id);
    case SUBJECT_DEPLOYMENT:
        return !w->deployments.items[id]->deleted &&
               is_named(&spec->target, &w->deployments.items[id]->spec->meta);
    default:
        return true;
    }
}

bool victim_exists(const struct world *w, enum failure_subject subject,
                   uint32_t id)
{
    return subject != SUBJECT_POD || world_pod(w, id);
}

size_t victim_count(const struct world *w, enum failure_subject subject)
{
    switch (subject) {
    case SUBJECT_POD:
        return w->pods.count;
    case SUBJECT_NODE:
        return w->nodes.count;
    case SUBJECT_ZONE:
        return w->zones.count;
    case SUBJECT_DEPLOYMENT:
        return w->deployments.count;
    default:
        return 1;
    }
}

const char *victim_plain_name(const struct world *w,
                              enum failure_subject subject, uint32_t id)
{
    switch (subject) {
    case SUBJECT_POD:
        return world_pod(w, id)->name;
    case SUBJECT_NODE:
        return world_node(w, id)->spec->name;
    case SUBJECT_ZONE:
        return w->zones.items[id];
    case SUBJECT_DEPLOYMENT:
        return w->deployments.items[id]->spec->meta.name;
    default:
        return "";
    }
}

char *victim_name(const struct world *w, enum failure_subject subject,
                  uint32_t id)
{
    const char *name = victim_plain_name(w, subject, id);

    return mem_printf("%s%s%s", failure_subjects[subject], *name ? "/" : "",
                      name);
}
