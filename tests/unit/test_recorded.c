/* The controllers together, against what a real control plane did. */
#include "models/controllers/endpointslice.h"
#include "models/kubelet.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_deployment, controller_replicaset,
    controller_endpointslice;

static const struct controller *const three[] = {
    &controller_deployment, &controller_replicaset, &controller_endpointslice,
    NULL};

static const struct label label = {"app", "web"};
static const char *const values[] = {"web"};
static const struct requirement requirement = {
    .key = "app", .operator= SELECTOR_IN, .count = 1, .values = values};
static const struct container container = {.name = "c", .image = "img:v1"};
static const struct service_spec service = {
    .meta = {.name = "web", .space = "default"},
    .has_selector = true,
    .selector = {.count = 1, .items = &requirement}};
static const struct deployment_spec spec = {
    .meta = {.name = "web", .space = "default"},
    .replicas = 250,
    .selector = {.count = 1, .items = &requirement},
    .template = {.labels = {1, &label},
                 .hash = 1,
                 .container_count = 1,
                 .containers = &container,
                 .grace_period = 30 * SIM_S},
    .max_surge = {true, 25},
    .max_unavailable = {true, 25},
    .progress_deadline = 600 * SIM_S,
    .revision_history_limit = 10};

/* Slice writes since the last call. */
static uint64_t writes(struct control *c, uint64_t *before)
{
    uint64_t now = endpointslice_counts(c->s.controllers, 0).writes;
    uint64_t more = now - *before;

    *before = now;
    return more;
}

static const struct endpoint_set *newest(const struct control *c)
{
    return world_service(c->s.world, 0)->newest;
}

static uint32_t spec_size(const struct control *c)
{
    return (uint32_t)c->s.world->deployments.items[0]->replicas;
}

/*
 * One Service, 250 pods on 60 nodes, starting 2 s to 3 s, ending after 3 s:
 * created, rolled over, scaled to 120 and back to 250. Slice writes that
 * were recorded (Kubernetes 1.26): 241, 622, 192 and 119. Slices after it:
 * 50, 100 and 100; then chance decides which are filled, always four.
 */
static void test_slices_250(void **state)
{
    static const uint64_t recorded[] = {241, 622, 192, 119};
    static const double until[] = {25.9, 64.1, 81.3, 99.5};
    struct control *c = control_new(three);
    struct world *w = c->s.world;
    struct pod_template *template = world_template_copy(w, &spec.template);
    uint64_t before = 0;

    (void)state;
    c->scenario.cluster.kubernetes_minor = 26;
    c->jitter = SIM_S;
    control_add_nodes(c, 60, "");
    control_run(c, 1.5);
    world_service_create(w, &service, 1);
    world_deployment_create(w, &spec, INCIDENT_STARTUP);
    template->hash = 2;
    for (int phase = 0; phase < 4; phase++) {
        uint64_t more;

        if (phase == 1)
            world_deployment_set_template(w, 0, template, INCIDENT_NONE);
        else if (phase > 1)
            world_deployment_scale(w, 0, phase == 2 ? 120 : 250, INCIDENT_NONE);
        control_run(c, until[phase]);
        more = writes(c, &before);
        if (10 * more < 9 * recorded[phase] || 10 * more > 11 * recorded[phase])
            fail_msg("phase %d: %llu writes", phase, (unsigned long long)more);
        assert_int_equal(endpointslice_slice_count(c->s.controllers, 0),
                         phase == 0 ? 3 : 4);
        assert_int_equal(newest(c)->count, spec_size(c));
        assert_int_equal(w->pod_count, spec_size(c));
    }
    control_free(c);
}

/* --- a zone of 20 among 60 nodes falls silent --- */

extern const struct controller controller_nodelifecycle,
    controller_tainteviction;

static const struct controller *const nodes_only[] = {
    &controller_nodelifecycle, &controller_tainteviction, NULL};

/* All nodes renew within half a second; the last one at 8 s. */
sim_time kubelet_last_lease(const struct kubelets *k, node_id id)
{
    const struct control *c = (const struct control *)k;
    sim_time now = sim_now(c->s.sim);

    if (c->stopped[id] < now)
        now = c->stopped[id];
    return now < 8 * SIM_S ? 0 : now - (now - 8 * SIM_S) % (10 * SIM_S);
}

static void on_taint(void *self, const struct world_change *change)
{
    struct control *c = self;
    const struct node *node = world_node(c->s.world, change->id);

    if (change->what == WHAT_TAINTS && node->taints.count > 0)
        control_note(c, "%s%.1f", c->log[0] ? " " : "",
                     sim_to_seconds(sim_now(c->s.sim)));
}

static bool untouched(const struct control *c)
{
    for (node_id id = 0; id < 60; id++) {
        if (world_node(c->s.world, id)->taints.count > 0)
            return false;
    }
    return true;
}

/*
 * Recorded: found within one pass that took 4.5 s (six requests a node of one
 * pod: status, read, taint, pod, two Events); the first NoExecute taint
 * 9.3 s after the first NoSchedule one (5 s after the pass), then one every
 * 10 s; each pod deleted 20 s, its toleration, later.
 */
static void test_zone_outage(void **state)
{
    static const struct toleration patience = {.key = NULL,
                                               .exists = true,
                                               .value = "",
                                               .effect = -1,
                                               .seconds = 20 * SIM_S};
    static const struct pod_template template = {.grace_period = 30 * SIM_S,
                                                 .toleration_count = 1,
                                                 .tolerations = &patience};
    struct control *c = control_new(nodes_only);
    struct world *w = c->s.world;
    double first, execute;
    int deleted = 0;

    (void)state;
    c->scenario.cluster.kubernetes_minor = 26;
    c->scenario.cluster.control_plane.node_monitor_grace_period = 40 * SIM_S;
    c->manual = true;
    control_add_nodes(c, 20, "a");
    control_add_nodes(c, 20, "b");
    control_add_nodes(c, 20, "c");
    for (pod_id id = 0; id < 60; id++) {
        control_pod(c, &template, "p");
        world_pod_bind(w, id, id);
        control_ready(c, id);
    }
    control_run(c, 10.5);
    for (node_id id = 0; id < 20; id++)
        c->stopped[id] = sim_now(c->s.sim);
    control_run(c, 49.9);
    assert_true(untouched(c));
    world_watch(w, 1U << CHANGE_NODE, on_taint, c);
    control_run(c, 58); /* NoSchedule on all, before any NoExecute */
    first = strtod(c->log, NULL);
    assert_in_range((int)(10 * first), 499, 502);
    assert_in_range((int)(10 * strtod(strrchr(c->log, ' '), NULL)), 540, 546);
    c->log[0] = '\0';
    control_run(c, 120);
    execute = strtod(c->log, NULL);
    assert_in_range((int)(10 * execute), 592, 598);
    assert_in_range((int)(10 * (strtod(strrchr(c->log, ' '), NULL) - execute)),
                    600, 601); /* the seventh */
    for (pod_id id = 0; id < 60; id++)
        deleted += world_pod(w, id)->deletion != SIM_NEVER;
    assert_int_equal(deleted, 5);
    control_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_250),
        cmocka_unit_test(test_zone_outage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
