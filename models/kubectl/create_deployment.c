/* kubectl create deployment web --image=nginx --replicas=3 */
#include "models/kubectl/words.h"

static bool name_is_free(struct loader *l, const struct kubectl_words *words,
                         const char *name, struct diag *diag)
{
    if (!loader_deployment(l, words->space, name))
        return true;
    diag_error(diag, words->place,
               "deployment '%s' is there already in namespace '%s'", name,
               words->space);
    return false;
}

/* Kubernetes' defaults for apps/v1 Deployments (pkg/apis/apps/v1). */
static void fill(struct loader *l, const struct kubectl_words *words,
                 struct deployment_spec *d, const char *image, int port)
{
    d->meta.space = words->space;
    d->meta.place = words->place;
    d->template = loader_simple_template(l, d->meta.name, image, port);
    d->meta.labels = d->template.labels;
    d->selector.count = 1;
    d->selector.items = intern_copy(
        l->intern,
        &(struct requirement){.key = intern(l->intern, "app"),
                              .operator= SELECTOR_IN,
                              .count = 1,
                              .values = intern_copy(l->intern, &d->meta.name, 1,
                                                    sizeof d->meta.name)},
        1, sizeof(struct requirement));
    d->max_surge = d->max_unavailable = (struct int_or_percent){true, 25};
    d->progress_deadline = 600 * SIM_S;
    d->revision_history_limit = 10;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"image", "replicas", "port", NULL};
    struct deployment_spec *d = intern_alloc(loader->intern, sizeof *d);
    const char *image = words_flag(words, "image");
    int64_t replicas = 1, port = 0;
    bool ok = words_check_flags(words, flags, diag);

    ok = words_int(words, "replicas", false, 0, &replicas, diag) && ok;
    ok = words_port(words, "port", false, &port, diag) && ok;
    if (words->count != 3 || !image || !image[0]) {
        diag_error(diag, words->place,
                   "'kubectl create deployment' needs one NAME and --image");
        return NULL;
    }
    d->meta.name = intern(loader->intern, words->items[2]);
    if (!words_new_name(words, d->meta.name, diag) ||
        !name_is_free(loader, words, d->meta.name, diag) || !ok)
        return NULL;
    fill(loader, words, d, intern(loader->intern, image), (int)port);
    d->replicas = (int)replicas;
    VEC_PUSH(loader->later.deployments, d);
    return d;
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    world_deployment_create(s->world, command, origin);
}

const struct kubectl_verb kubectl_create_deployment = {
    .name = "create deployment",
    .summary = "NAME --image=IMAGE [--replicas=N] [--port=P]",
    .parse = parse,
    .run = run,
};
