/*
 * random_cluster - nodes, kinds of pods and a profile of the scheduler, all
 * drawn at random; the same for the scheduler and for the naive one.
 */
#ifndef TESTS_UNIT_RANDOM_CLUSTER_H
#define TESTS_UNIT_RANDOM_CLUSTER_H

#include <stdio.h>

#include "tests/unit/naive_scheduler.h"

enum { KINDS = 12, LABELS = 4 };
#define ZONE         "topology.kubernetes.io/zone"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const zones[] = {"a", "b", "c", "d"};
static const char *const keys[] = {HOSTNAME, ZONE, "rack"};
static const char *const apps[] = {"web", "db", "cache"};
static const char *const hashes[] = {"1", "2", "3"};
static const char *const spaces[] = {"default", "other"};
static const char hash_key[] = "pod-template-hash";

/* What a pod is made of; the scheduler has the labels without the hash. */
struct kind {
    struct pod_template t;
    struct label labels[3];
    struct extended_resource gpu;
    struct container containers[2];
    struct container_port port;
    struct toleration tolerations[2];
    struct requirement wants[3];
    const char *values[3];
    struct node_selector_term term;
    struct preferred_node_term preferred;
    struct label selected;
    struct pod_affinity_term terms[4];
    struct preferred_pod_term prefers[4];
    struct spread_constraint spread[3];
    const char *space;
    const struct selector *owner;
    size_t services;
    bool hashed;
};

struct cluster {
    struct rng rng;
    struct naive naive;
    struct scheduler_config config;
    struct framework *f;
    char names[NAIVE_NODES][12];
    struct label labels[NAIVE_NODES][LABELS];
    struct extended_resource gpus[NAIVE_NODES];
    struct kind kinds[KINDS];
    struct label full[KINDS][4]; /* with the hash */
    struct requirement by_app[3][2];
    struct selector selectors[4];
    struct node_affinity added;
    struct preferred_node_term added_preferred;
    struct requirement added_wants;
    struct spread_constraint defaults[2];
    struct resource_ref refs[3];
};

static uint64_t below(struct cluster *c, uint64_t n)
{
    return rng_below(&c->rng, n);
}

static bool one_in(struct cluster *c, uint64_t n)
{
    return below(c, n) == 0;
}

/* --- nodes --- */

static void label_node(struct cluster *c, node_id n)
{
    struct node_spec *spec = &c->naive.nodes[n].spec;
    size_t count = 0;

    c->labels[n][count++] = (struct label){HOSTNAME, c->names[n]};
    if (!one_in(c, 6))
        c->labels[n][count++] = (struct label){"rack", zones[below(c, 2)]};
    spec->zone = "";
    if (!one_in(c, 6)) {
        spec->zone = zones[below(c, COUNT(zones))];
        c->labels[n][count++] = (struct label){ZONE, spec->zone};
    }
    spec->labels = (struct labels){count, c->labels[n]};
}

static void taint_node(struct cluster *c, node_id n)
{
    struct naive_node *node = &c->naive.nodes[n];

    node->unschedulable = one_in(c, 10);
    node->taint_count = one_in(c, 3) ? below(c, COUNT(node->taints)) : 0;
    for (size_t i = 0; i < node->taint_count; i++)
        node->taints[i] =
            (struct taint){keys[1 + below(c, 2)], apps[below(c, 2)],
                           (enum taint_effect)below(c, 3)};
    framework_node_set(c->f, n, node->unschedulable, node->taints,
                       node->taint_count);
}

static void add_node(struct cluster *c, node_id n)
{
    struct naive_node *node = &c->naive.nodes[n];

    label_node(c, n);
    c->gpus[n] = (struct extended_resource){"example.com/gpu", 4};
    snprintf(c->names[n], sizeof c->names[n], "node-%u", (unsigned)n);
    node->spec.name = c->names[n];
    node->spec.allocatable =
        (struct resources){.cpu = 1000 * (int64_t)below(c, 9),
                           .memory = (int64_t)below(c, 9) << 30,
                           .storage = INT64_C(1) << 32,
                           .pods = 4 + (int64_t)below(c, 12),
                           .count = below(c, 2),
                           .items = &c->gpus[n]};
    node->there = true;
    framework_node_add(c->f, n, &node->spec);
    taint_node(c, n);
}

static void give_image(struct cluster *c, node_id n)
{
    struct node_image image = {c->naive.image_name, INT64_C(700) << 20};

    c->naive.nodes[n].image = image.size;
    framework_node_image(c->f, n, &image);
}

/* --- pods --- */

static struct selector selector_of(struct cluster *c, struct kind *k, size_t i)
{
    static const enum selector_operator operators[] = {
        SELECTOR_IN, SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS,
        SELECTOR_DOES_NOT_EXIST};
    enum selector_operator op = operators[below(c, COUNT(operators))];

    if (one_in(c, 10))
        return (struct selector){false, 0, NULL};
    k->values[i] = apps[below(c, COUNT(apps))];
    k->wants[i] = (struct requirement){
        one_in(c, 4) ? "tier" : "app", op,
        op == SELECTOR_IN || op == SELECTOR_NOT_IN, &k->values[i]};
    return (struct selector){false, 1, &k->wants[i]};
}

static const char *const match_keys[] = {"tier", hash_key};

static struct pod_affinity_term term_of(struct cluster *c, struct kind *k)
{
    return (struct pod_affinity_term){
        .selector_given = !one_in(c, 10),
        .selector = selector_of(c, k, below(c, 3)),
        .topology_key = keys[below(c, COUNT(keys))],
        .space_count = one_in(c, 4) ? 2 : 0,
        .spaces = spaces,
        .space_selector_given = one_in(c, 8),
        .match_key_count = one_in(c, 5) ? 1 + below(c, 2) : 0,
        .match_keys = match_keys,
        .mismatch_key_count = one_in(c, 8),
        .mismatch_keys = match_keys};
}

static void give_affinity(struct cluster *c, struct kind *k)
{
    struct pod_affinity *both[] = {&k->t.near, &k->t.apart};

    for (size_t i = 0; i < 4; i++) {
        k->terms[i] = term_of(c, k);
        k->prefers[i] =
            (struct preferred_pod_term){1 + (int)below(c, 100), term_of(c, k)};
    }
    for (size_t i = 0; i < 2; i++)
        *both[i] =
            (struct pod_affinity){one_in(c, 2) ? below(c, 3) : 0, below(c, 3),
                                  &k->terms[2 * i], &k->prefers[2 * i]};
}

static void give_spread(struct cluster *c, struct kind *k)
{
    k->t.spread = k->spread;
    k->t.spread_count = below(c, 4);
    for (size_t i = 0; i < k->t.spread_count; i++)
        k->spread[i] = (struct spread_constraint){
            .max_skew = 1 + (int)below(c, 3),
            .topology_key = keys[i],
            .schedule_anyway = one_in(c, 2),
            .selector_given = !one_in(c, 10),
            .selector = selector_of(c, k, i),
            .min_domains = one_in(c, 3) ? (int)below(c, 5) : 0,
            .honor_node_affinity = !one_in(c, 3),
            .honor_node_taints = one_in(c, 3),
            .label_key_count = one_in(c, 3) ? 1 + below(c, 2) : 0,
            .label_keys = match_keys};
}

static void give_node_affinity(struct cluster *c, struct kind *k)
{
    k->values[2] = zones[below(c, 3)];
    k->wants[2] = (struct requirement){
        ZONE, one_in(c, 2) ? SELECTOR_IN : SELECTOR_NOT_IN, 1, &k->values[2]};
    k->term = (struct node_selector_term){1, &k->wants[2], 0, NULL};
    k->preferred = (struct preferred_node_term){5, k->term};
    k->t.affinity = (struct node_affinity){
        one_in(c, 4), below(c, 2), below(c, 2), &k->term, &k->preferred};
}

static void give_resources(struct cluster *c, struct kind *k)
{
    k->gpu =
        (struct extended_resource){"example.com/gpu", (int64_t)below(c, 3)};
    k->t.requests = (struct resources){.cpu = 100 * (int64_t)below(c, 12),
                                       .memory = (int64_t)below(c, 8) << 27,
                                       .storage = (int64_t)below(c, 2) << 28,
                                       .count = one_in(c, 3),
                                       .items = &k->gpu};
    k->t.scored_cpu = k->t.requests.cpu ? k->t.requests.cpu : 100;
    k->t.scored_memory =
        k->t.requests.memory ? k->t.requests.memory : INT64_C(200) << 20;
}

static void give_containers(struct cluster *c, struct kind *k)
{
    static const char *const images[] = {"big:1", "small:1"};

    k->port = (struct container_port){.host_port = 80 + (int)below(c, 2),
                                      .udp = one_in(c, 3)};
    for (size_t i = 0; i < 2; i++)
        k->containers[i] =
            (struct container){.image = images[below(c, 2)],
                               .port_count = i == 0 && one_in(c, 5),
                               .ports = &k->port};
    k->t.container_count = 1 + below(c, 2);
    k->t.containers = k->containers;
}

static void make_kind(struct cluster *c, size_t i)
{
    struct kind *k = &c->kinds[i];
    size_t app = below(c, COUNT(apps));

    k->labels[0] = (struct label){"app", apps[app]};
    k->labels[1] = (struct label){"tier", apps[below(c, 2)]};
    k->t.labels = (struct labels){1 + below(c, 2), k->labels};
    k->space = spaces[one_in(c, 4)];
    k->t.hash = below(c, COUNT(hashes));
    k->owner = one_in(c, 2) ? &c->selectors[app] : NULL;
    k->hashed = k->owner && one_in(c, 2);
    k->services = one_in(c, 2) ? 1 : 0;
    c->full[i][0] = k->labels[0]; /* sorted by key, as all labels are */
    c->full[i][1 + k->hashed] = k->labels[1];
    if (k->hashed)
        c->full[i][1] = (struct label){hash_key, hashes[k->t.hash]};
    give_resources(c, k);
    give_containers(c, k);
    if (one_in(c, 3))
        give_affinity(c, k);
    if (one_in(c, 2))
        give_spread(c, k);
    if (one_in(c, 4))
        give_node_affinity(c, k);
    k->selected = (struct label){ZONE, zones[below(c, 3)]};
    k->t.node_selector = (struct labels){one_in(c, 6), &k->selected};
    k->tolerations[0] = (struct toleration){
        one_in(c, 4) ? NULL : keys[1 + below(c, 2)], true,      "",
        one_in(c, 2) ? -1 : (int)below(c, 3),        SIM_NEVER, 0};
    k->t.tolerations = k->tolerations;
    k->t.toleration_count = one_in(c, 2);
    k->t.node_name = one_in(c, 30) ? "node-3" : NULL;
}

static struct pod_class *class_of(struct cluster *c, size_t kind)
{
    const struct kind *k = &c->kinds[kind];
    struct pod_class *class =
        framework_class(c->f, &k->t, k->space, k->owner, k->hashed);
    const struct selector *services[] = {&c->selectors[3]};

    framework_class_services(c->f, class, services, k->services);
    return class;
}

static struct naive_pod pod_of(struct cluster *c, size_t kind)
{
    const struct kind *k = &c->kinds[kind];

    return (struct naive_pod){
        .there = true,
        .kind = kind,
        .t = &k->t,
        .labels = {k->t.labels.count + k->hashed, c->full[kind]},
        .space = k->space,
        .owner = k->owner,
        .hash = k->hashed ? hashes[k->t.hash] : NULL,
        .service_count = k->services,
        .services = {&c->selectors[3]}};
}

/* --- the profile --- */

static void make_selectors(struct cluster *c)
{
    for (size_t i = 0; i < 3; i++) {
        c->by_app[i][0] = (struct requirement){"app", SELECTOR_IN, 1, &apps[i]};
        c->selectors[i] = (struct selector){false, 1, c->by_app[i]};
    }
    c->selectors[3] = (struct selector){false, 1, c->by_app[0]};
}

static void make_profile(struct cluster *c)
{
    struct scheduler_config *p = &c->config;

    *p = scheduler_config_default(26 + (int)below(c, 11));
    p->percentage = 100;
    p->strategy = one_in(c, 2) ? SCORE_LEAST_ALLOCATED : SCORE_MOST_ALLOCATED;
    c->refs[0] = resource_ref_make("cpu", 1 + (int64_t)below(c, 3));
    c->refs[1] = resource_ref_make("memory", 1);
    c->refs[2] = resource_ref_make("example.com/gpu", 2);
    p->resources = p->balanced = c->refs;
    p->resource_count = 2 + below(c, 2);
    p->balanced_count = 2 + below(c, 2);
    p->hard_affinity_weight = (int64_t)below(c, 3);
    p->ignore_preferred = one_in(c, 4);
    c->added_wants = (struct requirement){"rack", SELECTOR_IN, 1, zones};
    c->added_preferred = (struct preferred_node_term){
        3, {.expression_count = 1, .expressions = &c->added_wants}};
    c->added = (struct node_affinity){.preferred_count = 1,
                                      .preferred = &c->added_preferred};
    p->added_affinity = one_in(c, 4) ? &c->added : NULL;
    for (size_t i = 0; i < 2; i++)
        c->defaults[i] =
            (struct spread_constraint){.max_skew = 1 + (int)below(c, 3),
                                       .topology_key = keys[i],
                                       .schedule_anyway = one_in(c, 2),
                                       .honor_node_affinity = true};
    p->spread = one_in(c, 3) ? c->defaults : NULL;
    p->spread_count = p->spread ? 2 : 0;
}

static struct cluster *cluster_new(uint64_t seed)
{
    struct cluster *c = mem_zalloc(sizeof *c);

    rng_init(&c->rng, (struct rng_root){seed, 0}, "naive", NULL, 0);
    c->naive.config = &c->config;
    c->naive.image_name = "big:1";
    make_selectors(c);
    make_profile(c);
    c->f = framework_new(&c->config, 1);
    for (node_id n = 0; n < NAIVE_NODES; n++)
        add_node(c, n);
    for (size_t i = 0; i < KINDS; i++)
        make_kind(c, i);
    return c;
}

#endif
