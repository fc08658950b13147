/*
 * Which pod templates a selector means: by an index of their labels, so that
 * ten thousand Services find their pods among as many Deployments.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "models/select.h"
#include "models/version.h"

/* A template, in the list of those with one label. */
struct match_entry {
    const struct meta *meta;
    const struct pod_template *template;
    size_t next; /* index + 1; 0: none */
};

/* Labels are interned: equal where their addresses are. */
struct match_slot {
    const char *key, *value;
    size_t first, count; /* of entries; first: index + 1 */
};

struct match_index {
    VEC_OF(struct match_entry) all;     /* each template once */
    VEC_OF(struct match_entry) entries; /* once for each label */
    struct match_slot *slots;
    size_t room, used;
};

static struct match_slot *find_slot(const struct match_index *m,
                                    const char *key, const char *value)
{
    size_t i =
        ((uintptr_t)key / 16 * 31 + (uintptr_t)value / 16) & (m->room - 1);

    while (m->slots[i].key &&
           (m->slots[i].key != key || m->slots[i].value != value))
        i = (i + 1) & (m->room - 1);
    return &m->slots[i];
}

static void grow(struct match_index *m)
{
    struct match_slot *old = m->slots;
    size_t room = m->room, i;

    m->room = room ? 2 * room : 256;
    m->slots = mem_calloc(m->room, sizeof *m->slots);
    for (i = 0; i < room; i++)
        if (old[i].key)
            *find_slot(m, old[i].key, old[i].value) = old[i];
    free(old);
}

static void add(struct match_index *m, const struct meta *meta,
                const struct pod_template *t)
{
    struct match_entry entry = {meta, t, 0};
    size_t i;

    VEC_PUSH(m->all, entry);
    for (i = 0; i < t->labels.count; i++) {
        struct match_slot *slot;

        if (2 * m->used >= m->room)
            grow(m);
        slot = find_slot(m, t->labels.items[i].key, t->labels.items[i].value);
        if (!slot->key) {
            slot->key = t->labels.items[i].key;
            slot->value = t->labels.items[i].value;
            m->used++;
        }
        entry.next = slot->first;
        VEC_PUSH(m->entries, entry);
        slot->first = m->entries.count;
        slot->count++;
    }
}

static void add_one(void *self, const struct templated *t)
{
    add(self, t->meta, t->template);
}

static struct match_index *get_index(struct scenario_reader *r)
{
    if (!r->matches) {
        r->matches = mem_zalloc(sizeof *r->matches);
        grow(r->matches);
        object_list_each(&r->l.objects, add_one, r->matches);
        object_list_each(&r->l.later, add_one, r->matches);
    }
    return r->matches;
}

void scenario_release_matches(struct scenario_reader *r)
{
    if (!r->matches)
        return;
    VEC_FREE(r->matches->all);
    VEC_FREE(r->matches->entries);
    free(r->matches->slots);
    free(r->matches);
    r->matches = NULL;
}

/* The rarest label that a selector wants; NULL: it wants none by value. */
static const struct match_slot *rarest(struct scenario_reader *r,
                                       const struct selector *s)
{
    const struct match_index *m = get_index(r);
    const struct match_slot *best = NULL, *slot;
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (s->items[i].operator!= SELECTOR_IN || s->items[i].count != 1)
            continue;
        slot = find_slot(m, intern(r->l.intern, s->items[i].key),
                         intern(r->l.intern, s->items[i].values[0]));
        if (!best || slot->count < best->count)
            best = slot;
    }
    return best;
}

/* A pod of the StatefulSet that the selector means, by its own labels. */
static bool means_pod(struct scenario_reader *r, const struct selector *s,
                      const struct statefulset_spec *set)
{
    const struct labels *own = &set->template.labels;
    bool indexed = r->l.kubernetes_minor >= VERSION_pod_index_label;
    struct label *items = mem_calloc(own->count + 2, sizeof *items);
    struct labels labels = {.items = items};
    bool found = false;

    for (int i = 0; i < set->replicas && !found; i++) {
        const char *name =
            intern_printf(r->l.intern, "%s-%d", set->meta.name, set->start + i);
        const char *index = intern_printf(r->l.intern, "%d", set->start + i);

        labels.count =
            labels_of_stateful(own, name, indexed ? index : NULL, items);
        found = selector_matches(s, &labels);
    }
    free(items);
    return found;
}

static void each_stateful(struct scenario_reader *r,
                          const struct object_list *list, const char *space,
                          const struct selector *s, visit_template *visit,
                          void *self)
{
    for (size_t i = 0; i < list->statefulsets.count; i++) {
        const struct statefulset_spec *set = list->statefulsets.items[i];

        if ((!space || set->meta.space == space) && means_pod(r, s, set))
            visit(self, &set->meta, &set->template);
    }
}

void scenario_each_match(struct scenario_reader *r, const char *space,
                         const struct selector *s, visit_template *visit,
                         void *self)
{
    const struct match_index *m = get_index(r);
    const struct match_slot *slot = rarest(r, s);
    const struct match_entry *e;
    size_t i;

    if (selector_names_pod(s)) {
        each_stateful(r, &r->l.objects, space, s, visit, self);
        each_stateful(r, &r->l.later, space, s, visit, self);
        return;
    }
    if (!slot) {
        for (i = 0; i < m->all.count; i++) {
            e = &m->all.items[i];
            if ((!space || e->meta->space == space) &&
                selector_matches(s, &e->template->labels))
                visit(self, e->meta, e->template);
        }
        return;
    }
    for (i = slot->first; i > 0; i = e->next) {
        e = &m->entries.items[i - 1];
        if ((!space || e->meta->space == space) &&
            selector_matches(s, &e->template->labels))
            visit(self, e->meta, e->template);
    }
}

static void note(void *self, const struct meta *meta,
                 const struct pod_template *t)
{
    (void)meta;
    (void)t;
    *(bool *)self = true;
}

bool scenario_matches_any(struct scenario_reader *r, const char *space,
                          const struct selector *s)
{
    bool found = false;

    scenario_each_match(r, space, s, note, &found);
    return found;
}

bool scenario_has_pods(struct scenario_reader *r, const struct service_spec *s)
{
    return s->has_selector &&
           scenario_matches_any(r, s->meta.space, &s->selector);
}

void scenario_each_template(struct scenario_reader *r, visit_template *visit,
                            void *self)
{
    const struct match_index *m = get_index(r);
    size_t i;

    for (i = 0; i < m->all.count; i++)
        visit(self, m->all.items[i].meta, m->all.items[i].template);
}
