/*
 * image_locality - prefers nodes that have the pod's images, the more the
 * larger they are and the more nodes have them, so that not all pods go
 * where the first one went (plugins/imagelocality/image_locality.go).
 */
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/framework.h"

/* minThreshold, maxContainerThreshold: 90 % of the images of a public
 * registry lie between. */
static const int64_t least = INT64_C(23) << 20;
static const int64_t most_each = INT64_C(1000) << 20;

/* The images of a class's containers among those heard of: an index for each
 * container that has one. */
struct image_class {
    size_t known; /* images that have been looked at */
    VEC_OF(size_t) images;
};

static void forget(void *state, struct pod_class *class, void *data)
{
    struct image_class *ic = data;

    (void)state;
    (void)class;
    VEC_FREE(ic->images);
    free(ic);
}

/* normalizedImageName: without a tag it is `latest`. */
static bool is_named(const char *image, const char *name)
{
    size_t length = strlen(image);
    const char *slash = strrchr(image, '/'), *tag;

    tag = strrchr(slash ? slash : image, ':');
    if (tag)
        return strcmp(image, name) == 0;
    return strncmp(image, name, length) == 0 &&
           strcmp(name + length, ":latest") == 0;
}

static struct image_class *refresh(const struct cycle *c, void **data)
{
    const struct pod_template *t = c->class->template;
    size_t count = framework_image_count(c->framework);
    struct image_class *ic = *data;

    if (!ic)
        ic = *data = mem_zalloc(sizeof *ic);
    for (; ic->known < count; ic->known++) {
        const char *name = framework_image(c->framework, ic->known)->name;

        for (size_t i = 0; i < t->container_count; i++) {
            const char *image = t->containers[i].image;

            if (image && (image == name || is_named(image, name)))
                VEC_PUSH(ic->images, ic->known);
        }
    }
    return ic;
}

/* Bytes of it, by the share of nodes that have it. */
static int64_t worth(const struct cycle *c, const struct image_state *image)
{
    double share =
        (double)image->nodes / (double)framework_node_count(c->framework);

    return (int64_t)((double)image->size * share);
}

static int64_t points_of(const struct cycle *c, const struct image_class *ic,
                         node_id node)
{
    int64_t most = most_each * (int64_t)c->class->template->container_count;
    int64_t sum = 0;

    for (size_t i = 0; i < ic->images.count; i++) {
        const struct image_state *image =
            framework_image(c->framework, ic->images.items[i]);

        if (node < image->on.count && image->on.items[node])
            sum += worth(c, image);
    }
    sum = sum < least ? least : sum > most ? most : sum;
    return SCORE_MAX * (sum - least) / (most - least);
}

static bool score(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores)
{
    const size_t plugin = framework_plugin_index(&scheduler_image_locality);
    struct image_class *ic;

    (void)state;
    if (framework_image_count(c->framework) == 0)
        return false;
    ic = refresh(c, &c->class->data[plugin]);
    if (ic->images.count == 0)
        return false;
    for (size_t k = 0; k < count; k++)
        scores[k] = points_of(c, ic, nodes[k]);
    return true;
}

const struct scheduler_plugin scheduler_image_locality = {
    .name = "ImageLocality",
    .summary = "prefers nodes that have the pod's images",
    .weight = 1,
    .forget = forget,
    .score = score,
};
