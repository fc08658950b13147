/* What was done to pods and nodes, done to the model's. What kubectl did to
 * workloads is the scenario's timeline (script.c). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eviction.h"
#include "tests/oracle/replay.h"

typedef void node_function(struct replay *p, node_id id, struct doc_node *root);

static void each_node(struct replay *p, struct doc_node *root,
                      node_function *act)
{
    struct doc_node *list = doc_get(root, "nodes");
    const char *one = doc_text(root, "node");
    node_id id;

    for (struct doc_node *x = list ? list->first : NULL; x; x = x->next) {
        id = world_find(p->s->world, CHANGE_NODE, "", x->text);
        if (id != NO_ID)
            act(p, id, root);
    }
    id = one ? world_find(p->s->world, CHANGE_NODE, "", one) : NO_ID;
    if (id != NO_ID)
        act(p, id, root);
}

/* The model's pod for a recorded name; NO_ID: none, which is counted. */
static pod_id pod_for(struct replay *p, const char *name, double t)
{
    size_t i = pairing_find(&p->pairing, name, t);

    p->faults++;
    p->missed += i == SIZE_MAX;
    return i == SIZE_MAX ? NO_ID : (pod_id)i;
}

/* --- pods --- */

static void delete_pods(struct replay *p, const struct input *in)
{
    struct doc_node *list = doc_get(in->root, "pods");
    double grace = node_number(in->root, "grace", -1);

    for (struct doc_node *x = list ? list->first : NULL; x; x = x->next) {
        pod_id id = pod_for(p, x->text, in->t);

        if (id != NO_ID)
            world_pod_delete(p->s->world, id,
                             grace < 0 ? -1 : sim_seconds(grace), "Deleted",
                             INCIDENT_NONE);
    }
}

/* When the recorded pod was ready again after t; NaN: never. */
static double ready_again(const struct replay *p, const char *name, double t)
{
    const struct trace *real = p->r->trace;

    for (size_t i = 0; i < real->steps.count; i++) {
        const struct trace_step *s = &real->steps.items[i];

        if (s->kind == STEP_POD_READY && s->t > t && strcmp(s->name, name) == 0)
            return s->t;
    }
    return NAN;
}

static void crash(struct replay *p, const struct input *in, const char *name)
{
    pod_id id = pod_for(p, name, in->t);
    double back = node_number(in->root, "backoff", 0);
    double again = ready_again(p, name, in->t) - in->t;

    if (id == NO_ID)
        return;
    if (!isnan(again) && again < back + p->r->start + p->r->jitter + 1)
        back = again;
    else
        back += p->r->start + p->r->jitter / 2;
    fake_kubelet_crash(p, id, back);
}

static void evict(struct replay *p, const struct input *in, const char *name)
{
    size_t i = pairing_exact(&p->pairing, name, in->t);

    if (i != SIZE_MAX)
        VEC_PUSH(p->trace->granted,
                 eviction_request(p->s->world, (pod_id)i, -1, "Evicted",
                                  INCIDENT_NONE) == EVICTION_GRANTED);
}

/* Of annotations, the models have what a ReplicaSet ranks by. */
static void annotate(struct replay *p, const struct input *in, pod_id id)
{
    int32_t cost;

    if (!input_cost(in, &cost))
        return;
    world_pod_set_deletion_cost(p->s->world, id, cost);
    trace_cost(p->trace, id, replay_now(p), cost);
}

static void pod_verb(struct replay *p, const struct input *in)
{
    const char *name = doc_text(in->root, "pod");
    pod_id id;

    if (!name)
        return;
    if (strcmp(in->verb, "crash") == 0) {
        crash(p, in, name);
        return;
    }
    if (strcmp(in->verb, "evict") == 0) {
        evict(p, in, name);
        return;
    }
    id = pod_for(p, name, in->t);
    if (id == NO_ID)
        return;
    if (strcmp(in->verb, "fail_pod") == 0)
        fake_kubelet_fail(p, id);
    else if (strcmp(in->verb, "annotate") == 0)
        annotate(p, in, id);
    else
        fake_kubelet_readiness(
            p, id, strcmp(doc_text(in->root, "ready"), "true") == 0);
}

/* --- nodes --- */

static void stop_node(struct replay *p, node_id id, struct doc_node *root)
{
    (void)root;
    fake_kubelet_stop_node(p, id);
}

static void start_node(struct replay *p, node_id id, struct doc_node *root)
{
    (void)root;
    fake_kubelet_start_node(p, id);
}

static void report_node(struct replay *p, node_id id, struct doc_node *root)
{
    fake_kubelet_report(p, id,
                        strcmp(doc_text(root, "ready"), "true") == 0 ||
                            strcmp(doc_text(root, "ready"), "True") == 0);
}

static void delete_node(struct replay *p, node_id id, struct doc_node *root)
{
    (void)root;
    world_node_delete(p->s->world, id, INCIDENT_NONE);
}

static void cordon(struct replay *p, node_id id, struct doc_node *root)
{
    (void)root;
    world_node_set_unschedulable(p->s->world, id, true);
}

static void uncordon(struct replay *p, node_id id, struct doc_node *root)
{
    (void)root;
    world_node_set_unschedulable(p->s->world, id, false);
}

static enum taint_effect effect_of(struct doc_node *root)
{
    const char *text = doc_text(root, "effect");

    if (text && strcmp(text, "NoExecute") == 0)
        return TAINT_NO_EXECUTE;
    return text && strcmp(text, "PreferNoSchedule") == 0
               ? TAINT_PREFER_NO_SCHEDULE
               : TAINT_NO_SCHEDULE;
}

static void taint(struct replay *p, node_id id, struct doc_node *root)
{
    const char *value = doc_text(root, "value");

    world_node_taint(p->s->world, id,
                     (struct taint){doc_text(root, "key"), value ? value : "",
                                    effect_of(root)});
}

static void untaint(struct replay *p, node_id id, struct doc_node *root)
{
    const char *key = doc_text(root, "key");

    if (doc_text(root, "effect")) {
        world_node_untaint(p->s->world, id, key, effect_of(root));
        return;
    }
    for (int e = TAINT_NO_SCHEDULE; e <= TAINT_NO_EXECUTE; e++)
        world_node_untaint(p->s->world, id, key, (enum taint_effect)e);
}

static const struct {
    const char *verb;
    node_function *act;
} node_verbs[] = {{"stop_nodes", stop_node},
                  {"start_nodes", start_node},
                  {"kubelet_ready", report_node},
                  {"delete_node", delete_node},
                  {"cordon", cordon},
                  {"uncordon", uncordon},
                  {"taint", taint},
                  {"untaint", untaint}};

static void on_input(struct sim *sim, void *self, struct event_args args)
{
    static const char *const pod_verbs[] = {"crash", "fail_pod", "readiness",
                                            "evict", "annotate"};
    struct replay *p = self;
    const struct input *in = &p->r->inputs.items[args.subject];

    (void)sim;
    for (size_t i = 0; i < sizeof node_verbs / sizeof node_verbs[0]; i++) {
        if (strcmp(in->verb, node_verbs[i].verb) == 0)
            each_node(p, in->root, node_verbs[i].act);
    }
    for (size_t i = 0; i < sizeof pod_verbs / sizeof pod_verbs[0]; i++) {
        if (strcmp(in->verb, pod_verbs[i]) == 0)
            pod_verb(p, in);
    }
    if (strcmp(in->verb, "delete_pods") == 0)
        delete_pods(p, in);
}
static const struct event_type input_event = {"oracle.input", 1, on_input};

void faults_start(struct replay *p)
{
    for (size_t i = 0; i < p->r->inputs.count; i++)
        sim_at(p->s->sim, replay_at(p, p->r->inputs.items[i].t), &input_event,
               p, (struct event_args){i, 0});
}
