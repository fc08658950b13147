/* kubectl taint nodes NODE... KEY[=VALUE]:EFFECT or KEY[:EFFECT]- (kubectl
 * pkg/cmd/taint). */
#include <string.h>

#include "models/kubectl/changes.h"
#include "models/select.h"

struct change {
    bool removes;
    struct taint taint; /* to remove: effect below 0 is every effect */
    int effect;
};

struct command {
    struct kubectl_changes given;
    struct change *changes; /* given.count of them */
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static bool bad(const struct kubectl_words *words, const char *word,
                const char *expected, struct diag *diag)
{
    diag_error(diag, words->place, "invalid taint '%.200s'", word);
    diag_hint(diag, "%s", expected);
    return false;
}

static bool read_effect(const struct kubectl_words *words, const char *word,
                        const char *text, size_t length, int *out,
                        struct diag *diag)
{
    static const char *const effects[] = {[TAINT_NO_SCHEDULE] = "NoSchedule",
                                          [TAINT_PREFER_NO_SCHEDULE] =
                                              "PreferNoSchedule",
                                          [TAINT_NO_EXECUTE] = "NoExecute"};

    for (int i = 0; i < 3; i++) {
        if (strlen(effects[i]) == length &&
            strncmp(effects[i], text, length) == 0) {
            *out = i;
            return true;
        }
    }
    return bad(words, word,
               "the effect is one of NoSchedule, PreferNoSchedule, NoExecute",
               diag);
}

/* "KEY=VALUE:EFFECT", "KEY:EFFECT", "KEY:EFFECT-", "KEY-" */
static bool read_change(struct loader *l, const struct kubectl_words *words,
                        const char *word, struct change *out, struct diag *diag)
{
    size_t length = strlen(word), key = strcspn(word, "=:");
    const char *colon = memchr(word, ':', length);
    size_t end = length;

    out->removes = word[length - 1] == '-';
    end -= out->removes;
    if (key > end)
        key = end;
    out->taint.key = intern_printf(l->intern, "%.*s", (int)key, word);
    out->taint.value = intern(l->intern, "");
    if (!label_key_ok(out->taint.key))
        return bad(words, word, label_key_expected, diag);
    out->effect = -1;
    if (word[key] == '=' && colon)
        out->taint.value =
            intern_printf(l->intern, "%.*s",
                          (int)(colon - word - (long)key - 1), word + key + 1);
    if (!label_value_ok(out->taint.value))
        return bad(words, word, label_value_expected, diag);
    if (!colon)
        return out->removes || bad(words, word,
                                   "expected KEY[=VALUE]:EFFECT, or KEY- to "
                                   "remove one",
                                   diag);
    return read_effect(words, word, colon + 1, (size_t)(word + end - colon - 1),
                       &out->effect, diag);
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    bool ok = true;

    if (!changes_parse(loader, words, 1U << OBJECT_NODE, "taint",
                       "KEY=VALUE:EFFECT", &c->given, diag))
        return NULL;
    c->changes = intern_alloc(loader->intern,
                              (c->given.count + 1) * sizeof(struct change));
    for (size_t i = 0; i < c->given.count; i++)
        ok = read_change(loader, words, c->given.words[i], &c->changes[i],
                         diag) &&
             ok;
    return ok ? c : NULL;
}

static const struct taint *find(const struct node *node,
                                const struct change *change, int effect)
{
    for (size_t i = 0; i < node->taints.count; i++) {
        const struct taint *t = &node->taints.items[i];

        if ((int)t->effect == effect && strcmp(t->key, change->taint.key) == 0)
            return t;
    }
    return NULL;
}

static void apply_change(struct world *w, const struct node *node,
                         const struct change *change, bool overwrite)
{
    struct taint taint = change->taint;
    const struct taint *there = find(node, change, change->effect);

    if (change->removes) {
        for (int effect = 0; effect < 3; effect++)
            if (change->effect < 0 || change->effect == effect)
                world_node_untaint(w, node->id, taint.key,
                                   (enum taint_effect)effect);
        return;
    }
    taint.effect = (enum taint_effect)change->effect;
    if (there && !overwrite) {
        world_event(w, true, "TaintRefused", node->spec->name,
                    "already has the taint %s with this effect (use "
                    "--overwrite)",
                    taint.key);
        return;
    }
    if (there)
        world_node_untaint(w, node->id, taint.key, taint.effect);
    world_node_taint(w, node->id, taint);
}

static void taint(void *self, uint32_t id)
{
    const struct doing *d = self;
    struct node *node = world_node(d->s->world, id);

    node->origin = d->origin;
    for (size_t i = 0; i < d->command->given.count; i++)
        apply_change(d->s->world, node, &d->command->changes[i],
                     d->command->given.overwrite);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->given.objects, taint, &doing);
}

const struct kubectl_verb kubectl_taint = {
    .name = "taint",
    .summary = "nodes NAME KEY=VALUE:EFFECT (KEY- removes) [--overwrite]",
    .parse = parse,
    .run = run,
};
