/* A rollout of an image that is broken begins: no node can pull it
 * (ImagePullBackOff), or it starts, and its readiness never passes. How many
 * pods it takes away says maxUnavailable; then it stalls. `kubectl rollout
 * undo` mends it, and so does the repair. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "models/failures/failure.h"
#include "models/kubectl/template.h"

struct config {
    bool starts;
};

static const struct param params[] = {
    {.name = "starts",
     .type = PARAM_BOOL,
     .offset = offsetof(struct config, starts),
     .text = "false",
     .help = "it starts, and is never ready; else it cannot be pulled"},
    {0}};

static bool is_broken(const struct pod_template *t)
{
    return t->cannot_start || t->never_ready;
}

/* Another tag, so that it is another template, which no node has. */
static void change_images(struct world *w, struct pod_template *t)
{
    static const char tag[] = "-broken";

    for (size_t i = 0; i < t->container_count; i++) {
        const char *image = t->containers[i].image;
        size_t size = strlen(image) + sizeof tag;
        char *name = world_alloc(w, size);

        snprintf(name, size, "%s%s", image, tag);
        kubectl_change_image(t, i, name);
    }
}

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    const struct deployment *d = s->world->deployments.items[id];
    bool starts = ((const struct config *)config)->starts;
    struct pod_template *t;

    if (is_broken(d->template) || s->world->api_stopped)
        return false;
    t = world_template_copy(s->world, d->template);
    change_images(s->world, t);
    t->never_ready = starts;
    t->cannot_start = !starts;
    world_deployment_set_template(s->world, id, t, origin);
    return true;
}

/* The newest template that works, where nobody has gone back to one. */
static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    struct world *w = s->world;
    const struct deployment *d = w->deployments.items[id];
    const struct replicaset *best = NULL;

    (void)config;
    if (d->deleted || !is_broken(d->template))
        return;
    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            w->replicasets.items[d->replicasets.items[i]];

        if (!is_broken(rs->template) &&
            (!best || rs->revision > best->revision))
            best = rs;
    }
    if (best)
        world_deployment_set_template(w, id, best->template, origin);
}

const struct failure_mode failure_deployment_broken_image = {
    .name = "broken-image",
    .subject = SUBJECT_DEPLOYMENT,
    .summary = "a rollout of pods that never become ready",
    .has_repair = true,
    .params = params,
    .config_size = sizeof(struct config),
    .strike = strike,
    .mend = mend,
};
