/*
 * Nodes, as a cluster's dump or a person gives them.
 */
#include <stdlib.h>
#include <string.h>

#include "models/manifest_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

#define ZONE "topology.kubernetes.io/zone"

/* The labels of a node with those that the kubelet sets where absent. */
static void add_labels(struct loader *l, struct node_spec *node)
{
    const struct label wanted[] = {
        {"kubernetes.io/hostname", node->name},
        {"kubernetes.io/os", "linux"},
        {"kubernetes.io/arch", "amd64"},
        {ZONE, node->zone},
    };
    struct label *items;
    size_t count = node->labels.count, i;

    items = intern_alloc(l->intern, (count + 4) * sizeof *items);
    if (count > 0)
        memcpy(items, node->labels.items, count * sizeof *items);
    for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (labels_get(&node->labels, wanted[i].key) || !*wanted[i].value)
            continue;
        items[count].key = intern(l->intern, wanted[i].key);
        items[count++].value = intern(l->intern, wanted[i].value);
    }
    loader_sort_labels(items, count);
    node->labels.count = count;
    node->labels.items = items;
}

/* Those that controllers put on and take off again are not part of the
 * node: here all nodes begin ready. */
static void drop_transient(struct node_spec *node, struct intern *in)
{
    struct taint *kept =
        intern_copy(in, node->taints, node->taint_count, sizeof *kept);
    size_t n = 0, i;

    for (i = 0; i < node->taint_count; i++)
        if (strncmp(kept[i].key, "node.kubernetes.io/", 19) != 0)
            kept[n++] = kept[i];
    node->taint_count = n;
    node->taints = kept;
}

static bool allocatable_read(struct loader *l, struct doc_node *root,
                             struct node_spec *node)
{
    struct doc_node *status, *from;

    if (!value_mapping(l, root, "status", &status))
        return false;
    from = doc_get(status, "allocatable");
    if (!from)
        from = doc_get(status, "capacity");
    node->allocatable.pods = 110; /* kubelet's maxPods */
    if (from && from->kind == DOC_MAPPING && from->count > 0)
        return value_resources(l, from, &node->allocatable);
    diag_warning(l->diag, node->place,
                 "node '%s' has no 'status.allocatable': taken as 4 CPU, "
                 "16 GiB, 110 pods",
                 node->name);
    node->allocatable.cpu = 4000;
    node->allocatable.memory = INT64_C(16) << 30;
    return true;
}

/* status.images: each name of an image, with its size. */
static bool images_read(struct loader *l, struct doc_node *root,
                        struct node_spec *node)
{
    VEC_OF(struct node_image) images = {0};
    struct doc_node *status, *list, *names, *child, *name;
    struct node_image image;
    bool ok;

    if (!value_mapping(l, root, "status", &status) ||
        !value_sequence(l, status, "images", &list))
        return false;
    ok = true;
    for (child = list ? list->first : NULL; child; child = child->next) {
        const char *size = doc_text(child, "sizeBytes");

        image.size = 0;
        ok = ok && value_sequence(l, child, "names", &names);
        if (!ok || (size && !units_int(size, &image.size))) {
            ok = ok && value_bad(l, doc_get(child, "sizeBytes"), "an integer");
            break;
        }
        for (name = names ? names->first : NULL; name; name = name->next) {
            image.name = intern(l->intern, name->text);
            VEC_PUSH(images, image);
        }
    }
    node->image_count = images.count;
    node->images = intern_copy(l->intern, images.items, images.count,
                               sizeof *images.items);
    VEC_FREE(images);
    return ok;
}

bool manifest_node(struct manifest_object *o)
{
    struct node_spec node = {
        .name = o->meta.name, .labels = o->meta.labels, .place = o->meta.place};
    struct loader *l = o->l;
    struct doc_node *spec;

    node.zone = labels_get(&node.labels, ZONE);
    if (!node.zone)
        node.zone =
            labels_get(&node.labels, "failure-domain.beta.kubernetes.io/zone");
    if (!node.zone)
        node.zone = intern(l->intern, "");
    add_labels(l, &node);
    if (!value_mapping(l, o->root, "spec", &spec) ||
        !allocatable_read(l, o->root, &node) ||
        !images_read(l, o->root, &node) ||
        !taints_read(l, spec, "taints", &node.taint_count, &node.taints) ||
        !value_bool(l, spec, "unschedulable", &node.unschedulable) ||
        !value_text(l, spec, "podCIDR", &node.pod_cidr))
        return false;
    drop_transient(&node, l->intern);
    if (node.pod_cidr && (!*node.pod_cidr || strchr(node.pod_cidr, ':')))
        node.pod_cidr = NULL; /* IPv6 is not modelled */
    VEC_PUSH(o->into->nodes, intern_copy(l->intern, &node, 1, sizeof node));
    return true;
}

bool manifest_namespace(struct manifest_object *o)
{
    static const char key[] = "kubernetes.io/metadata.name";
    struct intern *in = o->l->intern;
    struct meta *space = intern_copy(in, &o->meta, 1, sizeof *space);
    size_t count = space->labels.count;
    struct label *items = intern_alloc(in, (count + 1) * sizeof *items);

    /* Admission sets it, whatever stood there. */
    if (count > 0)
        memcpy(items, space->labels.items, count * sizeof *items);
    if (!labels_get(&space->labels, key)) {
        items[count].key = intern(in, key);
        items[count++].value = space->name;
        loader_sort_labels(items, count);
    }
    space->labels.count = count;
    space->labels.items = items;
    VEC_PUSH(o->into->namespaces, space);
    return true;
}
