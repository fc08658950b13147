#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/world.h"

/* A small cluster: two nodes, a Deployment's ReplicaSet, a Service. */
struct cluster {
    struct scenario scenario;
    struct sim *sim;
    struct world *world;
    struct label label;
    struct requirement requirement;
    const char *value;
    struct node_spec nodes[2];
    struct deployment_spec deployment;
    struct service_spec service;
    replicaset_id rs;
    VEC_OF(struct world_change) seen;
};

static void on_change(void *self, const struct world_change *change)
{
    struct cluster *c = self;

    VEC_PUSH(c->seen, *change);
}

static int setup(void **state)
{
    struct cluster *c = mem_zalloc(sizeof *c);

    c->label = (struct label){"app", "web"};
    c->value = "web";
    c->requirement = (struct requirement){"app", SELECTOR_IN, 1, &c->value};
    for (int i = 0; i < 2; i++) {
        c->nodes[i].name = i ? "n-2" : "n-1";
        c->nodes[i].zone = i ? "b" : "a";
    }
    c->deployment.meta.name = "web";
    c->deployment.meta.space = "default";
    c->deployment.template.labels = (struct labels){1, &c->label};
    c->deployment.template.requests.cpu = 100;
    c->deployment.template.grace_period = 30 * SIM_S;
    c->service.meta = c->deployment.meta;
    c->service.has_selector = true;
    c->service.selector = (struct selector){false, 1, &c->requirement};
    c->scenario.cluster.kube_proxy.terminating_fallback = true;
    c->sim = sim_new(0);
    c->world = world_new(c->sim, &c->scenario, (struct rng_root){1, 0});
    world_watch(c->world, ~0U >> (32 - (CHANGE_MEASURE + 1)), on_change, c);
    world_node_create(c->world, &c->nodes[0]);
    world_node_create(c->world, &c->nodes[1]);
    world_deployment_create(c->world, &c->deployment, INCIDENT_STARTUP);
    c->rs = world_replicaset_create(
        c->world, 0, "default", "web-1", &c->service.selector,
        &c->deployment.template, 0, 3, INCIDENT_STARTUP);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct cluster *c = *state;

    world_free(c->world);
    sim_free(c->sim);
    VEC_FREE(c->seen);
    free(c);
    return 0;
}

static pod_id make_pod(struct cluster *c)
{
    return world_pod_create(c->world, c->rs, &c->deployment.template, "default",
                            NULL, INCIDENT_STARTUP);
}

static size_t count_seen(const struct cluster *c, enum world_kind kind,
                         enum world_what what)
{
    size_t n = 0;

    for (size_t i = 0; i < c->seen.count; i++)
        n += c->seen.items[i].kind == kind && c->seen.items[i].what == what;
    return n;
}

static void names_are_unique(void **state)
{
    struct cluster *c = *state;
    enum { MANY = 3000 };
    pod_id first = make_pod(c);

    for (int i = 1; i < MANY; i++)
        make_pod(c);
    for (int i = 0; i < MANY; i += 97) {
        const struct pod *pod = world_pod(c->world, first + (pod_id)i);

        assert_int_equal(strlen(pod->name), strlen("web-1-xxxxx"));
        assert_int_equal(world_find(c->world, CHANGE_POD, "default", pod->name),
                         pod->id);
        assert_int_equal(pod->ordinal, i);
        assert_string_equal(pod->stream_owner, "web");
    }
}

static void binding_accounts_resources(void **state)
{
    struct cluster *c = *state;
    pod_id a = make_pod(c), b = make_pod(c);

    world_pod_bind(c->world, a, 1);
    world_pod_bind(c->world, b, 1);
    assert_int_equal(world_node(c->world, 1)->requested.cpu, 200);
    assert_int_equal(world_node(c->world, 1)->requested.pods, 2);
    world_pod_delete(c->world, a, -1, "Deleted", INCIDENT_NONE);
    assert_non_null(world_pod(c->world, a)); /* bound: the kubelet ends it */
    assert_int_equal(world_pod(c->world, a)->grace, 30 * SIM_S);
    world_pod_remove(c->world, a);
    assert_null(world_pod(c->world, a));
    assert_int_equal(world_node(c->world, 1)->requested.cpu, 100);
    assert_int_equal(world_node(c->world, 1)->pods.count, 1);
    assert_int_equal(c->world->replicasets.items[c->rs]->pods.count, 1);
}

static void unbound_pods_go_at_once(void **state)
{
    struct cluster *c = *state;
    pod_id a = make_pod(c);

    world_pod_delete(c->world, a, -1, "Deleted", INCIDENT_NONE);
    assert_null(world_pod(c->world, a));
    assert_int_equal(count_seen(c, CHANGE_POD, WHAT_DELETED), 1);
}

static void grace_only_gets_shorter(void **state)
{
    struct cluster *c = *state;
    pod_id a = make_pod(c);

    world_pod_bind(c->world, a, 0);
    world_pod_delete(c->world, a, 10 * SIM_S, "Deleted", INCIDENT_NONE);
    world_pod_delete(c->world, a, 20 * SIM_S, "Deleted", INCIDENT_NONE);
    assert_int_equal(world_pod(c->world, a)->grace, 10 * SIM_S);
    world_pod_delete(c->world, a, 5 * SIM_S, "Deleted", INCIDENT_NONE);
    assert_int_equal(world_pod(c->world, a)->grace, 5 * SIM_S);
    world_pod_delete(c->world, a, 0, "Deleted", INCIDENT_NONE);
    assert_null(world_pod(c->world, a));
}

static void removal_settles_the_truth_first(void **state)
{
    struct cluster *c = *state;
    pod_id a = make_pod(c);

    world_pod_bind(c->world, a, 0);
    world_pod_set_sandbox(c->world, a, 0x0af40002);
    world_pod_set_serving(c->world, a, true);
    c->seen.count = 0;
    world_pod_remove(c->world, a);
    assert_int_equal(c->seen.items[0].what, WHAT_SERVING);
    assert_int_equal(c->seen.items[1].what, WHAT_SANDBOX);
    assert_int_equal(c->seen.items[2].what, WHAT_DELETED);
}

static void services_select_pods_as_they_come_and_go(void **state)
{
    struct cluster *c = *state;
    pod_id a = make_pod(c), b;
    service_id s;

    assert_int_equal(world_pod(c->world, a)->service_count, 0);
    s = world_service_create(c->world, &c->service, 0x0a600001);
    assert_int_equal(world_pod(c->world, a)->service_count, 1);
    b = make_pod(c);
    assert_int_equal(world_pod(c->world, b)->services[0], s);
    world_service_delete(c->world, s);
    assert_int_equal(world_pod(c->world, b)->service_count, 0);
    assert_int_equal(world_find(c->world, CHANGE_SERVICE, "default", "web"),
                     NO_ID);
}

/* By names and, from 1.28, by indexes; also for Services that come later. */
static void services_select_one_of_a_set(void **state)
{
    static const char *const keys[] = {"statefulset.kubernetes.io/pod-name",
                                       "apps.kubernetes.io/pod-index"};
    static const char *const values[] = {"db-1", "1"};
    struct cluster *c = *state;
    struct statefulset_spec set = {.meta = {.name = "db", .space = "default"},
                                   .template = c->deployment.template};
    struct pod_template templates[4];
    size_t used = 0;

    world_statefulset_create(c->world, &set, INCIDENT_STARTUP);
    for (int minor = 27; minor <= 28; minor++) {
        c->scenario.cluster.kubernetes_minor = minor;
        for (size_t k = 0; k < 2; k++) {
            const struct requirement r = {keys[k], SELECTOR_IN, 1, &values[k]};
            const struct pod_template *template = &templates[used];
            service_id s;
            pod_id pods[3];

            templates[used++] = set.template;
            c->service.selector = (struct selector){false, 1, &r};
            pods[0] =
                world_pod_create_owned(c->world, OWNER_STATEFULSET, 0, template,
                                       0, NO_ID, INCIDENT_STARTUP);
            pods[1] =
                world_pod_create_owned(c->world, OWNER_STATEFULSET, 0, template,
                                       1, NO_ID, INCIDENT_STARTUP);
            s = world_service_create(c->world, &c->service, 0);
            pods[2] = make_pod(c);
            for (size_t i = 0; i < 3; i++) {
                assert_int_equal(world_pod(c->world, pods[i])->service_count,
                                 i == 1 && (k == 0 || minor == 28));
                world_pod_delete(c->world, pods[i], 0, "Deleted",
                                 INCIDENT_STARTUP);
            }
            world_service_delete(c->world, s);
        }
    }
}

/* Publishes endpoints with the given flags; pods are numbered by place. */
static const struct endpoint_set *publish(struct cluster *c, service_id s,
                                          const uint8_t *flags, uint32_t count)
{
    struct endpoint_set *set = endpoint_set_new(s, count);

    for (uint32_t i = 0; i < count; i++)
        set->endpoints[i] =
            (struct endpoint){.pod = i, .slot = i, .flags = flags[i]};
    world_service_publish(c->world, set);
    return set;
}

static void usable_endpoints_come_first(void **state)
{
    enum {
        R = ENDPOINT_READY | ENDPOINT_SERVING,
        T = ENDPOINT_SERVING | ENDPOINT_TERMINATING,
        N = 0
    };
    static const uint8_t mixed[] = {N, R, T, R};
    static const uint8_t ending[] = {N, T, T};
    static const uint8_t dead[] = {N, N};
    struct cluster *c = *state;
    service_id s = world_service_create(c->world, &c->service, 0);
    const struct endpoint_set *set = publish(c, s, mixed, 4);

    assert_int_equal(set->ready, 2);
    assert_int_equal(set->usable, 2);
    assert_int_equal(set->endpoints[0].pod, 1);
    assert_int_equal(set->endpoints[1].pod, 3);
    assert_int_equal(set->endpoints[2].pod, 0);
    set = publish(c, s, ending, 3);
    assert_int_equal(set->ready, 0);
    assert_int_equal(set->usable, 2);
    set = publish(c, s, dead, 2);
    assert_int_equal(set->usable, 0);
}

static void late_proxies_see_old_versions(void **state)
{
    static const uint8_t ready[] = {ENDPOINT_READY, ENDPOINT_READY,
                                    ENDPOINT_READY};
    struct cluster *c = *state;
    service_id s = world_service_create(c->world, &c->service, 0);

    publish(c, s, ready, 1);
    publish(c, s, ready, 2);
    publish(c, s, ready, 3);
    assert_int_equal(world_endpoints_at(c->world, s, 0)->count, 0);
    assert_int_equal(world_endpoints_at(c->world, s, 1)->count, 1);
    assert_int_equal(world_endpoints_at(c->world, s, 2)->count, 2);
    assert_int_equal(world_endpoints_at(c->world, s, 99)->count, 3);
    c->world->endpoint_floor = 2; /* no proxy is older than that */
    publish(c, s, ready, 1);
    assert_int_equal(world_endpoints_at(c->world, s, 2)->count, 2);
    assert_int_equal(world_endpoints_at(c->world, s, 3)->count, 3);
    assert_null(world_endpoints_at(c->world, s, 2)->older);
}

static void writes_without_change_are_silent(void **state)
{
    struct cluster *c = *state;
    pod_id a = make_pod(c);

    c->seen.count = 0;
    world_pod_set_ready(c->world, a, false);
    world_pod_report_ip(c->world, a, 0);
    world_node_set_unschedulable(c->world, 0, false);
    world_deployment_scale(c->world, 0, 0, INCIDENT_NONE);
    assert_int_equal(c->seen.count, 0);
}

static void taints_come_once_and_go(void **state)
{
    const struct taint taint = {"gone", "", TAINT_NO_EXECUTE};
    struct cluster *c = *state;

    world_node_taint(c->world, 0, taint);
    world_node_taint(c->world, 0, taint);
    assert_int_equal(world_node(c->world, 0)->taints.count, 1);
    world_node_untaint(c->world, 0, "gone", TAINT_NO_SCHEDULE);
    assert_int_equal(world_node(c->world, 0)->taints.count, 1);
    world_node_untaint(c->world, 0, "gone", TAINT_NO_EXECUTE);
    assert_int_equal(world_node(c->world, 0)->taints.count, 0);
    assert_int_equal(count_seen(c, CHANGE_NODE, WHAT_TAINTS), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_unique),
        TEST(binding_accounts_resources),
        TEST(unbound_pods_go_at_once),
        TEST(grace_only_gets_shorter),
        TEST(removal_settles_the_truth_first),
        TEST(services_select_pods_as_they_come_and_go),
        TEST(services_select_one_of_a_set),
        TEST(usable_endpoints_come_first),
        TEST(late_proxies_see_old_versions),
        TEST(writes_without_change_are_silent),
        TEST(taints_come_once_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
