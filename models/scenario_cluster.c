/*
 * spec.cluster: nodes of pools, ranges of addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "models/scheduler/config.h"
#include "models/select.h"
#include "sim/io/units.h"

/* ---- ranges of addresses ---- */

bool scenario_parse_cidr(const char *text, uint32_t *network, int *bits)
{
    unsigned a, b, c, d, length;
    char rest;

    if (sscanf(text, "%3u.%3u.%3u.%3u/%2u%c", &a, &b, &c, &d, &length, &rest) !=
            5 ||
        a > 255 || b > 255 || c > 255 || d > 255 || length < 1 || length > 30)
        return false;
    *bits = (int)length;
    *network = (uint32_t)(a << 24 | b << 16 | c << 8 | d);
    *network &= UINT32_MAX << (32 - length);
    return true;
}

static bool read_cidr(struct scenario_reader *r, const char *key,
                      const char *text, uint32_t *network, int *bits)
{
    struct doc_node *node = doc_get(doc_get(r->spec, "cluster"), key);
    struct place nowhere = {0};

    if (scenario_parse_cidr(text, network, bits))
        return true;
    diag_error(r->diag, node ? node->place : nowhere,
               "expected an IPv4 range such as 10.244.0.0/16 for '%s', got "
               "'%.60s'",
               key, text);
    return false;
}

static bool has_room(const struct cluster_params *c, int bits)
{
    return c->node_cidr_bits >= bits &&
           (uint64_t)1 << (c->node_cidr_bits - bits) >= c->node_room;
}

static bool overlap(const struct cluster_params *c, int bits)
{
    int shorter = bits < c->service_cidr_bits ? bits : c->service_cidr_bits;
    uint32_t mask = UINT32_MAX << (32 - shorter);

    return (c->pod_cidr & mask) == (c->service_cidr & mask);
}

static bool bad_range(struct scenario_reader *r, struct place place,
                      bool too_small)
{
    const struct cluster_params *c = &r->s->cluster;

    if (too_small) {
        diag_error(r->diag, place, "'podCIDR' %s is too small for %zu nodes",
                   r->raw->cluster.pod_cidr, c->node_room);
        diag_hint(r->diag, "each node needs a /%d of it", c->node_cidr_bits);
    } else {
        diag_error(r->diag, place, "'podCIDR' %s overlaps 'serviceCIDR' %s",
                   r->raw->cluster.pod_cidr, r->raw->cluster.service_cidr);
    }
    return false;
}

/* Every node gets its part: the range is widened as far as need be, unless
 * it was given. */
bool scenario_addresses(struct scenario_reader *r)
{
    struct cluster_params *c = &r->s->cluster;
    struct doc_node *given = doc_get(doc_get(r->spec, "cluster"), "podCIDR");
    struct place nowhere = {0};
    char text[32];
    int bits;

    if (!read_cidr(r, "podCIDR", r->raw->cluster.pod_cidr, &c->pod_cidr,
                   &c->pod_cidr_bits) ||
        !read_cidr(r, "serviceCIDR", r->raw->cluster.service_cidr,
                   &c->service_cidr, &c->service_cidr_bits))
        return false;
    bits = c->pod_cidr_bits;
    c->node_cidr_bits = (int)r->raw->cluster.node_mask;
    while (!given && !has_room(c, bits) && bits > 1 && !overlap(c, bits - 1))
        bits--;
    if (!has_room(c, bits) || overlap(c, bits)) {
        return bad_range(r, given ? given->place : nowhere, !has_room(c, bits));
    }
    if (bits < c->pod_cidr_bits) {
        c->pod_cidr_bits = bits;
        c->pod_cidr &= UINT32_MAX << (32 - bits);
        snprintf(text, sizeof text, "%u.%u.%u.%u/%d", c->pod_cidr >> 24,
                 c->pod_cidr >> 16 & 255, c->pod_cidr >> 8 & 255,
                 c->pod_cidr & 255, bits);
        free(r->raw->cluster.pod_cidr);
        r->raw->cluster.pod_cidr = mem_strdup(text);
        reader_assume(r, "podCIDR %s: a /%d for each of %zu nodes", text,
                      c->node_cidr_bits, c->node_room);
    }
    return true;
}

/* ---- nodes of pools ---- */

struct pool_context {
    struct scenario_reader *r;
    const struct raw_pool *pool;
    struct scenario_demands demands;
    struct node_spec shared; /* allocatable, taints */
    VEC_OF(struct node_spec) nodes;
    VEC_OF(struct node_group) groups;
};

/* Adds a label unless there is one of that key. */
static void add_label(struct intern *in, struct label *items, size_t *count,
                      const char *key, const char *value)
{
    size_t i;

    for (i = 0; i < *count; i++)
        if (strcmp(items[i].key, key) == 0)
            return;
    items[*count].key = intern(in, key);
    items[(*count)++].value = intern(in, value);
}

static void label_node(struct pool_context *c, struct node_spec *node,
                       size_t index)
{
    struct intern *in = c->r->l.intern;
    const struct param_map *own = &c->pool->labels;
    size_t room = own->count + c->demands.list.count + 5, count = 0, i;
    struct label *items = intern_alloc(in, room * sizeof *items);

    for (i = 0; i < own->count; i++)
        add_label(in, items, &count, own->items[i].name, own->items[i].value);
    for (i = 0; i < c->demands.list.count; i++) {
        const struct scenario_demand *d = &c->demands.list.items[i];

        if (strcmp(d->key, SCENARIO_ZONE) != 0)
            add_label(in, items, &count, d->key,
                      d->values.items[index % d->values.count]);
    }
    add_label(in, items, &count, "kubernetes.io/hostname", node->name);
    add_label(in, items, &count, "kubernetes.io/os", "linux");
    add_label(in, items, &count, "kubernetes.io/arch", "amd64");
    if (*node->zone) {
        add_label(in, items, &count, SCENARIO_ZONE, node->zone);
        add_label(in, items, &count, "topology.kubernetes.io/region", "region");
    }
    loader_sort_labels(items, count);
    node->labels.count = count;
    node->labels.items = items;
}

static bool pool_shared(struct pool_context *c, size_t index)
{
    struct scenario_reader *r = c->r;
    const struct param_map *map = &c->pool->allocatable;
    bool ok = true;
    size_t i;

    memset(&c->shared, 0, sizeof c->shared);
    c->shared.place = reader_place(r, "cluster.nodePools", index);
    for (i = 0; i < map->count; i++)
        if (!loader_set_resource(&r->l, map->items[i].name, map->items[i].value,
                                 &c->shared.allocatable)) {
            diag_error(r->diag, c->shared.place,
                       "expected a quantity for '%.60s', got '%.60s'",
                       map->items[i].name, map->items[i].value);
            ok = false;
        }
    if (c->shared.allocatable.pods == 0)
        c->shared.allocatable.pods = 110;
    return loader_read_taints(&r->l, c->pool->taints, &c->shared.taint_count,
                              &c->shared.taints) &&
           ok;
}

/* The pool's i-th node, from 1. */
static struct node_spec pool_node(struct pool_context *c, int64_t i)
{
    struct intern *in = c->r->l.intern;
    const struct param_strings *zones = &c->pool->zones;
    struct node_spec node = c->shared;

    node.name = intern_printf(in, "%s-%lld", c->pool->name, (long long)i);
    node.zone = intern(
        in, zones->count ? zones->items[(size_t)(i - 1) % zones->count] : "");
    label_node(c, &node, (size_t)(i - 1));
    return node;
}

/* A pool that the cluster autoscaler sizes: its nodes, present or not. */
static bool add_group(struct pool_context *c, size_t index)
{
    const struct raw_pool *pool = c->pool;
    struct node_group g = {.min = pool->group.min,
                           .max = pool->group.max,
                           .provisioning = pool->group.provisioning,
                           .initial = (size_t)pool->count};
    int64_t most = g.max > pool->count ? g.max : pool->count;
    struct node_spec *nodes;

    if (g.max == 0)
        return true;
    if (g.min > g.max) {
        diag_error(c->r->diag, reader_place(c->r, "cluster.nodePools", index),
                   "'autoscaling' of pool '%.60s': min %lld is above max %lld",
                   pool->name, (long long)g.min, (long long)g.max);
        return false;
    }
    nodes = intern_alloc(c->r->l.intern, (size_t)most * sizeof *nodes);
    for (int64_t i = 1; i <= most; i++)
        nodes[i - 1] = pool_node(c, i);
    g.name = intern(c->r->l.intern, pool->name);
    g.nodes = nodes;
    c->r->s->cluster.node_room += (size_t)(most - pool->count);
    VEC_PUSH(c->groups, g);
    return true;
}

static bool add_pool(struct pool_context *c, size_t index)
{
    struct scenario_reader *r = c->r;

    if (!pool_shared(c, index))
        return false;
    for (int64_t i = 1; i <= c->pool->count; i++) {
        struct node_spec node = pool_node(c, i);

        VEC_PUSH(c->nodes, node);
        VEC_PUSH(r->l.node_names, node.name);
    }
    return add_group(c, index);
}

static bool pools_to_nodes(struct scenario_reader *r)
{
    const struct param_list *list = &r->raw->cluster.pools;
    const struct raw_pool *pools = list->items;
    struct pool_context c = {.r = r};
    struct cluster_params *cluster = &r->s->cluster;
    bool ok = true;
    size_t i, j;

    scenario_collect_demands(r, &c.demands);
    for (i = 0; i < list->count; i++) {
        for (j = 0; j < i; j++)
            if (strcmp(pools[i].name, pools[j].name) == 0) {
                diag_error(r->diag, reader_place(r, "cluster.nodePools", i),
                           "duplicate node pool '%.60s'", pools[i].name);
                ok = false;
            }
        c.pool = &pools[i];
        ok &= add_pool(&c, i);
    }
    if (ok && c.nodes.count == 0 && c.groups.count == 0) {
        diag_error(r->diag, reader_place(r, "cluster.nodePools", 0),
                   "a cluster needs at least one node");
        ok = false;
    }
    cluster->node_count = c.nodes.count;
    cluster->nodes = intern_copy(r->l.intern, c.nodes.items, c.nodes.count,
                                 sizeof *c.nodes.items);
    cluster->node_room += c.nodes.count;
    cluster->group_count = c.groups.count;
    cluster->groups = intern_copy(r->l.intern, c.groups.items, c.groups.count,
                                  sizeof *c.groups.items);
    VEC_FREE(c.nodes);
    VEC_FREE(c.groups);
    scenario_release_demands(&c.demands);
    return ok;
}

static void nodes_as_given(struct scenario_reader *r)
{
    struct cluster_params *cluster = &r->s->cluster;
    size_t count = r->l.objects.nodes.count, i;
    struct node_spec *nodes = intern_alloc(r->l.intern, count * sizeof *nodes);

    for (i = 0; i < count; i++) {
        nodes[i] = *r->l.objects.nodes.items[i];
        VEC_PUSH(r->l.node_names, nodes[i].name);
    }
    cluster->nodes_given = true;
    cluster->node_count = cluster->node_room = count;
    cluster->nodes = nodes;
}

static bool build_profiles(struct scenario_reader *r)
{
    const struct raw_scheduler *raw = &r->raw->cluster.scheduler;
    struct scheduler_config base =
        scheduler_config_default(r->l.kubernetes_minor);

    base.percentage = (int)raw->percentage;
    return manifest_profiles(&r->l, raw->profiles, &base,
                             &r->s->cluster.profile_count,
                             &r->s->cluster.profiles);
}

bool scenario_build_cluster(struct scenario_reader *r)
{
    struct cluster_params *c = &r->s->cluster;
    const struct raw_cluster *raw = &r->raw->cluster;
    bool ok = true;

    c->kubernetes_minor = r->l.kubernetes_minor;
    c->ipam_allocator = raw->ipam.allocator;
    c->ipam_reuse_delay = raw->ipam.reuse_delay;
    c->latency = raw->latency;
    c->control_plane = raw->control_plane;
    c->autoscaler = raw->autoscaler;
    c->kubelet = raw->kubelet.params;
    c->kube_proxy = raw->kube_proxy;
    c->dns = raw->dns;
    ok = build_profiles(r);
    ok &= scenario_build_shutdown(r);
    if (raw->pools.count > 0 && r->l.objects.nodes.count > 0)
        diag_warning(r->diag, r->l.objects.nodes.items[0]->place,
                     "Node objects are left out: 'nodePools' is given");
    if (raw->pools.count == 0 && r->l.objects.nodes.count > 0) {
        nodes_as_given(r);
    } else {
        if (raw->pools.count == 0)
            scenario_complete_pools(r);
        ok &= pools_to_nodes(r);
    }
    return scenario_addresses(r) && ok;
}
