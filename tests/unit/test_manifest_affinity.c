/*
 * What manifests say of other pods, host ports, comparisons and preemption;
 * and pods that keep apart where nobody gave nodes.
 */
#include "tests/unit/scenario_fixture.h"

#include "models/simulation.h"

#define POD(spec, container)                                                   \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\n"         \
    "spec: {" spec "containers: [{name: c, image: 'i:1'" container "}]}\n"
#define SCENARIO_OF(minor)                                                     \
    SCENARIO("  traffic: []\n  cluster: {kubernetesVersion: '1." minor         \
             "'}\n---\n")
#define TERM                                                                   \
    "{topologyKey: zone, labelSelector: {matchLabels: {a: b}}, namespaces: "   \
    "[x, y], namespaceSelector: {}, matchLabelKeys: [k], mismatchLabelKeys: "  \
    "[l, m]}"
#define REQUIRED  "requiredDuringSchedulingIgnoredDuringExecution: "
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution: "

static const struct pod_template *first(const struct fixture *f)
{
    return &f->s->pods[0].template;
}

static void check_term(const struct pod_affinity_term *t, size_t keys)
{
    assert_string_equal(t->topology_key, "zone");
    assert_true(t->selector_given && t->selector.count == 1);
    assert_string_equal(t->selector.items[0].key, "a");
    assert_int_equal(t->space_count, 2);
    assert_string_equal(t->spaces[1], "y");
    assert_true(t->space_selector_given && !t->space_selector.nothing);
    assert_int_equal(t->match_key_count, keys ? 1 : 0);
    assert_int_equal(t->mismatch_key_count, keys ? 2 : 0);
}

static void test_terms(void **state)
{
    static const char text[] = POD(
        "affinity: {podAffinity: {" REQUIRED "[" TERM "], " PREFERRED
        "[{weight: 7, podAffinityTerm: " TERM "}]}, podAntiAffinity: {" REQUIRED
        "[" TERM ", {topologyKey: k}]}}, ",
        "");
    static const struct {
        const char *scenario;
        size_t keys;
    } cases[] = {{SCENARIO_OF("30"), 0}, {SCENARIO_OF("31"), 3}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pod_template *t;
        char whole[2048];
        struct fixture f;

        snprintf(whole, sizeof whole, "%s%s", cases[i].scenario, text);
        loads(&f, whole);
        t = first(&f);
        assert_int_equal(t->near.required_count, 1);
        check_term(&t->near.required[0], cases[i].keys);
        assert_int_equal(t->near.preferred_count, 1);
        assert_int_equal(t->near.preferred[0].weight, 7);
        check_term(&t->near.preferred[0].term, cases[i].keys);
        assert_int_equal(t->apart.required_count, 2);
        assert_false(t->apart.required[1].selector_given);
        assert_false(t->apart.required[1].space_selector_given);
        assert_int_equal(t->apart.preferred_count, 0);
        assert_null(strstr(f.messages, "ignored"));
        end(&f);
    }
}

static void test_host_ports(void **state)
{
    static const struct {
        const char *text;
        int port;
        const char *ip;
    } cases[] = {
        {POD("", ", ports: [{containerPort: 80}]"), 0, NULL},
        {POD("", ", ports: [{containerPort: 80, hostPort: 8080}]"), 8080, NULL},
        {POD("", ", ports: [{containerPort: 80, hostPort: 8080, hostIP: "
                 "0.0.0.0}]"),
         8080, NULL},
        {POD("", ", ports: [{containerPort: 80, hostPort: 8080, hostIP: "
                 "10.0.0.1}]"),
         8080, "10.0.0.1"},
        {POD("hostNetwork: true, ", ", ports: [{containerPort: 80}]"), 80,
         NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct container_port *port;
        struct fixture f;

        loads(&f, cases[i].text);
        port = &first(&f)->containers[0].ports[0];
        assert_int_equal(port->host_port, cases[i].port);
        assert_true(!port->host_ip == !cases[i].ip);
        if (cases[i].ip)
            assert_string_equal(port->host_ip, cases[i].ip);
        end(&f);
    }
}

static void test_scored(void **state)
{
    static const struct {
        const char *text;
        int64_t cpu, memory;
    } cases[] = {
        {POD("", ""), 100, 200 << 20},
        {POD("", ", resources: {requests: {cpu: 0}}"), 0, 200 << 20},
        {POD("", ", resources: {limits: {cpu: 0, memory: 0}}"), 0, 0},
        {POD("", ", resources: {requests: {cpu: 50m, memory: null}}"), 50,
         200 << 20},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;

        loads(&f, cases[i].text);
        assert_int_equal(first(&f)->scored_cpu, cases[i].cpu);
        assert_int_equal(first(&f)->scored_memory, cases[i].memory);
        end(&f);
    }
}

#define CLASS                                                                  \
    "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"             \
    "metadata: {name: shy}\nvalue: 5\npreemptionPolicy: Never\n"

static void test_preemption_policy(void **state)
{
    static const struct {
        const char *text;
        bool never;
    } cases[] = {
        {POD("", ""), false},
        {POD("preemptionPolicy: Never, ", ""), true},
        {POD("preemptionPolicy: PreemptLowerPriority, ", ""), false},
        {POD("priorityClassName: shy, ", "") CLASS, true},
        {POD("priorityClassName: system-node-critical, ", "") CLASS, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;

        loads(&f, cases[i].text);
        assert_int_equal(first(&f)->never_preempts, cases[i].never);
        end(&f);
    }
}

static void test_comparisons(void **state)
{
    struct fixture f;

    (void)state;
    loads(&f, POD("tolerations: [{key: k, operator: Gt, value: '5'}, {key: k, "
                  "operator: Lt, value: '-3'}], ",
                  ""));
    assert_int_equal(first(&f)->tolerations[0].compare, 1);
    assert_int_equal(first(&f)->tolerations[1].compare, -1);
    assert_non_null(strstr(f.messages, "off by default"));
    end(&f);
}

static void test_namespaces(void **state)
{
    struct fixture f;

    (void)state;
    loads(&f, "apiVersion: v1\nkind: Namespace\nmetadata: {name: n, labels: "
              "{team: t}}\n---\n" POD("", ""));
    assert_int_equal(f.s->namespace_count, 1);
    assert_string_equal(f.s->namespaces[0].name, "n");
    assert_int_equal(f.s->namespaces[0].labels.count, 2);
    assert_string_equal(f.s->namespaces[0].labels.items[0].key,
                        "kubernetes.io/metadata.name");
    assert_string_equal(f.s->namespaces[0].labels.items[1].value, "t");
    end(&f);
}

static void test_messages(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {POD("affinity: {podAffinity: {" REQUIRED "[{labelSelector: {}}]}}, ",
             ""),
         "a pod affinity term needs a 'topologyKey'"},
        {POD("affinity: {podAffinity: {" REQUIRED "[{topologyKey: z, "
             "matchLabelKeys: [k]}]}}, ",
             ""),
         "'matchLabelKeys' and 'mismatchLabelKeys' need a 'labelSelector'"},
        {POD("affinity: {podAntiAffinity: {" PREFERRED "[{weight: 101}]}}, ",
             ""),
         "expected an integer from 1 to 100 for 'weight'"},
        {POD("affinity: {podAntiAffinity: {" PREFERRED "[{weight: 1}]}}, ", ""),
         "a preferred pod affinity needs 'weight' and 'podAffinityTerm'"},
        {POD("affinity: {podAffinity: [x]}, ", ""),
         "expected a mapping for 'podAffinity'"},
        {POD("", ", ports: [{containerPort: 80, hostPort: 65536}]"),
         "expected an integer from 0 to 65535 for 'hostPort'"},
        {POD("", ", ports: [{containerPort: 80, hostPort: 1, hostIP: x}]"),
         "expected an IP address for 'hostIP', got 'x'"},
        {POD("hostNetwork: true, ",
             ", ports: [{containerPort: 80, hostPort: 81}]"),
         "'hostPort' 81 of container 'c' must be the 'containerPort'"},
        {POD("", ", ports: [{containerPort: 80, hostPort: 81}, {containerPort: "
                 "90, hostPort: 81}]"),
         "two containers' ports want host port 81"},
        {POD("tolerations: [{key: k, operator: Gt, value: x}], ", ""),
         "a toleration with operator Gt or Lt needs an integer 'value'"},
        {POD("preemptionPolicy: Always, ", ""),
         "unknown value 'Always' for 'preemptionPolicy'"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;

        load(&f, cases[i].text);
        if (f.s || !strstr(f.messages, cases[i].message))
            fail_msg("wanted: %s\ngot: %s", cases[i].message, f.messages);
        end(&f);
    }
}

/* ---- from the manifest to the nodes ---- */

/* Pods that were ever bound to a node that had one of the others. */
struct together {
    struct world *world;
    int count;
};

static void on_pod(void *self, const struct world_change *change)
{
    struct together *t = self;
    size_t i;

    (void)change;
    for (i = 0; i < t->world->nodes.count; i++)
        t->count += t->world->nodes.items[i] &&
                    t->world->nodes.items[i]->pods.count > 1;
}

static void watch_pods(void *self, struct simulation *s)
{
    struct together *t = self;

    t->world = s->world;
    world_watch(s->world, 1U << CHANGE_POD, on_pod, t);
}

#define DEPLOYMENT(replicas, spec, container)                                  \
    SCENARIO("  traffic: []\n  warmUp: 0s\n  duration: 2m\n"                   \
             "  timeline: [{at: 1m, kubectl: rollout restart deployment/d}]\n" \
             "---\n")                                                          \
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"             \
    "spec: {replicas: " replicas ", selector: {matchLabels: {a: b}}, "         \
    "template: {metadata: {labels: {a: b}}, spec: {" spec                      \
    "containers: [{name: c, image: 'i:1'" container "}]}}}\n"
#define ANTI(key)                                                              \
    "affinity: {podAntiAffinity: {" REQUIRED "[{topologyKey: " key             \
    ", labelSelector: {matchLabels: {a: b}}}]}}, "

static size_t nodes_with_pods(const struct world *w, size_t *ready)
{
    size_t used = 0, i, j;

    *ready = 0;
    for (i = 0; i < w->nodes.count; i++) {
        const struct node *n = w->nodes.items[i];

        used += n->pods.count > 0;
        for (j = 0; j < n->pods.count; j++)
            *ready += world_pod(w, n->pods.items[j])->ready;
    }
    return used;
}

static void test_apart(void **state)
{
    static const struct {
        const char *text;
        size_t pods, nodes; /* nodes: at least */
    } cases[] = {
        {DEPLOYMENT("3", ANTI("kubernetes.io/hostname"), ""), 3, 5},
        {DEPLOYMENT("12", ANTI("kubernetes.io/hostname"), ""), 12, 16},
        {DEPLOYMENT("5", ANTI("topology.kubernetes.io/zone"), ""), 5, 7},
        {DEPLOYMENT("5", "", ", ports: [{containerPort: 80, hostPort: 8080}]"),
         5, 8},
        {DEPLOYMENT("5", "hostNetwork: true, ",
                    ", ports: [{containerPort: 80}]"),
         5, 8},
        {DEPLOYMENT("4",
                    "topologySpreadConstraints: [{maxSkew: 1, topologyKey: "
                    "kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, "
                    "minDomains: 9, labelSelector: {matchLabels: {a: b}}}], ",
                    ""),
         4, 10},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct together together = {0};
        struct simulation_options options = {.prepare = watch_pods,
                                             .prepare_self = &together};
        struct simulation *s;
        struct fixture f;
        size_t ready;

        loads(&f, cases[i].text);
        assert_true(f.s->cluster.node_count >= cases[i].nodes);
        s = simulation_run(f.s, &options);
        assert_int_equal(together.count, 0);
        assert_int_equal(nodes_with_pods(s->world, &ready), cases[i].pods);
        assert_int_equal(ready, cases[i].pods);
        simulation_free(s);
        end(&f);
    }
}

/* All on one node, which is large enough. */
static void test_near(void **state)
{
    struct simulation_options options = {0};
    struct simulation *s;
    struct fixture f;
    size_t ready;

    (void)state;
    loads(&f, DEPLOYMENT("5",
                         "affinity: {podAffinity: {" REQUIRED
                         "[{topologyKey: kubernetes.io/hostname, "
                         "labelSelector: {matchLabels: {a: b}}}]}}, ",
                         ", resources: {requests: {cpu: 2}}"));
    s = simulation_run(f.s, &options);
    assert_int_equal(nodes_with_pods(s->world, &ready), 1);
    assert_int_equal(ready, 5);
    simulation_free(s);
    end(&f);
}

#define FILLER(name, replicas, spec)                                           \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name       \
    "}\nspec: {replicas: " replicas ", selector: {matchLabels: {app: " name    \
    "}}, template: {metadata: {labels: {app: " name "}}, spec: {" spec         \
    "containers: [{name: c, image: 'i:1', resources: {requests: {cpu: "        \
    "900m}}}]}}}\n"

/* Nodes are full when the pod of higher priority comes. */
static void test_never_preempts(void **state)
{
    static const char before[] =
        SCENARIO("  traffic: []\n  warmUp: 0s\n  duration: 2m\n"
                 "  cluster: {nodePools: [{count: 2, allocatable: {cpu: 1, "
                 "memory: 4Gi}}]}\n"
                 "  timeline: [{at: 30s, kubectl: scale deployment/high "
                 "--replicas=1}]\n");
    static const struct {
        const char *text;
        size_t high;
    } cases[] = {
        {FILLER("low", "2", "") FILLER("high", "0", "priority: 10, "), 1},
        {FILLER("low", "2", "")
             FILLER("high", "0", "priority: 10, preemptionPolicy: Never, "),
         0},
    };
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulation_options options = {0};
        struct simulation *s;
        struct fixture f;
        char text[4096];
        size_t high = 0;

        snprintf(text, sizeof text, "%s%s", before, cases[i].text);
        loads(&f, text);
        s = simulation_run(f.s, &options);
        for (j = 0; j < s->world->nodes.count; j++) {
            const struct node *n = s->world->nodes.items[j];

            assert_int_equal(n->pods.count, 1);
            high +=
                world_pod(s->world, n->pods.items[0])->template->priority == 10;
        }
        assert_int_equal(high, cases[i].high);
        simulation_free(s);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_host_ports),
        cmocka_unit_test(test_scored),
        cmocka_unit_test(test_preemption_policy),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_namespaces),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_never_preempts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
