/*
 * spec.timeline: kubectl's words, failures set off, other rates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/kubectl/verb.h"
#include "models/scenario_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

/* ---- kubectl ---- */

/* "deploy" and "deployments" are kubectl's words for it too. */
static bool is_word(const char *word, const char *name, size_t length)
{
    if (strlen(word) == length && memcmp(word, name, length) == 0)
        return true;
    return length == 10 && memcmp(name, "deployment", 10) == 0 &&
           (strcmp(word, "deploy") == 0 || strcmp(word, "deployments") == 0 ||
            strcmp(word, "dep") == 0);
}

/* How many words of `name` ("rollout restart") the words begin with; 0: they
 * do not begin so. */
static size_t begins_with(const struct kubectl_words *words, const char *name)
{
    size_t n = 0;

    while (*name) {
        size_t length = strcspn(name, " ");

        if (n == words->count || !is_word(words->items[n], name, length))
            return 0;
        n++;
        name += length;
        name += *name == ' ';
    }
    return n;
}

static const struct kubectl_verb *find_verb(const struct kubectl_words *words)
{
    const struct kubectl_verb *best = NULL;
    size_t most = 0, i;

    for (i = 0; kubectl_verbs[i]; i++) {
        size_t n = begins_with(words, kubectl_verbs[i]->name);

        if (n > most) {
            most = n;
            best = kubectl_verbs[i];
        }
    }
    return best;
}

/* One that kubectl has and the models have not, with its second word where
 * that belongs to it; NULL: none such. */
static const char *planned_verb(struct scenario_reader *r,
                                const struct kubectl_words *words)
{
    static const char *const planned[] = {
        "set", "create", "run", "replace", "rollout", "edit", "evict", NULL};

    for (size_t i = 0; planned[i]; i++) {
        if (begins_with(words, planned[i]) == 0)
            continue;
        return words->count == 1 ? planned[i]
                                 : intern_printf(r->l.intern, "%s %s",
                                                 planned[i], words->items[1]);
    }
    return NULL;
}

static bool unknown_verb(struct scenario_reader *r,
                         const struct kubectl_words *words)
{
    VEC_OF(const char *) names = {0};
    const char *planned = planned_verb(r, words);
    const char *wrong = planned ? planned : words->items[0];

    for (size_t i = 0; kubectl_verbs[i]; i++)
        VEC_PUSH(names, kubectl_verbs[i]->name);
    VEC_PUSH(names, NULL);
    if (planned && !diag_nearest(planned, names.items)) {
        reader_not_yet(r->diag, words->place,
                       intern_printf(r->l.intern, "kubectl %s", planned));
    } else {
        diag_error(r->diag, words->place, "unknown kubectl command '%.60s'",
                   wrong);
        diag_suggest(r->diag, wrong, names.items);
    }
    VEC_FREE(names);
    return false;
}

/* The words without flags: how an entry without a name is called. */
static const char *make_name(struct scenario_reader *r,
                             const struct kubectl_words *words)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < words->count; i++)
        text = intern_printf(r->l.intern, "%s%s%s", text, i ? " " : "",
                             words->items[i]);
    return text;
}

bool scenario_read_kubectl(struct scenario_reader *r, const char *text,
                           struct timeline_spec *out)
{
    struct kubectl_words words;
    size_t errors = diag_errors(r->diag);

    if (!scenario_split_words(&r->l, text, out->place, &words))
        return false;
    out->text =
        intern_printf(r->l.intern, "kubectl %s",
                      strncmp(text, "kubectl ", 8) == 0 ? text + 8 : text);
    if (words.count == 0) {
        diag_error(r->diag, out->place, "'kubectl' needs a command");
        diag_hint(r->diag, "'podchurn list events' has them all");
        return false;
    }
    out->verb = find_verb(&words);
    if (!out->verb)
        return unknown_verb(r, &words);
    if (!out->name)
        out->name = make_name(r, &words);
    out->command = out->verb->parse(&r->l, &words, r->diag);
    if (!out->command && diag_errors(r->diag) == errors)
        diag_error(r->diag, out->place, "bad words for kubectl %s",
                   out->verb->name);
    return out->command;
}

/* ---- fail ---- */

static bool read_fail(struct scenario_reader *r, struct doc_node *node,
                      struct timeline_spec *out)
{
    struct failure_spec *f = intern_alloc(r->l.intern, sizeof *f);
    struct doc_node *pick;
    char *text = NULL;
    size_t size = 0;
    FILE *stream;

    f->place = node->place;
    f->after = f->repair = dist_never();
    f->repairers = INT64_MAX;
    f->target.pick = PICK_ALL;
    pick = doc_get(node, "pick");
    if (!scenario_read_target(r, node, &f->target) ||
        !scenario_read_pick(r, pick, &f->target) ||
        !scenario_find_mode(r, doc_get(node, "mode"), f))
        return false;
    stream = open_memstream(&text, &size);
    doc_print_flow(node, stream);
    fclose(stream);
    out->text = intern_printf(r->l.intern, "fail %s", text);
    free(text);
    if (!out->name)
        out->name = intern_printf(r->l.intern, "fail %s", node->first->key);
    f->name = out->name;
    out->fail = f;
    return true;
}

/* ---- traffic ---- */

/* {users: {rate: 500/s}} or {users: {factor: 2}}; whether there is such an
 * entry is checked when the traffic is known. */
static bool read_traffic(struct scenario_reader *r, struct doc_node *node,
                         struct timeline_spec *out)
{
    struct doc_node *entry = node->first, *value;

    value = entry && entry->kind == DOC_MAPPING ? entry->first : NULL;
    out->traffic_factor = value && strcmp(value->key, "factor") == 0;
    if (node->kind != DOC_MAPPING || node->count != 1 || !value ||
        entry->count != 1 || value->kind != DOC_SCALAR ||
        (!out->traffic_factor && strcmp(value->key, "rate") != 0) ||
        !(out->traffic_factor ? units_ratio : units_rate)(value->text,
                                                          &out->traffic_rate) ||
        out->traffic_rate < 0) {
        diag_error(r->diag, node->place,
                   "expected {NAME: {rate: R}} or {NAME: {factor: F}} for "
                   "'traffic'");
        return false;
    }
    out->traffic = intern(r->l.intern, entry->key);
    out->text = intern_printf(r->l.intern, "traffic %s: %s %s", entry->key,
                              value->key, value->text);
    if (!out->name)
        out->name = intern_printf(r->l.intern, "traffic %s", entry->key);
    return true;
}

/* ---- entries ---- */

static bool entry_read(struct scenario_reader *r, struct raw_timeline *raw,
                       size_t index, struct timeline_spec *out)
{
    struct doc_node *item = reader_item(r, "timeline", index);
    struct doc_node *words = doc_get(item, "kubectl"), *at;
    int count =
        (raw->kubectl != NULL) + (raw->fail != NULL) + (raw->traffic != NULL);
    bool ok;

    memset(out, 0, sizeof *out);
    out->place = item ? item->place : (struct place){0};
    out->at = raw->at;
    out->lasts = raw->lasts;
    out->name = intern(r->l.intern, raw->name);
    if (count != 1) {
        diag_error(r->diag, out->place,
                   "a timeline entry has one of 'kubectl', 'fail' and "
                   "'traffic'");
        return false;
    }
    if (words)
        out->place = words->place;
    if (raw->kubectl)
        ok = scenario_read_kubectl(r, raw->kubectl, out);
    else if (raw->fail)
        ok = read_fail(r, raw->fail, out);
    else
        ok = read_traffic(r, raw->traffic, out);
    if (raw->kubectl && raw->lasts != SIM_NEVER) {
        diag_error(r->diag, doc_get(item, "for")->place,
                   "'for' does not go with 'kubectl': nothing undoes it");
        return false;
    }
    if (ok && !raw->name)
        raw->name = mem_strdup(out->name);
    at = doc_get(item, "at");
    if (raw->at != SIM_NEVER && raw->at >= r->s->duration)
        diag_warning(r->diag, at ? at->place : out->place,
                     "after the end of 'duration': never done");
    return ok;
}

struct order {
    sim_time at; /* start: -1 */
    size_t index;
};

static int by_time(const void *a, const void *b)
{
    const struct order *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Two entries of one name would make `during` unclear; those that were not
 * given one get numbers. */
static void name_entries(struct scenario_reader *r)
{
    struct timeline_spec *items = r->timeline.items;
    size_t count = r->timeline.count, i, j;

    for (i = 0; i < count; i++) {
        size_t same = 1;

        for (j = 0; j < i; j++)
            same += items[j].name == items[i].name;
        if (same > 1)
            items[i].name =
                intern_printf(r->l.intern, "%s (%zu)", items[i].name, same);
    }
}

/* Verbs see what those before them, in time, have made. */
bool scenario_build_timeline(struct scenario_reader *r)
{
    struct raw_timeline *raw = r->raw->timeline.items;
    size_t count = r->raw->timeline.count, i;
    struct order *order = mem_calloc(count + 1, sizeof *order);
    bool ok = true;

    for (i = 0; i < count; i++) {
        order[i].at = raw[i].at == SIM_NEVER ? -1 : raw[i].at;
        order[i].index = i;
    }
    if (count > 1)
        qsort(order, count, sizeof *order, by_time);
    for (i = 0; i < count; i++) {
        struct timeline_spec entry;

        if (entry_read(r, &raw[order[i].index], order[i].index, &entry))
            VEC_PUSH(r->timeline, entry);
        else
            ok = false;
    }
    free(order);
    name_entries(r);
    r->s->timeline_count = r->timeline.count;
    r->s->timeline = intern_copy(r->l.intern, r->timeline.items,
                                 r->timeline.count, sizeof *r->timeline.items);
    return ok;
}
