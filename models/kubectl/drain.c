/* kubectl drain NODE...: see models/drain.h. */
#include "models/drain.h"
#include "models/kubectl/words.h"

struct command {
    struct kubectl_objects nodes;
    struct drain_options options;
};

/* Nodes that the words name. */
struct naming {
    node_id *nodes;
    size_t count;
};

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"ignore-daemonsets",
                                        "delete-emptydir-data",
                                        "force",
                                        "grace-period",
                                        "timeout",
                                        "disable-eviction",
                                        "pod-selector",
                                        "selector",
                                        NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    int64_t grace = -1;
    bool ok = words_check_flags(words, flags, diag);

    c->options.timeout = 0;
    ok = words_int(words, "grace-period", false, -1, &grace, diag) && ok;
    ok = words_duration(words, "timeout", &c->options.timeout, diag) && ok;
    ok = words_objects(loader, words, 1, OBJECT_NODE, 1U << OBJECT_NODE,
                       &c->nodes, diag) &&
         ok;
    if (words_flag(words, "pod-selector")) {
        c->options.by_selector = true;
        ok = loader_parse_selector(loader, words_flag(words, "pod-selector"),
                                   words->place, &c->options.pods) &&
             ok;
    }
    c->options.ignore_daemonsets = words_has(words, "ignore-daemonsets");
    c->options.force = words_has(words, "force");
    c->options.by_delete = words_has(words, "disable-eviction");
    c->options.grace = grace < 0 ? -1 : grace * SIM_S;
    if (c->options.timeout == 0)
        c->options.timeout = SIM_NEVER;
    return ok ? c : NULL;
}

static void name(void *self, uint32_t id)
{
    struct naming *naming = self;

    naming->nodes[naming->count++] = id;
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct naming naming = {
        world_alloc(s->world, s->world->nodes.count * sizeof *naming.nodes + 1),
        0};

    objects_each(s->world, &c->nodes, name, &naming);
    drain_begin(s, &c->options, naming.nodes, naming.count, origin);
}

const struct kubectl_verb kubectl_drain = {
    .name = "drain",
    .summary = "NODE --ignore-daemonsets: cordon, then evict its pods",
    .parse = parse,
    .run = run,
};
