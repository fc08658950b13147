/* Hints in EndpointSlices: who gives them, and when they are given anew. */
#include "models/controllers/endpointslice.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_endpointslice;

static const struct controller *const one[] = {&controller_endpointslice, NULL};

static const struct label label = {"app", "web"};
static const char *const values[] = {"web"};
static const struct requirement requirement = {
    .key = "app", .operator= SELECTOR_IN, .count = 1, .values = values};
static const struct pod_template template = {
    .labels = {1, &label}, .hash = 1, .grace_period = 30 * SIM_S};

static struct service_spec service_of(void)
{
    return (struct service_spec){
        .meta = {.name = "web", .space = "default"},
        .has_selector = true,
        .selector = {.count = 1, .items = &requirement}};
}

/* Three zones a, b, c of two nodes of 4 cores. */
static struct control *begin(const struct service_spec *spec)
{
    static const char *const zones[] = {"a", "b", "c"};
    struct control *c = control_new(one);

    c->manual = true;
    c->scenario.services = spec;
    c->scenario.service_count = 1;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 2; k++) {
            size_t n = c->node_count++;

            snprintf(c->names[n], sizeof c->names[n], "n%zu", n);
            c->nodes[n] = (struct node_spec){.name = c->names[n],
                                             .zone = zones[i],
                                             .allocatable = {.cpu = 4000}};
            world_node_create(c->s.world, &c->nodes[n]);
        }
    }
    world_service_create(c->s.world, spec, 1);
    control_run(c, 1);
    return c;
}

static void add_pods(struct control *c, node_id node, int count)
{
    for (int i = 0; i < count; i++) {
        pod_id id = control_pod(c, &template, "p");

        world_pod_bind(c->s.world, id, node);
        control_ready(c, id);
    }
}

static void wait(struct control *c)
{
    sim_run_until(c->s.sim, sim_now(c->s.sim) + SIM_S);
}

/* How many endpoints are for each zone, and for their own nodes. */
static void check(const struct control *c, const char *want)
{
    const struct endpoint_set *set = world_service(c->s.world, 0)->newest;
    int zones[4] = {0}, nodes = 0;
    bool hinted = set->count > 0;
    char text[64];

    for (uint32_t i = 0; i < set->count; i++) {
        assert_in_range(set->endpoints[i].hint_zone, 0, 3);
        zones[set->endpoints[i].hint_zone]++;
        hinted &= set->endpoints[i].hint_zone > 0 ||
                  !(set->endpoints[i].flags & ENDPOINT_READY);
        nodes += set->endpoints[i].hint_node;
    }
    snprintf(text, sizeof text, "a %d b %d c %d none %d node %d", zones[1],
             zones[2], zones[3], zones[0], nodes);
    if (strcmp(text, want) != 0)
        fail_msg("%s, want %s, at %g s", text, want,
                 sim_to_seconds(sim_now(c->s.sim)));
    assert_int_equal(set->hinted, hinted);
}

/* By the zones' CPU: levelled out, taken away where that cannot be, and
 * given anew when nodes fail. */
static void test_by_cpu(void **state)
{
    struct service_spec spec = service_of();
    struct control *c;

    (void)state;
    spec.topology_auto = true;
    c = begin(&spec);
    add_pods(c, 0, 2);
    wait(c);
    check(c, "a 0 b 0 c 0 none 2 node 0"); /* fewer than zones */
    add_pods(c, 2, 4);
    add_pods(c, 4, 6);
    wait(c);
    check(c, "a 4 b 4 c 4 none 0 node 0");
    add_pods(c, 5, 1);
    wait(c);
    check(c, "a 4 b 4 c 5 none 0 node 0");
    world_pod_delete(c->s.world, 0, -1, "Killed", INCIDENT_NONE);
    world_pod_delete(c->s.world, 1, -1, "Killed", INCIDENT_NONE);
    wait(c);
    check(c, "a 0 b 0 c 0 none 13 node 0"); /* 11: 4 each are too many */
    add_pods(c, 1, 1);
    wait(c);
    check(c, "a 4 b 4 c 4 none 2 node 0"); /* but those that terminate */
    world_node_set_ready(c->s.world, 2, NODE_UNKNOWN); /* half of b's CPU */
    wait(c);
    check(c, "a 0 b 0 c 0 none 14 node 0"); /* 4 are too few for a now */
    world_node_set_ready(c->s.world, 3, NODE_UNKNOWN);
    wait(c);
    check(c, "a 0 b 0 c 0 none 14 node 0"); /* nobody looks at it */
    add_pods(c, 1, 1);
    wait(c);
    check(c, "a 3 b 4 c 6 none 2 node 0"); /* b's own stay b's */
    world_node_set_ready(c->s.world, 4, NODE_UNKNOWN);
    world_node_set_ready(c->s.world, 5, NODE_UNKNOWN);
    wait(c);
    check(c, "a 0 b 0 c 0 none 15 node 0"); /* one zone: no hints */
    control_free(c);
}

static void check_distribution(const char *word, const char *want)
{
    struct service_spec spec = service_of();
    struct control *c;

    spec.traffic_distribution = word;
    c = begin(&spec);
    add_pods(c, 0, 1);
    add_pods(c, 2, 5);
    wait(c);
    check(c, want);
    control_free(c);
}

static void test_distribution(void **state)
{
    (void)state;
    check_distribution(NULL, "a 0 b 0 c 0 none 6 node 0");
    check_distribution("PreferClose", "a 1 b 5 c 0 none 0 node 0");
    check_distribution("PreferSameZone", "a 1 b 5 c 0 none 0 node 0");
    check_distribution("PreferSameNode", "a 1 b 5 c 0 none 0 node 6");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_cpu),
        cmocka_unit_test(test_distribution),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
