/*
 * framework_cache - the scheduler's picture of nodes, and of pods on them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/resources.h"
#include "models/scheduler/framework_private.h"
#include "models/select.h"

/* --- counts of pods by node --- */

static uint32_t slot_of(const struct node_counts *c, node_id node)
{
    uint32_t mask = c->room - 1;
    uint32_t i = (node * UINT32_C(2654435761)) & mask;

    while (c->slots[i].node != NO_ID && c->slots[i].node != node)
        i = (i + 1) & mask;
    return i;
}

uint32_t node_counts_get(const struct node_counts *c, node_id node)
{
    const struct node_count *slot;

    if (c->room == 0)
        return 0;
    slot = &c->slots[slot_of(c, node)];
    return slot->node == node ? slot->count : 0;
}

/* Makes the table anew for as many as are in use: nodes without a pod now
 * are left out. */
static void rehash(struct node_counts *c)
{
    struct node_count *old = c->slots;
    uint32_t room = c->room, used = 0;

    for (uint32_t i = 0; i < room; i++)
        used += old[i].node != NO_ID && old[i].count > 0;
    c->room = 8;
    while (c->room < 4 * (used + 1))
        c->room *= 2;
    c->slots = mem_calloc(c->room, sizeof *c->slots);
    c->used = used;
    for (uint32_t i = 0; i < c->room; i++)
        c->slots[i].node = NO_ID;
    for (uint32_t i = 0; i < room; i++) {
        if (old[i].node != NO_ID && old[i].count > 0)
            c->slots[slot_of(c, old[i].node)] = old[i];
    }
    free(old);
}

static void node_counts_add(struct node_counts *c, node_id node, int delta)
{
    struct node_count *slot;

    if (2 * (c->used + 1) > c->room)
        rehash(c);
    slot = &c->slots[slot_of(c, node)];
    if (slot->node == NO_ID) {
        slot->node = node;
        c->used++;
    }
    assert(delta > 0 || slot->count > 0);
    slot->count += (uint32_t)delta;
}

/* --- nodes --- */

/* Pods may be seen on a node before the node is. */
static struct node_info *node_at(struct framework *f, node_id id)
{
    while (f->nodes.count <= id)
        VEC_PUSH(f->nodes, (struct node_info){0});
    return &f->nodes.items[id];
}

/* Images of a node that comes or goes. */
static void count_images(struct framework *f, node_id id, int delta)
{
    for (size_t i = 0; i < f->images.count; i++) {
        struct image_state *image = &f->images.items[i];

        if (id < image->on.count && image->on.items[id])
            image->nodes += (size_t)delta;
    }
}

static struct image_state *image_named(struct framework *f, const char *name)
{
    for (size_t i = 0; i < f->images.count; i++) {
        if (f->images.items[i].name == name ||
            strcmp(f->images.items[i].name, name) == 0)
            return &f->images.items[i];
    }
    VEC_PUSH(f->images, ((struct image_state){.name = name}));
    return &f->images.items[f->images.count - 1];
}

void framework_node_image(struct framework *f, node_id id,
                          const struct node_image *image)
{
    struct image_state *state = image_named(f, image->name);

    state->size = image->size;
    while (state->on.count <= id)
        VEC_PUSH(state->on, false);
    if (state->on.items[id])
        return;
    state->on.items[id] = true;
    state->nodes += node_at(f, id)->present;
}

size_t framework_node_count(const struct framework *f)
{
    return f->node_count;
}

size_t framework_image_count(const struct framework *f)
{
    return f->images.count;
}

const struct image_state *framework_image(const struct framework *f, size_t i)
{
    assert(i < f->images.count);
    return &f->images.items[i];
}

void framework_node_add(struct framework *f, node_id id,
                        const struct node_spec *spec)
{
    struct node_info *node = node_at(f, id);

    assert(!node->present);
    node->present = true;
    f->node_count++;
    count_images(f, id, 1);
    framework_node_relabel(f, id, spec);
    framework_node_set(f, id, spec->unschedulable, spec->taints,
                       spec->taint_count);
}

void framework_node_remove(struct framework *f, node_id id)
{
    assert(node_at(f, id)->present);
    node_at(f, id)->present = false;
    f->node_count--;
    count_images(f, id, -1);
    f->generation++;
}

void framework_node_relabel(struct framework *f, node_id id,
                            const struct node_spec *spec)
{
    struct node_info *node = node_at(f, id);

    node->spec = spec;
    node->version++;
    node->labelled++;
    f->generation++;
}

void framework_node_set(struct framework *f, node_id id, bool unschedulable,
                        const struct taint *taints, size_t taint_count)
{
    struct node_info *node = node_at(f, id);

    node->version++;
    node->unschedulable = unschedulable;
    node->taints.count = 0;
    for (size_t i = 0; i < taint_count; i++)
        VEC_PUSH(node->taints, taints[i]);
}

uint64_t framework_generation(const struct framework *f)
{
    return f->generation;
}

size_t framework_node_room(const struct framework *f)
{
    return f->nodes.count;
}

const struct node_info *framework_node(const struct framework *f, node_id id)
{
    assert(id < f->nodes.count);
    return &f->nodes.items[id];
}

/* Zones in order of their first node; each gives its next in turn. */
void framework_order(struct framework *f)
{
    VEC_OF(const char *) zones = {0};
    VEC_OF(size_t) next = {0};
    size_t left = 0;

    if (f->order_generation == f->generation)
        return;
    f->order_generation = f->generation;
    f->order.count = 0;
    for (size_t i = 0; i < f->nodes.count; i++) {
        const struct node_info *node = &f->nodes.items[i];
        size_t z = 0;

        if (!node->present)
            continue;
        left++;
        while (z < zones.count && strcmp(zones.items[z], node->spec->zone) != 0)
            z++;
        if (z == zones.count) {
            VEC_PUSH(zones, node->spec->zone);
            VEC_PUSH(next, i);
        }
    }
    for (size_t z = 0; left > 0; z = (z + 1) % zones.count) {
        size_t i = next.items[z];

        while (i < f->nodes.count &&
               (!f->nodes.items[i].present ||
                strcmp(f->nodes.items[i].spec->zone, zones.items[z]) != 0))
            i++;
        next.items[z] = i + 1;
        if (i < f->nodes.count) {
            VEC_PUSH(f->order, (node_id)i);
            left--;
        }
    }
    VEC_FREE(zones);
    VEC_FREE(next);
}

/* --- classes --- */

static bool same_shape(const struct pod_shape *p, const struct pod_class *q)
{
    const struct pod_template *a = p->template, *b = q->template;
    const struct resources *x = &a->requests, *y = &b->requests;

    if (p->config != q->config || x->cpu != y->cpu || x->memory != y->memory ||
        x->storage != y->storage || x->count != y->count ||
        a->scored_cpu != b->scored_cpu || a->scored_memory != b->scored_memory)
        return false;
    for (size_t i = 0; i < x->count; i++) {
        if (x->items[i].quantity != y->items[i].quantity ||
            strcmp(x->items[i].name, y->items[i].name) != 0)
            return false;
    }
    return true;
}

static uint32_t shape_of(struct framework *f, const struct pod_class *class)
{
    size_t i = 0;

    while (i < f->shapes.count && !same_shape(&f->shapes.items[i], class))
        i++;
    if (i == f->shapes.count)
        VEC_PUSH(f->shapes,
                 ((struct pod_shape){class->config, class->template}));
    return (uint32_t)i;
}

static const struct scheduler_config *profile_of(const struct framework *f,
                                                 const struct pod_template *t)
{
    size_t i = 0;

    while (i < f->profile_count && !profile_is(&f->profiles[i], t))
        i++;
    return &f->profiles[i < f->profile_count ? i : 0];
}

static struct pod_class **hash_bucket(struct framework *f, uint64_t hash)
{
    return &f->hashed[hash % CLASS_BUCKETS];
}

struct pod_class *framework_class_hashed(const struct framework *f,
                                         uint64_t hash)
{
    return f->hashed[hash % CLASS_BUCKETS];
}

static struct pod_class *make_class(struct framework *f,
                                    const struct pod_template *template,
                                    const char *space,
                                    const struct selector *owner, bool hashed)
{
    struct pod_class *class = mem_zalloc(sizeof *class);

    class->id = (uint32_t)f->classes.count;
    class->template = template;
    class->bits = labels_bits(&template->labels);
    class->config = profile_of(f, template);
    class->space = space;
    class->owner = owner;
    class->hashed = hashed;
    class->shape = shape_of(f, class);
    class->data = mem_calloc(f->plugin_count, sizeof *class->data);
    VEC_PUSH(f->classes, class);
    if (hashed) {
        class->next_hashed = *hash_bucket(f, template->hash);
        *hash_bucket(f, template->hash) = class;
    }
    return class;
}

static struct pod_class **bucket_of(struct framework *f,
                                    const struct pod_template *template)
{
    return &f->buckets[((uintptr_t) template >> 4) % CLASS_BUCKETS];
}

struct pod_class *framework_class(struct framework *f,
                                  const struct pod_template *template,
                                  const char *space,
                                  const struct selector *owner, bool hashed)
{
    struct pod_class **bucket = bucket_of(f, template);
    struct pod_class *class = *bucket;

    while (class && (class->template != template || class->owner != owner ||
                     strcmp(class->space, space) != 0))
        class = class->next;
    if (!class) {
        class = make_class(f, template, space, owner, hashed);
        class->next = *bucket;
        *bucket = class;
    }
    class->references++;
    return class;
}

static void free_class(struct framework *f, struct pod_class *class)
{
    for (size_t i = 0; i < f->plugin_count; i++) {
        if (class->data[i] && scheduler_plugins[i]->forget)
            scheduler_plugins[i]->forget(f->states[i], class, class->data[i]);
    }
    f->classes.items[class->id] = NULL;
    VEC_FREE(class->services);
    free(class->live.slots);
    free(class->dying.slots);
    free(class->data);
    free(class);
}

void framework_class_release(struct framework *f, struct pod_class *class)
{
    struct pod_class **at = bucket_of(f, class->template);

    assert(class->references > 0);
    if (--class->references > 0)
        return;
    while (*at != class)
        at = &(*at)->next;
    *at = class->next;
    if (class->hashed) {
        at = hash_bucket(f, class->template->hash);
        while (*at != class)
            at = &(*at)->next_hashed;
        *at = class->next_hashed;
    }
    free_class(f, class);
}

void framework_class_services(struct framework *f, struct pod_class *class,
                              const struct selector *const *selectors,
                              size_t count)
{
    (void)f;
    class->services.count = 0;
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(class->services, selectors[i]);
}

uint32_t framework_class_count(const struct framework *f)
{
    return (uint32_t)f->classes.count;
}

struct pod_class *framework_class_at(const struct framework *f, uint32_t id)
{
    assert(id < f->classes.count);
    return f->classes.items[id];
}

/* --- pods --- */

static void account(struct node_info *node, const struct pod_template *t,
                    int sign)
{
    node->version++;
    resources_account(&node->requested, &t->requests, sign);
    node->scored_cpu += sign * t->scored_cpu;
    node->scored_memory += sign * t->scored_memory;
    assert(node->requested.pods >= 0);
}

static void count(struct framework *f, struct pod_class *class, node_id node,
                  int delta)
{
    node_counts_add(&class->live, node, delta);
    for (size_t i = 0; i < f->plugin_count; i++) {
        if (class->data[i] && scheduler_plugins[i]->counted)
            scheduler_plugins[i]->counted(f->states[i], class->data[i], node,
                                          delta);
    }
}

void framework_pod_add(struct framework *f, struct pod_class *class,
                       node_id node, bool terminating)
{
    account(node_at(f, node), class->template, 1);
    if (terminating)
        node_counts_add(&class->dying, node, 1);
    else
        count(f, class, node, 1);
}

void framework_pod_terminates(struct framework *f, struct pod_class *class,
                              node_id node)
{
    count(f, class, node, -1);
    node_counts_add(&class->dying, node, 1);
}

void framework_pod_remove(struct framework *f, struct pod_class *class,
                          node_id node, bool terminating)
{
    account(node_at(f, node), class->template, -1);
    if (terminating)
        node_counts_add(&class->dying, node, -1);
    else
        count(f, class, node, -1);
}

/* --- life --- */

struct framework *framework_new(const struct scheduler_config *profiles,
                                size_t count)
{
    struct framework *f = mem_zalloc(sizeof *f);

    assert(count > 0);
    f->profile_count = count;
    f->profiles = mem_calloc(count, sizeof *f->profiles);
    memcpy(f->profiles, profiles, count * sizeof *profiles);
    f->preferred = NO_ID;
    while (scheduler_plugins[f->plugin_count])
        f->plugin_count++;
    assert(f->plugin_count <= SCHEDULER_PLUGIN_MAX);
    for (size_t i = 0; i < f->plugin_count; i++) {
        const struct scheduler_plugin *p = scheduler_plugins[i];

        f->states[i] = mem_zalloc(p->state_size);
        if (p->init)
            p->init(f->states[i], f);
    }
    return f;
}

void framework_free(struct framework *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->classes.count; i++) {
        if (f->classes.items[i])
            free_class(f, f->classes.items[i]);
    }
    for (size_t i = 0; i < f->plugin_count; i++) {
        if (scheduler_plugins[i]->release)
            scheduler_plugins[i]->release(f->states[i]);
        free(f->states[i]);
    }
    for (size_t i = 0; i < f->nodes.count; i++) {
        VEC_FREE(f->nodes.items[i].taints);
        free((void *)f->nodes.items[i].requested.items);
    }
    for (size_t i = 0; i < f->images.count; i++)
        VEC_FREE(f->images.items[i].on);
    VEC_FREE(f->images);
    VEC_FREE(f->nodes);
    VEC_FREE(f->order);
    VEC_FREE(f->classes);
    VEC_FREE(f->shapes);
    VEC_FREE(f->feasible);
    VEC_FREE(f->scores);
    VEC_FREE(f->totals);
    VEC_FREE(f->diagnosis.reasons);
    VEC_FREE(f->diagnosis.resolvable);
    free(f->profiles);
    free(f);
}
