/* events.jsonl -> a trace. Each line is an object after a change; steps are
 * what differs from the line before it of the same object. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

struct seen_replicaset {
    const char *name, *owner;
    int spec, rank;
};

struct seen_slice {
    const char *name, *service;
    int ready, terminating, others;
    bool gone;
    VEC_OF(const char *) hints; /* a zone for each hinted endpoint */
};

struct seen_node {
    const char *name;
    int ready;
    VEC_OF(const char *) taints; /* "key:effect" */
};

struct reader {
    struct recording *r;
    struct trace *t;
    VEC_OF(struct seen_replicaset) replicasets;
    VEC_OF(struct seen_slice) slices;
    VEC_OF(struct seen_node) nodes;
};

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static const char *text_of(struct reader *e, struct doc_node *root,
                           const char *key)
{
    return intern(e->t->intern, doc_text(root, key));
}

static const char *first_item(struct reader *e, struct doc_node *root,
                              const char *key)
{
    struct doc_node *list = doc_get(root, key);

    return list && list->first ? intern(e->t->intern, list->first->text) : NULL;
}

/* --- ReplicaSets and Deployments --- */

static struct seen_replicaset *find_replicaset(struct reader *e,
                                               const char *name)
{
    for (size_t i = 0; i < e->replicasets.count; i++) {
        if (e->replicasets.items[i].name == name)
            return &e->replicasets.items[i];
    }
    return NULL;
}

static struct seen_replicaset *
replicaset_of(struct reader *e, struct doc_node *root, const char *name)
{
    struct seen_replicaset *rs = find_replicaset(e, name), made = {.spec = -1};

    if (rs)
        return rs;
    made.name = name;
    made.owner = first_item(e, root, "owner");
    if (!made.owner)
        made.owner = name;
    for (size_t i = 0; i < e->replicasets.count; i++)
        made.rank += e->replicasets.items[i].owner == made.owner;
    VEC_PUSH(e->replicasets, made);
    return &e->replicasets.items[e->replicasets.count - 1];
}

static void on_replicaset(struct reader *e, struct doc_node *root, double t,
                          const char *name, bool deleted)
{
    struct seen_replicaset *rs = replicaset_of(e, root, name);
    int spec = deleted ? 0 : (int)node_number(root, "spec", 0);

    if (spec == rs->spec)
        return;
    rs->spec = spec;
    trace_step(e->t, (struct trace_step){.t = t,
                                         .kind = STEP_REPLICASET,
                                         .name = name,
                                         .owner = rs->owner,
                                         .a = spec,
                                         .b = rs->rank});
}

static void on_deployment(struct reader *e, struct doc_node *root, double t,
                          const char *name)
{
    trace_step(
        e->t, (struct trace_step){.t = t,
                                  .kind = STEP_OWNER,
                                  .name = name,
                                  .a = (int)node_number(root, "spec", 0),
                                  .b = (int)node_number(root, "updated", 0),
                                  .c = (int)node_number(root, "ready", 0),
                                  .d = (int)node_number(root, "available", 0)});
}

/* --- pods --- */

/* A name comes anew once its last bearer is gone. */
static size_t pod_of(struct reader *e, struct doc_node *root, double t,
                     const char *name)
{
    size_t i = trace_find_pod(e->t, name);
    const char *parent = first_item(e, root, "owner");

    if (i != SIZE_MAX && isnan(e->t->pods.items[i].gone))
        return i;
    return trace_add_pod(e->t, name, parent ? parent : name, parent, t);
}

/* Pods of ReplicaSets belong to what owns these; a ReplicaSet's own line may
 * come later than its first pod's. */
static void find_top_owners(struct reader *e)
{
    for (size_t i = 0; i < e->t->pods.count; i++) {
        struct trace_pod *p = &e->t->pods.items[i];
        const struct seen_replicaset *rs =
            p->parent ? find_replicaset(e, p->parent) : NULL;

        if (rs)
            p->owner = rs->owner;
        trace_rank_pod(e->t, i);
    }
    for (size_t i = 0; i < e->t->steps.count; i++) {
        struct trace_step *s = &e->t->steps.items[i];

        if (s->kind <= STEP_POD_GONE)
            s->owner = e->t->pods.items[s->subject].owner;
    }
}

static void on_pod(struct reader *e, struct doc_node *root, double t,
                   const char *name, bool deleted)
{
    size_t i = pod_of(e, root, t, name);
    struct trace_pod *p = &e->t->pods.items[i];
    const char *phase = doc_text(root, "phase");
    bool ready = is(doc_text(root, "ready"), "True");
    bool ended = is(phase, "Failed") || is(phase, "Succeeded");

    if (doc_text(root, "node") && isnan(p->bound)) {
        p->node = text_of(e, root, "node");
        trace_pod_step(e->t, i, STEP_POD_BOUND, t);
    }
    p->restarts = (int)node_number(root, "restarts", p->restarts);
    if (is(doc_text(root, "phase"), "Succeeded") && isnan(p->succeeded))
        p->succeeded = t;
    if (ended && isnan(p->failed))
        trace_pod_step(e->t, i, STEP_POD_FAILED, t);
    else if (!ended && ready != p->is_ready)
        trace_pod_step(e->t, i, ready ? STEP_POD_READY : STEP_POD_UNREADY, t);
    if (doc_text(root, "deletionTimestamp") && isnan(p->deletion)) {
        p->grace = node_number(root, "grace", NAN);
        trace_pod_step(e->t, i, STEP_POD_TERMINATING, t);
    }
    if (deleted)
        trace_pod_step(e->t, i, STEP_POD_GONE, t);
}

/* --- slices --- */

static struct seen_slice *slice_of(struct reader *e, struct doc_node *root,
                                   const char *name)
{
    struct seen_slice made = {.name = name};

    for (size_t i = 0; i < e->slices.count; i++) {
        if (e->slices.items[i].name == name)
            return &e->slices.items[i];
    }
    made.service = text_of(e, root, "svc");
    VEC_PUSH(e->slices, made);
    return &e->slices.items[e->slices.count - 1];
}

/* Rows: [ip, pod, ready, serving, terminating, node]. */
static void count_slice(struct seen_slice *s, struct doc_node *list)
{
    s->ready = s->terminating = s->others = 0;
    for (struct doc_node *row = list ? list->first : NULL; row;
         row = row->next) {
        struct doc_node *x = row->first;
        bool flags[5] = {false};

        for (size_t k = 0; x && k < 5; k++, x = x->next)
            flags[k] = strcmp(x->text, "true") == 0;
        if (flags[2])
            s->ready++;
        else if (flags[4])
            s->terminating++;
        else
            s->others++;
    }
}

/* {pod: [zone]} */
static void keep_hints(struct reader *e, struct seen_slice *s,
                       struct doc_node *hints)
{
    s->hints.count = 0;
    for (struct doc_node *x = hints ? hints->first : NULL; x; x = x->next) {
        if (x->first)
            VEC_PUSH(s->hints, intern(e->t->intern, x->first->text));
    }
}

static const char *all_hints(struct reader *e, const char *service)
{
    VEC_OF(const char *) all = {0};
    const char *text;

    for (size_t i = 0; i < e->slices.count; i++) {
        const struct seen_slice *s = &e->slices.items[i];

        for (size_t k = 0; s->service == service && k < s->hints.count; k++)
            VEC_PUSH(all, s->hints.items[k]);
    }
    text = trace_hints(e->t, all.items, all.count);
    VEC_FREE(all);
    return text;
}

/* Rows begin with the address and the pod. */
static void keep_addresses(struct reader *e, struct doc_node *rows, double t)
{
    for (struct doc_node *row = rows ? rows->first : NULL; row;
         row = row->next) {
        const char *address = row->first ? row->first->text : NULL;
        const char *name = address && row->first->next
                               ? intern(e->t->intern, row->first->next->text)
                               : NULL;
        size_t pod = name ? trace_find_pod(e->t, name) : SIZE_MAX;

        if (pod != SIZE_MAX && trace_pod_at(e->t, address, t) != pod)
            VEC_PUSH(e->t->addresses,
                     ((struct trace_address){t, intern(e->t->intern, address),
                                             pod}));
    }
}

static void on_slice(struct reader *e, struct doc_node *root, double t,
                     const char *name, bool deleted)
{
    struct seen_slice *s = slice_of(e, root, name);
    struct trace_step step = {.t = t, .kind = STEP_ENDPOINTS};

    count_slice(s, deleted ? NULL : doc_get(root, "eps"));
    keep_addresses(e, deleted ? NULL : doc_get(root, "eps"), t);
    s->gone = deleted;
    step.name = s->service;
    keep_hints(e, s, deleted ? NULL : doc_get(root, "hints"));
    if (doc_get(root, "hints"))
        step.text = all_hints(e, s->service);
    for (size_t i = 0; i < e->slices.count; i++) {
        const struct seen_slice *x = &e->slices.items[i];

        if (x->service != s->service || x->gone)
            continue;
        step.a += x->ready;
        step.b += x->terminating;
        step.c += x->others;
        step.d++;
    }
    trace_step(e->t, step);
    VEC_PUSH(e->t->writes, ((struct trace_write){t, s->service}));
}

/* --- nodes --- */

static struct seen_node *node_of(struct reader *e, double t, const char *name)
{
    struct seen_node made = {.name = name, .ready = 2};

    for (size_t i = 0; i < e->nodes.count; i++) {
        if (e->nodes.items[i].name == name)
            return &e->nodes.items[i];
    }
    VEC_PUSH(e->nodes, made);
    trace_step(e->t, (struct trace_step){
                         .t = t, .kind = STEP_NODE_ADDED, .name = name});
    return &e->nodes.items[e->nodes.count - 1];
}

/* "key:Effect@since". */
static void taint_step(struct reader *e, double t, const char *node,
                       const char *taint, bool there)
{
    const char *colon = strrchr(taint, '@');
    const char *key;
    int effect = 1;

    while (colon && colon > taint && *colon != ':')
        colon--;
    if (!colon)
        colon = strrchr(taint, ':');
    if (!colon)
        return;
    key = intern_printf(e->t->intern, "%.*s", (int)(colon - taint), taint);
    if (strncmp(colon, ":NoSchedule", 11) == 0)
        effect = 0;
    else if (strncmp(colon, ":NoExecute", 10) == 0)
        effect = 2;
    trace_step(e->t, (struct trace_step){.t = t,
                                         .kind = STEP_NODE_TAINT,
                                         .name = node,
                                         .text = key,
                                         .a = effect,
                                         .b = there});
}

static bool listed(struct reader *e, struct doc_node *list, const char *taint)
{
    for (struct doc_node *x = list ? list->first : NULL; x; x = x->next) {
        if (intern(e->t->intern, x->text) == taint)
            return true;
    }
    return false;
}

static void on_taints(struct reader *e, struct seen_node *n,
                      struct doc_node *list, double t)
{
    size_t kept = 0;

    for (size_t i = 0; i < n->taints.count; i++) {
        if (listed(e, list, n->taints.items[i]))
            n->taints.items[kept++] = n->taints.items[i];
        else
            taint_step(e, t, n->name, n->taints.items[i], false);
    }
    n->taints.count = kept;
    for (struct doc_node *x = list ? list->first : NULL; x; x = x->next) {
        const char *taint = intern(e->t->intern, x->text);
        bool known = false;

        for (size_t i = 0; i < n->taints.count; i++)
            known |= n->taints.items[i] == taint;
        if (known)
            continue;
        VEC_PUSH(n->taints, taint);
        taint_step(e, t, n->name, taint, true);
    }
}

static void on_node(struct reader *e, struct doc_node *root, double t,
                    const char *name, bool deleted)
{
    struct seen_node *n = node_of(e, t, name);
    const char *text = doc_text(root, "ready");
    int ready = is(text, "True") ? 1 : is(text, "False") ? 0 : -1;

    if (ready != n->ready)
        trace_step(e->t, (struct trace_step){.t = t,
                                             .kind = STEP_NODE_READY,
                                             .name = name,
                                             .a = ready});
    n->ready = ready;
    on_taints(e, n, doc_get(root, "taints"), t);
    if (deleted)
        trace_step(e->t, (struct trace_step){
                             .t = t, .kind = STEP_NODE_GONE, .name = name});
}

/* --- lines --- */

static void on_line(void *self, struct doc_node *root)
{
    struct reader *e = self;
    const char *kind = doc_text(root, "k");
    const char *name = text_of(e, root, "name");
    double t = node_number(root, "t", 0);
    bool deleted = is(doc_text(root, "ev"), "DELETED");

    if (t > e->r->end)
        e->r->end = t;
    if (is(kind, "pod"))
        on_pod(e, root, t, name, deleted);
    else if (is(kind, "rs"))
        on_replicaset(e, root, t, name, deleted);
    else if (is(kind, "deploy"))
        on_deployment(e, root, t, name);
    else if (is(kind, "eps"))
        on_slice(e, root, t, name, deleted);
    else if (is(kind, "node"))
        on_node(e, root, t, name, deleted);
}

bool events_read(struct recording *r)
{
    struct reader e = {.r = r, .t = r->trace};
    bool ok = lines_read(recording_file(r, "events.jsonl"), NULL, on_line, &e);

    find_top_owners(&e);
    for (size_t i = 0; i < e.nodes.count; i++)
        VEC_FREE(e.nodes.items[i].taints);
    VEC_FREE(e.nodes);
    VEC_FREE(e.replicasets);
    for (size_t i = 0; i < e.slices.count; i++)
        VEC_FREE(e.slices.items[i].hints);
    VEC_FREE(e.slices);
    trace_sort(r->trace);
    return ok;
}
