/*
 * kubelet_image - a node's images: what it has and tells of, pulls and their
 * queue, back-off after pulls that fail (pkg/kubelet/images/image_manager.go,
 * puller.go).
 *
 * Pulls wait for a free place: one, or maxParallelImagePulls. A pull that takes
 * no time asks no registry. One that fails is tried again when the pod is
 * synced (each 10 s, up to half as long again) and its back-off is over.
 */
#include "models/kubelet_private.h"
#include "models/select.h"

static bool has_image(const struct kubelet_node *node, const char *image)
{
    for (size_t i = 0; i < node->images.count; i++) {
        if (image_is(node->images.items[i].name, image))
            return true;
    }
    return false;
}

/* The API hears of images with the node's status, from the list that the
 * kubelet makes of them now and then (images/image_gc_manager.go). */
static void on_listed(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;
    struct kubelet_node *node = kubelet_node(k, id);

    (void)sim;
    if (node->boot != args.detail || world_node(k->world, id)->deleted ||
        !node->linked)
        return;
    for (; node->images_told < node->images.count; node->images_told++)
        if (node->images.items[node->images_told].size > 0)
            world_node_report_image(k->world, id,
                                    node->images.items[node->images_told]);
}

static const struct event_type listed_event = {"kubelet.images", 0, on_listed};

void kubelet_list_images(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);
    sim_time period = k->params->image_list_period;
    sim_time since = kubelet_now(k) - node->list_phase;

    if (node->images_told < node->images.count)
        sim_at(k->s->sim,
               kubelet_now(k) + (since < 0 ? -since : period - since % period),
               &listed_event, k, (struct event_args){id, node->boot});
}

static void add_image(struct kubelets *k, node_id id, struct node_image image)
{
    struct kubelet_node *node = kubelet_node(k, id);

    if (has_image(node, image.name))
        return;
    VEC_PUSH(node->images, image);
    if (image.size == 0 && node->images_told + 1 == node->images.count)
        node->images_told++; /* not known: nothing to tell */
    else if (node->images_told + 1 == node->images.count)
        kubelet_list_images(k, id);
}

static struct node_image image_of(const struct kubelets *k,
                                  const struct pod *pod)
{
    return (struct node_image){
        pod->template->containers[pod->kubelet->next].image,
        kubelet_workload(k, pod)->image_size};
}

void kubelet_has_images(struct kubelets *k, node_id id)
{
    const struct node_spec *spec = world_node(k->world, id)->spec;
    struct kubelet_node *node = kubelet_node(k, id);
    struct rng rng;

    node->registry = token_bucket_make(k->params->registry_pull_qps,
                                       k->params->registry_burst);
    rng_init(&rng, k->s->root, "kubelet.images", spec->name, 0);
    node->list_phase =
        (sim_time)(rng_uniform(&rng) * (double)k->params->image_list_period);
    for (size_t i = 0; i < spec->image_count; i++)
        VEC_PUSH(node->images, spec->images[i]);
    node->images_told = node->images.count;
}

/* --- pulls --- */

static const struct container *next_container(const struct pod *pod)
{
    return &pod->template->containers[pod->kubelet->next];
}

bool kubelet_must_pull(struct kubelets *k, const struct pod *pod)
{
    const char *image = next_container(pod)->image;

    return pod->template->cannot_start ||
           (image && !has_image(kubelet_node(k, pod->node), image));
}

static size_t places(const struct kubelets *k)
{
    return k->params->serial_image_pulls
               ? 1
               : (size_t)k->params->max_parallel_image_pulls;
}

static const char *image_name(const struct pod *pod)
{
    const char *image = next_container(pod)->image;

    return image ? image : "";
}

static void on_sync(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (pod)
        kubelet_start_further(k, pod);
}

static const struct event_type sync_event = {"kubelet.sync", 0, on_sync};

/* The pod is looked at again later. */
static void sync_later(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->stamp = ++kp->clock;
    sim_after(k->s->sim,
              kubelet_sync_backoff(k, pod, kp->next + 1, kp->syncs++),
              &sync_event, k, kubelet_args(kp, 0, 0, kp->stamp));
}

static void pull_failed(struct kubelets *k, struct pod *pod, const char *why)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[kp->next];
    const struct backoff_limits limits = {k->params->image_backoff_base,
                                          k->params->image_backoff_max,
                                          2 * k->params->image_backoff_max};

    kubelet_backoff_next(&c->pull, &limits, kubelet_now(k), kubelet_now(k));
    kubelet_pod_event(k, pod, true, "Failed", "ErrImagePull: image %s: %s",
                      image_name(pod), why);
    kubelet_tell(k, pod);
    sync_later(k, pod);
}

static void pull_next(struct kubelets *k, node_id id);

static void on_pulled(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)(args.subject & UINT32_MAX);
    struct kubelet_node *node = kubelet_node(k, id);
    struct image_pull pull;
    struct pod *pod;
    size_t i = 0;

    (void)sim;
    if (node->boot != args.detail)
        return;
    while (node->pulls.items[i].number != args.subject >> 32)
        i++;
    pull = node->pulls.items[i];
    node->pulls.items[i] = node->pulls.items[--node->pulls.count];
    pod = world_pod(k->world, pull.wait.pod);
    if (pod && pod->kubelet->stamp != pull.wait.stamp)
        pod = NULL; /* it waits no more */
    if (pull.fails) {
        if (pod)
            pull_failed(k, pod, "not found");
    } else {
        add_image(k, id, pull.image);
        if (pod) {
            kubelet_pod_event(k, pod, false, "Pulled", "image %s",
                              pull.image.name);
            kubelet_start_further(k, pod);
        }
    }
    pull_next(k, id);
}

static const struct event_type pulled_event = {"kubelet.pulled", 0, on_pulled};

/* How long it takes; side by side, one that is under way is joined. */
static sim_time pull_time(const struct kubelets *k, const struct pod *pod)
{
    const struct kubelet_node *node = &k->nodes.items[pod->node];
    const struct kubelet_pod *kp = pod->kubelet;
    sim_time now = kubelet_now(k), delay;

    if (pod->template->cannot_start)
        return kubelet_draw(k, pod, &k->params->image_pull_failure,
                            "kubelet.image-pull-failure", kp->next, kp->syncs);
    delay = kubelet_draw(k, pod, &kubelet_workload(k, pod)->image_pull,
                         "kubelet.image-pull", kp->next, 0);
    for (size_t i = 0; i < node->pulls.count; i++) {
        const struct image_pull *p = &node->pulls.items[i];

        if (!p->fails && image_is(p->image.name, image_name(pod)) &&
            p->end - now < delay)
            delay = p->end - now;
    }
    return delay;
}

static void pull_now(struct kubelets *k, struct pod *pod,
                     struct image_wait wait)
{
    struct kubelet_node *node = kubelet_node(k, pod->node);
    sim_time now = kubelet_now(k), delay = pull_time(k, pod);
    struct image_pull pull = {.number = node->pull_number++,
                              .image = image_of(k, pod),
                              .wait = wait,
                              .fails = pod->template->cannot_start};

    if (delay > 0 && !token_bucket_try(&node->registry, now)) {
        pull_failed(k, pod, "pull QPS exceeded");
        return;
    }
    pull.end = delay > SIM_NEVER - now ? SIM_NEVER : now + delay;
    VEC_PUSH(node->pulls, pull);
    sim_at(k->s->sim, pull.end, &pulled_event, k,
           (struct event_args){pod->node | (uint64_t)pull.number << 32,
                               node->boot});
}

/* Begins pulls of those that still wait, while there are places. */
static void pull_next(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    while (node->pulls.count < places(k) && node->head < node->queue.count) {
        struct image_wait wait = node->queue.items[node->head++];
        struct pod *pod = world_pod(k->world, wait.pod);

        if (!pod || pod->kubelet->stamp != wait.stamp)
            continue;
        if (kubelet_must_pull(k, pod))
            pull_now(k, pod, wait);
        else
            kubelet_start_further(k, pod);
    }
    if (node->head == node->queue.count)
        node->head = node->queue.count = 0;
}

void kubelet_pull(struct kubelets *k, struct pod *pod)
{
    struct kubelet_node *node = kubelet_node(k, pod->node);
    struct kubelet_pod *kp = pod->kubelet;
    const struct backoff *b = &kp->containers[kp->next].pull;

    if (b->wait > 0 && kubelet_now(k) < b->updated + b->wait) {
        kubelet_pod_event(k, pod, true, "BackOff", "ImagePullBackOff: image %s",
                          image_name(pod));
        sync_later(k, pod);
        return;
    }
    kubelet_pod_event(k, pod, false, "Pulling", "image %s", image_name(pod));
    kp->stamp = ++kp->clock;
    VEC_PUSH(node->queue, ((struct image_wait){pod->id, kp->stamp}));
    pull_next(k, pod->node);
}

void kubelet_forget_pulls(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    node->queue.count = node->head = node->pulls.count = 0;
    if (!k->params->node_keeps_images)
        node->images.count = node->images_told = 0;
}
