#include <assert.h>
#include <string.h>

#include "models/kubelet_private.h"
#include "models/network/ipam.h"
#include "models/select.h"
#include "models/traffic/server.h"

/* A pod whose sync failed is tried again after so long, up to half as long
 * again (Kubernetes pkg/kubelet: backOffPeriod, pod_workers.go
 * workerBackOffPeriodJitterFactor). */
static const sim_time sync_backoff = 10 * SIM_S;
static const double sync_jitter = 0.5;

static void start_further(struct kubelets *k, struct pod *pod);

/* --- sandbox --- */

static void on_sandbox(struct sim *sim, void *self, struct event_args args);
static const struct event_type sandbox_event = {"kubelet.sandbox", 0,
                                                on_sandbox};

static void on_retry(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (pod)
        kubelet_start_sandbox(k, pod);
}

static const struct event_type retry_event = {"kubelet.sandbox-retry", 0,
                                              on_retry};

static void sandbox_failed(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct rng rng;
    double jitter;

    kubelet_pod_event(k, pod, true, "FailedCreatePodSandBox",
                      "no IP addresses available in the node's range");
    rng_init(&rng, k->s->root, "kubelet.sync-backoff", pod->stream_owner,
             pod->ordinal);
    rng_seek(&rng, kp->tries, 0);
    jitter = 1 + sync_jitter * rng_uniform(&rng);
    kp->stamp = ++kp->clock;
    sim_after(k->s->sim, (sim_time)((double)sync_backoff * jitter),
              &retry_event, k, kubelet_args(kp, 0, 0, kp->stamp));
}

static void sandbox_made(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    uint32_t ip = ipam_allocate(k->s->ipam, pod->node, pod->id);

    if (!ip) {
        sandbox_failed(k, pod);
        return;
    }
    kp->ip = ip;
    world_pod_set_sandbox(k->world, pod->id, ip);
    kp->stage = STAGE_START;
    kp->next = 0;
    start_further(k, pod);
}

static void on_sandbox(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (pod)
        sandbox_made(k, pod);
}

void kubelet_start_sandbox(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;
    sim_time delay = kubelet_draw(k, pod, &k->params->sandbox,
                                  "kubelet.sandbox", kp->tries++, 0);

    assert(!kp->ip);
    kp->stage = STAGE_SANDBOX;
    kp->stamp = ++kp->clock;
    if (delay == 0)
        sandbox_made(k, pod);
    else
        sim_after(k->s->sim, delay, &sandbox_event, k,
                  kubelet_args(kp, 0, 0, kp->stamp));
}

/* --- images --- */

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
    if (node->boot != args.detail || world_node(k->world, id)->deleted)
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

    rng_init(&rng, k->s->root, "kubelet.images", spec->name, 0);
    node->list_phase =
        (sim_time)(rng_uniform(&rng) * (double)k->params->image_list_period);
    for (size_t i = 0; i < spec->image_count; i++)
        VEC_PUSH(node->images, spec->images[i]);
    node->images_told = node->images.count;
}

static const char *next_image(const struct pod *pod)
{
    return pod->template->containers[pod->kubelet->next].image;
}

static sim_time pull_time(const struct kubelets *k, const struct pod *pod)
{
    return kubelet_draw(k, pod, &kubelet_workload(k, pod)->image_pull,
                        "kubelet.image-pull", pod->kubelet->next, 0);
}

static void pull_next(struct kubelets *k, node_id id);

/* One image at a time: the node's turn passes on whether or not the pod
 * that waited for it still does. */
static void on_pulled(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;
    struct kubelet_node *node = kubelet_node(k, id);
    struct image_wait wait = node->puller;
    struct pod *pod = world_pod(k->world, wait.pod);

    (void)sim;
    if (node->boot != args.detail)
        return;
    node->pulling = false;
    add_image(k, id, node->pulled);
    if (pod && pod->kubelet->stamp == wait.stamp) {
        kubelet_pod_event(k, pod, false, "Pulled", "image %s",
                          node->pulled.name);
        start_further(k, pod);
    }
    pull_next(k, id);
}

static const struct event_type pulled_event = {"kubelet.pulled", 0, on_pulled};

/* Takes the next one that still waits. */
static void pull_next(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    while (!node->pulling && node->head < node->queue.count) {
        struct image_wait wait = node->queue.items[node->head++];
        struct pod *pod = world_pod(k->world, wait.pod);

        if (!pod || pod->kubelet->stamp != wait.stamp)
            continue;
        if (has_image(node, next_image(pod))) {
            start_further(k, pod);
            continue;
        }
        node->pulling = true;
        node->puller = wait;
        node->pulled = image_of(k, pod);
        sim_after(k->s->sim, pull_time(k, pod), &pulled_event, k,
                  (struct event_args){id, node->boot});
    }
    if (node->head == node->queue.count)
        node->head = node->queue.count = 0;
}

static void on_pulled_aside(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_stage_event(k, args);

    (void)sim;
    if (!pod)
        return;
    add_image(k, pod->node, image_of(k, pod));
    kubelet_pod_event(k, pod, false, "Pulled", "image %s", next_image(pod));
    start_further(k, pod);
}

static const struct event_type pulled_aside_event = {"kubelet.pulled", 0,
                                                     on_pulled_aside};

/* Pulls side by side; one of the same image is joined. */
static void pull_aside(struct kubelets *k, struct pod *pod)
{
    struct kubelet_node *node = kubelet_node(k, pod->node);
    struct kubelet_pod *kp = pod->kubelet;
    sim_time now = kubelet_now(k), delay = pull_time(k, pod);
    size_t live = 0;
    bool joined = false;

    for (size_t i = 0; i < node->pulls.count; i++) {
        const struct image_pull *p = &node->pulls.items[i];

        if (p->end <= now)
            continue;
        if (image_is(p->image, next_image(pod)) && p->end - now < delay) {
            delay = p->end - now;
            joined = true;
        }
        node->pulls.items[live++] = *p;
    }
    node->pulls.count = live;
    if (!joined && delay < SIM_NEVER - now)
        VEC_PUSH(node->pulls,
                 ((struct image_pull){next_image(pod), now + delay}));
    sim_after(k->s->sim, delay, &pulled_aside_event, k,
              kubelet_args(kp, 0, 0, kp->stamp));
}

static void pull(struct kubelets *k, struct pod *pod)
{
    struct kubelet_node *node = kubelet_node(k, pod->node);
    struct kubelet_pod *kp = pod->kubelet;

    kubelet_pod_event(k, pod, false, "Pulling", "image %s", next_image(pod));
    kp->stamp = ++kp->clock;
    if (!k->params->serial_image_pulls) {
        pull_aside(k, pod);
        return;
    }
    VEC_PUSH(node->queue, ((struct image_wait){pod->id, kp->stamp}));
    pull_next(k, pod->node);
}

void kubelet_forget_pulls(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    node->queue.count = node->head = node->pulls.count = 0;
    node->pulling = false;
    if (!k->params->node_keeps_images)
        node->images.count = node->images_told = 0;
}

/* --- containers --- */

static void listen_now(struct kubelets *k, struct pod *pod, uint32_t i)
{
    pod->kubelet->containers[i].open = true;
    server_open(k->s->servers, pod);
}

static void on_startup(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    struct pod *pod = kubelet_container_event(k, args);

    (void)sim;
    if (pod && !pod->kubelet->containers[kubelet_arg_container(args)].closed)
        listen_now(k, pod, kubelet_arg_container(args));
}

static const struct event_type startup_event = {"kubelet.startup", 0,
                                                on_startup};

void kubelet_start_container(struct kubelets *k, struct pod *pod, uint32_t i)
{
    struct kubelet_pod *kp = pod->kubelet;
    struct kubelet_container *c = &kp->containers[i];
    const struct container *spec = &pod->template->containers[i];
    sim_time delay;

    c->stage = CONTAINER_RUNNING;
    c->open = c->stopping = c->signalled = c->closed = c->idle = false;
    c->exit_ok = c->done = false;
    c->stamp = ++kp->clock;
    c->started_at = kubelet_now(k);
    kubelet_pod_event(k, pod, false, "Started", "container %s", spec->name);
    if (i == kp->serving) {
        delay = kubelet_draw(k, pod, &kubelet_workload(k, pod)->startup,
                             "kubelet.startup", c->runs, 0);
        if (delay == 0)
            listen_now(k, pod, i);
        else
            sim_after(k->s->sim, delay, &startup_event, k,
                      kubelet_args(kp, i, 0, c->stamp));
    }
    kp->restarts += c->runs++ > 0;
    kubelet_set_exit(k, pod, i);
    kubelet_start_probes(k, pod, i);
}

static void all_started(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    kp->stage = STAGE_RUN;
    kp->stamp = ++kp->clock;
    kubelet_tell(k, pod);
}

/* The containers in order: each image is pulled, then its container started
 * (pkg/kubelet/kuberuntime startContainer). */
static void start_further(struct kubelets *k, struct pod *pod)
{
    struct kubelet_pod *kp = pod->kubelet;

    for (; kp->next < kp->container_count; kp->next++) {
        const struct container *spec = &pod->template->containers[kp->next];

        if (pod->template->cannot_start) {
            kubelet_pod_event(k, pod, true, "Failed", "ErrImagePull: image %s",
                              spec->image ? spec->image : "");
            kubelet_tell(k, pod);
            return;
        }
        if (spec->image &&
            !has_image(kubelet_node(k, pod->node), spec->image)) {
            pull(k, pod);
            return;
        }
        /* An init container runs to its end in no time. */
        if (!spec->init || spec->sidecar)
            kubelet_start_container(k, pod, kp->next);
    }
    all_started(k, pod);
}
