/*
 * What follows from a pod template: requests, tolerations, the workload that
 * it is, its hash.
 */
#include <fnmatch.h>
#include <string.h>

#include "models/loader.h"
#include "models/scenario.h"
#include "models/select.h"

/* ---- requests ---- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Without overflow, whatever a manifest asks for. */
static int64_t sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Extended resources of b into a: added, or the larger. */
static void merge_extended(struct intern *in, struct resources *a,
                           const struct resources *b, bool add)
{
    struct extended_resource *items;
    size_t i = 0, j = 0, n = 0;

    if (b->count == 0)
        return;
    items = intern_alloc(in, (a->count + b->count) * sizeof *items);
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1
                    : j == b->count
                        ? -1
                        : strcmp(a->items[i].name, b->items[j].name);
        int64_t left = order <= 0 ? a->items[i].quantity : 0;
        int64_t right = order >= 0 ? b->items[j].quantity : 0;

        items[n].name = order <= 0 ? a->items[i].name : b->items[j].name;
        items[n++].quantity = add ? sum(left, right) : larger(left, right);
        i += order <= 0;
        j += order >= 0;
    }
    a->items = items;
    a->count = n;
}

static void add_resources(struct intern *in, struct resources *a,
                          const struct resources *b)
{
    a->cpu = sum(a->cpu, b->cpu);
    a->memory = sum(a->memory, b->memory);
    a->storage = sum(a->storage, b->storage);
    merge_extended(in, a, b, true);
}

static void max_resources(struct intern *in, struct resources *a,
                          const struct resources *b)
{
    a->cpu = larger(a->cpu, b->cpu);
    a->memory = larger(a->memory, b->memory);
    a->storage = larger(a->storage, b->storage);
    merge_extended(in, a, b, false);
}

/* component-helpers resource.PodRequests: an init container runs beside the
 * sidecars begun before it; the others run together. `scored`: with what the
 * scorers take where nothing is asked for (util.DefaultMilliCPURequest). */
static struct resources sum_requests(struct intern *in,
                                     const struct pod_template *t, bool scored)
{
    struct resources together = {0}, sidecars = {0}, init = {0};
    size_t i;

    for (i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];
        struct resources one = c->requests;

        if (scored && one.cpu == 0 && !c->cpu_given)
            one.cpu = 100;
        if (scored && one.memory == 0 && !c->memory_given)
            one.memory = INT64_C(200) << 20;
        if (!c->init || c->sidecar)
            add_resources(in, &together, &one);
        if (c->sidecar)
            add_resources(in, &sidecars, &one);
        if (c->init && !c->sidecar)
            add_resources(in, &one, &sidecars);
        if (c->init)
            max_resources(in, &init, c->sidecar ? &sidecars : &one);
    }
    max_resources(in, &together, &init);
    add_resources(in, &together, &t->overhead);
    return together;
}

/* ---- tolerations ---- */

static bool tolerates(const struct pod_template *t, const char *key)
{
    size_t i;

    for (i = 0; i < t->toleration_count; i++) {
        const struct toleration *one = &t->tolerations[i];

        if ((!one->key || strcmp(one->key, key) == 0) &&
            (one->effect < 0 || one->effect == TAINT_NO_EXECUTE))
            return true;
    }
    return false;
}

/* plugin/pkg/admission/defaulttolerationseconds */
static void add_tolerations(struct intern *in, struct pod_template *t)
{
    static const char *const keys[] = {"node.kubernetes.io/not-ready",
                                       "node.kubernetes.io/unreachable"};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct toleration *items;

        if (tolerates(t, keys[i]))
            continue;
        items = intern_alloc(in, (t->toleration_count + 1) * sizeof *items);
        if (t->toleration_count > 0)
            memcpy(items, t->tolerations, t->toleration_count * sizeof *items);
        items[t->toleration_count++] = (struct toleration){
            .key = intern(in, keys[i]),
            .exists = true,
            .value = intern(in, ""),
            .effect = TAINT_NO_EXECUTE,
            .seconds = 300 * SIM_S,
        };
        t->tolerations = items;
    }
}

static bool is_daemon_toleration(const struct toleration *t, const char *key)
{
    return t->key && strcmp(t->key, key) == 0 && t->exists;
}

void loader_daemon_tolerations(struct loader *l, struct pod_template *t)
{
    static const struct {
        const char *key;
        int effect;
    } added[] = {
        {"node.kubernetes.io/not-ready", TAINT_NO_EXECUTE},
        {"node.kubernetes.io/unreachable", TAINT_NO_EXECUTE},
        {"node.kubernetes.io/disk-pressure", TAINT_NO_SCHEDULE},
        {"node.kubernetes.io/memory-pressure", TAINT_NO_SCHEDULE},
        {"node.kubernetes.io/pid-pressure", TAINT_NO_SCHEDULE},
        {"node.kubernetes.io/unschedulable", TAINT_NO_SCHEDULE},
        {"node.kubernetes.io/network-unavailable", TAINT_NO_SCHEDULE},
    };
    size_t count = sizeof added / sizeof added[0], kept = 0, i, j;
    struct toleration *items =
        intern_alloc(l->intern, (t->toleration_count + count) * sizeof *items);

    count -= !t->host_network;
    for (i = 0; i < t->toleration_count; i++) {
        for (j = 0; j < count; j++)
            if (is_daemon_toleration(&t->tolerations[i], added[j].key) &&
                t->tolerations[i].effect == added[j].effect)
                break;
        if (j == count)
            items[kept++] = t->tolerations[i];
    }
    for (j = 0; j < count; j++)
        items[kept++] =
            (struct toleration){.key = intern(l->intern, added[j].key),
                                .exists = true,
                                .value = intern(l->intern, ""),
                                .effect = added[j].effect,
                                .seconds = SIM_NEVER};
    t->tolerations = items;
    t->toleration_count = kept;
}

/* ---- workload ---- */

static bool has_image(const struct pod_template *t, const char *pattern)
{
    size_t i;

    for (i = 0; i < t->container_count; i++)
        if (!t->containers[i].init &&
            fnmatch(pattern, t->containers[i].image, 0) == 0)
            return true;
    return false;
}

static uint32_t find_workload(const struct loader *l,
                              const struct pod_template *t)
{
    size_t i;

    for (i = 1; i < l->workload_count; i++) {
        const struct workload *w = &l->workloads[i];

        if (selector_matches(&w->selector, &t->labels) &&
            (!w->image || has_image(t, w->image)))
            return (uint32_t)i;
    }
    return 0;
}

/* ---- hash ---- */

static void hash_number(uint64_t *hash, uint64_t number)
{
    int i;

    for (i = 0; i < 8; i++) {
        *hash ^= number >> (8 * i) & 255;
        *hash *= UINT64_C(1099511628211); /* FNV-1a */
    }
}

static void hash_text(uint64_t *hash, const char *text)
{
    for (; text && *text; text++) {
        *hash ^= (unsigned char)*text;
        *hash *= UINT64_C(1099511628211);
    }
    hash_number(hash, 0);
}

/* What the document said, and what may have been changed since. */
static uint64_t hash_template(const struct pod_template *t)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    size_t i;

    hash_number(&hash, t->written);
    for (i = 0; i < t->labels.count; i++) {
        hash_text(&hash, t->labels.items[i].key);
        hash_text(&hash, t->labels.items[i].value);
    }
    for (i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        hash_text(&hash, c->name);
        hash_text(&hash, c->image);
        hash_number(&hash, (uint64_t)c->requests.cpu);
        hash_number(&hash, (uint64_t)c->requests.memory);
        hash_number(&hash, (uint64_t)c->pre_stop);
    }
    hash_number(&hash, (uint64_t)t->grace_period);
    return hash;
}

void loader_finish_template(struct loader *l, struct pod_template *t)
{
    struct resources scored;

    t->requests = sum_requests(l->intern, t, false);
    scored = sum_requests(l->intern, t, true);
    t->scored_cpu = scored.cpu;
    t->scored_memory = scored.memory;
    add_tolerations(l->intern, t);
    t->workload = find_workload(l, t);
    t->hash = hash_template(t);
}

/* ---- kubectl create deployment ---- */

/* "docker.io/library/nginx:1.27@sha256:..." -> "nginx". */
static const char *image_name(struct intern *in, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *name = slash ? slash + 1 : image;

    return intern_printf(in, "%.*s", (int)strcspn(name, ":@"), name);
}

struct pod_template loader_simple_template(struct loader *l, const char *name,
                                           const char *image, int port)
{
    struct label label = {intern(l->intern, "app"), intern(l->intern, name)};
    struct container_port exposed = {.port = port};
    struct container container = {
        .name = image_name(l->intern, image),
        .image = intern(l->intern, image),
    };
    struct pod_template t = {.grace_period = 30 * SIM_S};

    container.always_pull = !strpbrk(image, ":@");
    if (port > 0) {
        container.port_count = 1;
        container.ports = intern_copy(l->intern, &exposed, 1, sizeof exposed);
    }
    t.labels.count = 1;
    t.labels.items = intern_copy(l->intern, &label, 1, sizeof label);
    t.container_count = 1;
    t.containers = intern_copy(l->intern, &container, 1, sizeof container);
    loader_finish_template(l, &t);
    return t;
}
