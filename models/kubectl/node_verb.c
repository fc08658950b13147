#include "models/kubectl/node_verb.h"

struct doing {
    struct simulation *s;
    bool unschedulable;
};

const void *node_verb_parse(struct loader *loader,
                            const struct kubectl_words *words,
                            struct diag *diag)
{
    static const char *const flags[] = {"selector", NULL};
    struct kubectl_objects *o = intern_alloc(loader->intern, sizeof *o);
    bool ok = words_check_flags(words, flags, diag);

    ok = words_objects(loader, words, 1, OBJECT_NODE, 1U << OBJECT_NODE, o,
                       diag) &&
         ok;
    return ok ? o : NULL;
}

static void mark(void *self, uint32_t id)
{
    struct doing *d = self;

    world_node_set_unschedulable(d->s->world, id, d->unschedulable);
}

void node_verb_mark(struct simulation *s, const void *command,
                    bool unschedulable)
{
    struct doing doing = {s, unschedulable};

    objects_each(s->world, command, mark, &doing);
}
