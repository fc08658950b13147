/*
 * --drill LIST: what a bare manifest is put through. Drills are timeline
 * entries like any other.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"

enum { DRILL_ROLLOUT = 1, DRILL_DRAIN = 2, DRILL_NODE = 4, DRILL_ZONE = 8 };

static const char *const names[] = {"rollout", "drain", "node", "zone", NULL};

/* Names of Deployments that one command still tells. */
enum { NAMES_MAX = 8 };

static bool parse(struct scenario_reader *r, unsigned *out)
{
    const char *text = r->options->drills;
    struct place place = {.file = "--drill"};
    size_t i, length;

    *out = 0;
    if (!text) {
        if (r->s->synthetic)
            *out = DRILL_ROLLOUT | DRILL_DRAIN | DRILL_NODE;
        return true;
    }
    if (strcmp(text, "none") == 0)
        return true;
    do {
        length = strcspn(text, ",");
        for (i = 0; names[i]; i++)
            if (strlen(names[i]) == length &&
                memcmp(names[i], text, length) == 0)
                break;
        if (!names[i]) {
            diag_error(r->diag, place, "unknown drill '%.*s'", (int)length,
                       text);
            diag_hint(r->diag,
                      "expected a list of rollout, drain, node, zone; or none");
            return false;
        }
        *out |= 1u << i;
        text += length;
    } while (*text++ == ',');
    return true;
}

/* The times are those of an hour; a shorter run has them earlier. */
static sim_time moment(const struct scenario_reader *r, int minutes)
{
    sim_time at = minutes * SIM_MIN;

    if (r->s->duration >= SIM_HOUR)
        return at;
    return (sim_time)((double)at * ((double)r->s->duration / (double)SIM_HOUR));
}

static struct raw_timeline *add(struct scenario_reader *r, const char *name,
                                int minutes)
{
    struct raw_timeline *entry =
        raw_append(&r->raw->timeline, scenario_timeline_table, sizeof *entry,
                   r->l.kubernetes_minor);

    entry->name = mem_strdup(name);
    entry->at = moment(r, minutes);
    return entry;
}

/* A target of one key, its value YAML. */
static struct doc_node *fail_node(struct scenario_reader *r, const char *key,
                                  const char *value)
{
    struct place place = {.file = "--drill"};
    struct doc_node *map = doc_new_mapping(r->l.docs, place);

    doc_set_path(r->l.docs, map, key, value, place, r->diag);
    return map;
}

/* ---- each drill ---- */

/* One command for each namespace. */
static void add_rollout(struct scenario_reader *r)
{
    const struct object_list *o = &r->l.objects;
    size_t i, j, count;

    for (i = 0; i < o->deployments.count; i++) {
        const char *space = o->deployments.items[i]->meta.space;
        const char *text = "";

        for (j = 0; j < i; j++)
            if (o->deployments.items[j]->meta.space == space)
                break;
        if (j < i)
            continue;
        for (j = count = 0; j < o->deployments.count; j++)
            if (o->deployments.items[j]->meta.space == space) {
                text = intern_printf(r->l.intern, "%s %s", text,
                                     o->deployments.items[j]->meta.name);
                count++;
            }
        if (count > NAMES_MAX)
            text = " --all";
        add(r, "rollout", 10)->kubectl =
            strcmp(space, "default") == 0
                ? mem_printf("rollout restart deployment%s", text)
                : mem_printf("rollout restart deployment%s -n %s", text, space);
    }
}

static void add_drain(struct scenario_reader *r)
{
    const struct cluster_params *c = &r->s->cluster;
    size_t i;

    for (i = 0; i < c->node_count && c->nodes[i].unschedulable; i++)
        ;
    if (i == c->node_count)
        i = 0;
    add(r, "drain", 25)->kubectl =
        mem_printf("drain %s --ignore-daemonsets --delete-emptydir-data "
                   "--force",
                   c->nodes[i].name);
    add(r, "uncordon", 35)->kubectl =
        mem_printf("uncordon %s", c->nodes[i].name);
}

static void add_node(struct scenario_reader *r)
{
    struct raw_timeline *entry = add(r, "node", 40);
    struct place place = {.file = "--drill"};

    entry->fail = fail_node(r, "nodes", "{}");
    doc_set_path(r->l.docs, entry->fail, "pick", "one", place, r->diag);
    entry->lasts = moment(r, 50) - entry->at;
}

static bool add_zone(struct scenario_reader *r)
{
    const struct cluster_params *c = &r->s->cluster;
    struct place place = {.file = "--drill"};
    struct raw_timeline *entry;
    size_t i;

    for (i = 0; i < c->node_count && !*c->nodes[i].zone; i++)
        ;
    if (i == c->node_count) {
        diag_error(r->diag, place, "drill zone: no node is in a zone");
        return false;
    }
    entry = add(r, "zone", 52);
    entry->fail = fail_node(
        r, "zones", intern_printf(r->l.intern, "['%s']", c->nodes[i].zone));
    entry->lasts = moment(r, 57) - entry->at;
    return true;
}

bool scenario_add_drills(struct scenario_reader *r)
{
    unsigned drills;

    if (!parse(r, &drills))
        return false;
    if (drills & DRILL_ROLLOUT)
        add_rollout(r);
    if (drills & DRILL_DRAIN && r->s->cluster.node_count > 0)
        add_drain(r);
    if (drills & DRILL_NODE && r->s->cluster.node_count > 0)
        add_node(r);
    return !(drills & DRILL_ZONE) || add_zone(r);
}
