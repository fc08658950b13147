/* What a timeline's kubectl does to the cluster: scenarios, run to their end.
 */
#include "tests/unit/run_fixture.h"

#define NODES "  cluster: {nodePools: [{name: pool, count: 3}]}\n"
#define BEGIN                                                                  \
    "  traffic: []\n" NODES "  duration: 10m\n  timeline:\n"                   \
    "  - kubectl: create deployment web --image=nginx --replicas=3\n"          \
    "  - kubectl: expose deployment web --port=80\n"

/* The name of a running pod of an app. */
static const char *pod_of(const struct run *r, const char *app)
{
    for (size_t i = 0; i < r->w->pods.count; i++) {
        const struct pod *pod = world_pod(r->w, (pod_id)i);
        const char *has = run_pod_lives(pod)
                              ? labels_get(&pod->template->labels, "app")
                              : NULL;

        if (has && strcmp(has, app) == 0)
            return pod->name;
    }
    fail_msg("no pod of %s", app);
    return NULL;
}

static void quarantined(const char *command, int owned, int endpoints, int pods)
{
    char text[1500];
    struct run before, r;
    const struct replicaset *rs;

    run(&before, SCENARIO(BEGIN));
    snprintf(text, sizeof text, command, pod_of(&before, "web"));
    run_end(&before);
    run(&r, text);
    rs = r.w->replicasets.items[0];
    assert_int_equal(rs->pods.count, owned);
    assert_int_equal(rs->status_ready, owned);
    assert_int_equal(run_endpoints(&r), endpoints);
    assert_int_equal(r.w->pod_count, pods);
    run_end(&r);
}

/* Another label: the pod is out of the Service and of its ReplicaSet, runs
 * on, and another one takes its place. */
static void test_quarantine(void **state)
{
    (void)state;
    quarantined(SCENARIO(BEGIN "  - {at: 2m, kubectl: label pod %s "
                               "app=debug --overwrite}\n"),
                3, 3, 4);
}

static void test_label_taken_away(void **state)
{
    (void)state;
    quarantined(SCENARIO(BEGIN "  - {at: 2m, kubectl: label po %s app-}\n"), 3,
                3, 4);
}

/* Without --overwrite nothing happens. */
static void test_label_refused(void **state)
{
    (void)state;
    quarantined(
        SCENARIO(BEGIN "  - {at: 2m, kubectl: label pod %s app=debug}\n"), 3, 3,
        3);
}

/* It comes back: it is one too many, and one is deleted. */
static void test_comes_back(void **state)
{
    (void)state;
    quarantined(SCENARIO(BEGIN "  - {at: 2m, kubectl: label pod %1$s app=debug "
                               "--overwrite}\n"
                               "  - {at: 4m, kubectl: label pod %1$s app=web "
                               "--overwrite}\n"),
                3, 3, 3);
}

/* Only the Service lets go of it. */
static void test_out_of_service(void **state)
{
    (void)state;
    quarantined(SCENARIO("  traffic: []\n" NODES "  duration: 10m\n"
                         "  timeline:\n"
                         "  - kubectl: create deployment web --image=nginx "
                         "--replicas=3\n"
                         "  - kubectl: expose deployment web --port=80\n"
                         "  - kubectl: label pods -l app=web serve=yes\n"
                         "  - {at: 1m, kubectl: \"patch svc web -p '{spec: "
                         "{selector: {serve: 'yes'}}}'\"}\n"
                         "  - {at: 2m, kubectl: \"label pods --all "
                         "serve=yes\"}\n"
                         "  - {at: 3m, kubectl: label pod %s serve-}\n"),
                3, 2, 3);
}

/* A StatefulSet's pod that it let go of keeps its name: none takes its place
 * until it is gone. */
static void test_statefulset_lets_go(void **state)
{
    static const char set[] =
        "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n"
        "spec: {replicas: 2, serviceName: db, selector: {matchLabels: {app: "
        "db}}, template: {metadata: {labels: {app: db}}, spec: {containers: "
        "[{name: c, image: i}]}}}\n";
    char text[1500];
    struct run r;

    (void)state;
    snprintf(text, sizeof text, "%s%s",
             SCENARIO("  traffic: []\n  duration: 10m\n" NODES "  timeline:\n"
                      "  - {at: 2m, kubectl: label pod/db-1 app=old "
                      "--overwrite}\n"),
             set);
    run(&r, text);
    assert_int_equal(r.w->statefulsets.items[0]->pods.count, 1);
    assert_int_equal(r.w->pod_count, 2);
    run_end(&r);
    snprintf(text, sizeof text, "%s%s",
             SCENARIO("  traffic: []\n  duration: 10m\n" NODES "  timeline:\n"
                      "  - {at: 2m, kubectl: label pod/db-1 app=old "
                      "--overwrite}\n"
                      "  - {at: 4m, kubectl: delete pod/db-1}\n"),
             set);
    run(&r, text);
    assert_int_equal(r.w->statefulsets.items[0]->pods.count, 2);
    assert_int_equal(run_pods(&r, "app", "db"), 2);
    run_end(&r);
}

/* A DaemonSet puts another pod beside the one that it let go of. */
static void test_daemonset_lets_go(void **state)
{
    struct run r;

    (void)state;
    run(&r, SCENARIO("  traffic: []\n  duration: 10m\n" NODES "  timeline:\n"
                     "  - {at: 2m, kubectl: label pods -l app=d app=old "
                     "--overwrite}\n") "---\napiVersion: apps/v1\nkind: "
                                       "DaemonSet\nmetadata: {name: d}\n"
                                       "spec: {selector: {matchLabels: {app: "
                                       "d}}, template: {metadata: "
                                       "{labels: {app: d}}, spec: {containers: "
                                       "[{name: c, image: i}]}}}\n");
    assert_int_equal(r.w->daemonsets.items[0]->pods.count, 3);
    assert_int_equal(run_pods(&r, "app", "d"), 3);
    assert_int_equal(run_pods(&r, "app", "old"), 3);
    run_end(&r);
}

/* The selector of a Service goes over to other pods: blue and green. */
static void test_blue_green(void **state)
{
    static const char *const patches[] = {
        "-p '{\\\"spec\\\": {\\\"selector\\\": {\\\"app\\\": "
        "\\\"green\\\"}}}'",
        "--type=merge -p '{spec: {selector: {app: green}}}'",
        "--type=json -p '[{op: replace, path: /spec/selector/app, value: "
        "green}]'"};

    (void)state;
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        char text[1500];
        struct run r;
        const struct endpoint_set *set;

        snprintf(text, sizeof text,
                 SCENARIO(BEGIN
                          "  - kubectl: create deploy green --image=i "
                          "--replicas=2 -- sleep 9\n"
                          "  - {at: 2m, kubectl: \"patch service web %s\"}\n"),
                 patches[i]);
        run(&r, text);
        set = world_service(r.w, 0)->newest;
        assert_int_equal(set->count, 2);
        for (uint32_t k = 0; k < set->count; k++)
            assert_string_equal(
                labels_get(
                    &world_pod(r.w, set->endpoints[k].pod)->template->labels,
                    "app"),
                "green");
        run_end(&r);
    }
}

static const struct node *node_named(const struct run *r, const char *name)
{
    return world_node(r->w, world_find(r->w, CHANGE_NODE, "", name));
}

static void test_patch_node(void **state)
{
    struct run r;
    const struct node *node;

    (void)state;
    run(&r,
        SCENARIO(BEGIN
                 "  - {at: 1m, kubectl: \"patch node pool-1 -p '{metadata: "
                 "{labels: {disk: ssd}}, spec: {unschedulable: true, taints: "
                 "[{key: a, effect: NoSchedule}]}}'\"}\n"
                 "  - {at: 2m, kubectl: \"patch no pool-1 --type=json -p "
                 "'[{op: add, path: /spec/taints/-, value: {key: b, value: c, "
                 "effect: NoExecute}}, {op: remove, path: /spec/taints/0}, "
                 "{op: add, path: /metadata/labels/x~1y, value: z}]'\"}\n"
                 "  - {at: 3m, kubectl: \"patch node/pool-1 --type merge -p "
                 "'{spec: {unschedulable: null}}'\"}\n"));
    node = node_named(&r, "pool-1");
    assert_false(node->unschedulable);
    assert_int_equal(node->taints.count, 1);
    assert_string_equal(node->taints.items[0].key, "b");
    assert_string_equal(labels_get(&node->spec->labels, "disk"), "ssd");
    assert_string_equal(labels_get(&node->spec->labels, "x/y"), "z");
    assert_int_equal(node->pods.count, 0); /* NoExecute */
    run_end(&r);
}

/* The pod that is cheapest to delete goes first. */
static void test_deletion_cost(void **state)
{
    char text[1500];
    struct run r;

    (void)state;
    run(&r, SCENARIO(BEGIN));
    snprintf(text, sizeof text,
             SCENARIO(BEGIN "  - {at: 1m, kubectl: \"annotate pod %s "
                            "controller.kubernetes.io/pod-deletion-cost=-5\"}\n"
                            "  - {at: 2m, kubectl: scale deploy web "
                            "--replicas=2}\n"),
             pod_of(&r, "web"));
    run_end(&r);
    run(&r, text);
    assert_int_equal(r.w->pod_count, 2);
    for (size_t i = 0; i < r.w->pods.count; i++) {
        if (world_pod(r.w, (pod_id)i))
            assert_null(strstr(text, world_pod(r.w, (pod_id)i)->name));
    }
    run_end(&r);
}

static void test_patch_hpa(void **state)
{
    struct run r;

    (void)state;
    run(&r,
        SCENARIO(BEGIN "  - kubectl: autoscale deployment web --min=2 --max=4\n"
                       "  - {at: 1m, kubectl: \"patch hpa web -p '{spec: "
                       "{minReplicas: 5, maxReplicas: 7}}'\"}\n"));
    assert_int_equal(r.w->hpas.items[0]->spec->max, 7);
    assert_int_equal(run_pods(&r, "app", "web"), 5);
    run_end(&r);
    run(&r,
        SCENARIO(BEGIN "  - kubectl: autoscale deployment web --min=2 --max=4\n"
                       "  - {at: 1m, kubectl: delete hpa web}\n"));
    assert_true(r.w->hpas.items[0]->deleted);
    run_end(&r);
}

/* Lists of containers are merged by name, or item by item. */
static void test_patch_containers(void **state)
{
    static const char *const patches[] = {
        "-p '{spec: {template: {spec: {containers: [{name: nginx, image: "
        "v2}]}}}}'",
        "--type=json -p '[{op: test, path: "
        "/spec/template/spec/containers/0/name, value: nginx}, {op: replace, "
        "path: /spec/template/spec/containers/0, value: {name: nginx, image: "
        "v2}}]'",
        "--type=json -p '[{op: add, path: "
        "/spec/template/spec/containers/0, value: {name: nginx, image: v2}}, "
        "{op: remove, path: /spec/template/spec/containers/1}]'"};

    (void)state;
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        char text[1500];
        struct run r;

        snprintf(text, sizeof text,
                 SCENARIO(BEGIN "  - {at: 1m, kubectl: \"patch deploy web "
                                "%s\"}\n"),
                 patches[i]);
        run(&r, text);
        assert_int_equal(r.w->deployments.items[0]->template->container_count,
                         1);
        assert_string_equal(
            r.w->deployments.items[0]->template->containers[0].image, "v2");
        assert_int_equal(r.w->replicasets.count, 2);
        run_end(&r);
    }
}

/* --cascade=orphan leaves the pods, and a scaled ReplicaSet to itself. */
static void test_delete_orphans(void **state)
{
    struct run r;

    (void)state;
    run(&r, SCENARIO(BEGIN "  - {at: 1m, kubectl: delete deploy web "
                           "--cascade=orphan --wait=false}\n"
                           "  - {at: 2m, kubectl: delete pods -l app=web "
                           "--now}\n"));
    assert_true(r.w->deployments.items[0]->deleted);
    assert_false(r.w->replicasets.items[0]->deleted);
    assert_int_equal(run_pods(&r, "app", "web"), 3); /* made anew */
    run_end(&r);
    run(&r, SCENARIO(BEGIN "  - {at: 1m, kubectl: delete deploy web}\n"));
    assert_int_equal(r.w->pod_count, 0);
    run_end(&r);
    run(&r,
        SCENARIO(BEGIN "  - {at: 1m, kubectl: delete deploy/web svc/web}\n"));
    assert_int_equal(r.w->pod_count, 0);
    assert_true(world_service(r.w, 0)->deleted != SIM_NEVER);
    run_end(&r);
    run(&r, SCENARIO(BEGIN "  - {at: 1m, kubectl: \"delete deploy,svc -l "
                           "app=web\"}\n"));
    assert_int_equal(r.w->pod_count, 0);
    assert_true(world_service(r.w, 0)->deleted != SIM_NEVER);
    run_end(&r);
    run(&r, SCENARIO(BEGIN "  - {at: 1m, kubectl: delete ns default}\n"));
    assert_int_equal(r.w->pod_count, 0);
    assert_true(world_service(r.w, 0)->deleted != SIM_NEVER);
    run_end(&r);
}

/* Other labels of nodes: the scheduler spreads by what they say now. */
static void test_relabelled_domains(void **state)
{
    struct run r;
    int old = 0;

    (void)state;
    run(&r,
        SCENARIO(
            "  traffic: []\n  duration: 10m\n  cluster: {nodePools: [{name: "
            "a, count: 2, zones: [x], labels: {row: r1}}, {name: b, count: 2, "
            "zones: [y], labels: {row: r2}}]}\n"
            "  timeline:\n"
            "  - {at: 1m, kubectl: scale deployment/s --replicas=4}\n"
            "  - {at: 2m, kubectl: label node a-2 row=r3 --overwrite}\n"
            "  - {at: 2m, kubectl: label nodes b-1 b-2 row=r3 "
            "--overwrite}\n"
            "  - {at: 3m, kubectl: scale deployment/s --replicas=12}\n"
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s}\n"
            "spec: {replicas: 0, selector: {matchLabels: {app: s}}, template: "
            "{metadata: {labels: {app: s}}, spec: {topologySpreadConstraints: "
            "[{maxSkew: 1, topologyKey: row, whenUnsatisfiable: DoNotSchedule, "
            "labelSelector: {matchLabels: {app: s}}}], containers: [{name: c, "
            "image: i}]}}}\n"));
    assert_int_equal(run_pods(&r, "app", "s"), 12);
    old = (int)node_named(&r, "a-1")->pods.count;
    assert_int_equal(old, 6);
    run_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_label_taken_away),
        cmocka_unit_test(test_label_refused),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_out_of_service),
        cmocka_unit_test(test_statefulset_lets_go),
        cmocka_unit_test(test_daemonset_lets_go),
        cmocka_unit_test(test_blue_green),
        cmocka_unit_test(test_patch_node),
        cmocka_unit_test(test_deletion_cost),
        cmocka_unit_test(test_patch_hpa),
        cmocka_unit_test(test_patch_containers),
        cmocka_unit_test(test_delete_orphans),
        cmocka_unit_test(test_relabelled_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
