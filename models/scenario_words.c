/*
 * kubectl's words: split as a shell does it, flags taken out.
 */
#include <string.h>

#include "models/kubectl/verb.h"
#include "models/scenario_internal.h"

/* Flags that take no value; all others do. */
static const char *const switches[] = {"all",
                                       "all-namespaces",
                                       "cascade",
                                       "delete-emptydir-data",
                                       "disable-eviction",
                                       "delete-local-data",
                                       "force",
                                       "ignore-daemonsets",
                                       "now",
                                       "overwrite",
                                       "record",
                                       "recursive",
                                       "server-side",
                                       "ignore-not-found",
                                       "wait",
                                       NULL};

static const struct {
    char letter;
    const char *name;
} letters[] = {{'n', "namespace"},      {'l', "selector"},  {'f', "filename"},
               {'p', "patch"},          {'o', "output"},    {'r', "replicas"},
               {'A', "all-namespaces"}, {'R', "recursive"}, {'k', "kustomize"}};

/* One word at *text, quotes and backslashes taken off. NULL: a quote is not
 * closed. */
static const char *next_word(struct intern *in, const char **text)
{
    size_t room = strlen(*text) + 1, length = 0;
    char *word = intern_alloc(in, room);
    const char *p = *text;
    char quote = 0;

    for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
        if (quote && *p == quote)
            quote = 0;
        else if (!quote && (*p == '\'' || *p == '"'))
            quote = *p;
        else if (*p == '\\' && p[1] && quote != '\'')
            word[length++] = *++p;
        else
            word[length++] = *p;
    }
    *text = p;
    return quote ? NULL : intern(in, word);
}

static bool is_switch(const char *name)
{
    size_t i;

    for (i = 0; switches[i]; i++)
        if (strcmp(switches[i], name) == 0)
            return true;
    return false;
}

struct splitting {
    struct loader *l;
    const char *text; /* whole, for messages */
    struct place place;
    VEC_OF(const char *) words; /* all, flags too */
    VEC_OF(const char *) items;
    VEC_OF(struct kubectl_flag) flags;
    const char *space;
};

static bool split(struct splitting *s)
{
    const char *p = s->text, *word;

    for (;;) {
        p += strspn(p, " \t\r\n");
        if (!*p)
            return true;
        word = next_word(s->l->intern, &p);
        if (!word) {
            diag_error(s->l->diag, s->place, "a quote is not closed: '%.200s'",
                       s->text);
            return false;
        }
        VEC_PUSH(s->words, word);
    }
}

static void keep_flag(struct splitting *s, struct kubectl_flag flag)
{
    if (strcmp(flag.name, "namespace") == 0 && !flag.bare)
        s->space = flag.value;
    else
        VEC_PUSH(s->flags, flag);
}

/* "--x=y", "--x y", "-n ns", "-nns", "-l=sel". Returns words taken; 0 after
 * an error. */
static size_t take_flag(struct splitting *s, size_t i)
{
    const char *word = s->words.items[i], *value = NULL, *equals;
    struct kubectl_flag flag = {0};
    size_t j, taken = 1;

    if (word[1] == '-') {
        equals = strchr(word, '=');
        flag.name = equals ? intern_printf(s->l->intern, "%.*s",
                                           (int)(equals - word - 2), word + 2)
                           : intern(s->l->intern, word + 2);
        value = equals ? equals + 1 : NULL;
    } else {
        for (j = 0; j < sizeof letters / sizeof letters[0]; j++)
            if (letters[j].letter == word[1])
                break;
        if (j == sizeof letters / sizeof letters[0]) {
            diag_error(s->l->diag, s->place, "unknown flag '%.60s'", word);
            return 0;
        }
        flag.name = intern(s->l->intern, letters[j].name);
        if (word[2])
            value = word + 2 + (word[2] == '=');
    }
    flag.value = intern(s->l->intern, value);
    if (!value && !is_switch(flag.name) && i + 1 < s->words.count) {
        flag.value = s->words.items[i + 1];
        taken = 2;
    }
    flag.bare = !flag.value && !is_switch(flag.name);
    keep_flag(s, flag);
    return taken;
}

static bool sort_words(struct splitting *s)
{
    size_t i = 0, taken;

    if (s->words.count > 0 && strcmp(s->words.items[0], "kubectl") == 0)
        i = 1;
    while (i < s->words.count) {
        const char *word = s->words.items[i];

        if (strcmp(word, "--") == 0)
            return true; /* what follows is a container's command */
        if (word[0] == '-' && word[1]) {
            taken = take_flag(s, i);
            if (taken == 0)
                return false;
            i += taken;
        } else {
            VEC_PUSH(s->items, word);
            i++;
        }
    }
    return true;
}

bool scenario_split_words(struct loader *l, const char *text,
                          struct place place, struct kubectl_words *out)
{
    struct splitting s = {.l = l, .text = text, .place = place};
    bool ok;

    s.space = intern(l->intern, "default");
    ok = split(&s) && sort_words(&s);
    memset(out, 0, sizeof *out);
    out->count = s.items.count;
    out->items = intern_copy(l->intern, s.items.items, s.items.count,
                             sizeof *s.items.items);
    out->flag_count = s.flags.count;
    out->flags = intern_copy(l->intern, s.flags.items, s.flags.count,
                             sizeof *s.flags.items);
    out->space = s.space;
    out->place = place;
    VEC_FREE(s.words);
    VEC_FREE(s.items);
    VEC_FREE(s.flags);
    return ok;
}
