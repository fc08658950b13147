/*
 * What the reader of scenarios warns of, and answers to a wrong --set. Wrong
 * files are in tests/bad.
 */
#include "tests/unit/scenario_fixture.h"

static void test_bad_sets(void **state)
{
    static const struct {
        const char *set, *message;
    } cases[] = {
        {"x", "expected PATH=VALUE"},
        {"cluster.dns.ttl=1s", "unknown path 'cluster.dns.ttl'"},
        {"spec.cluster.dns.tl=1s", "unknown key 'tl' in 'dns'"},
        {"spec.traffic[user].timeout=1s", "no item 'user'"},
        {"deployment/wep:spec.replicas=1", "no object 'deployment/wep'"},
        {"deployment/web:spec.replica=1", "no such path"},
        {"gizmo/web:spec.replicas=1", "unknown kind 'gizmo'"},
        {"deployment/web:spec.replicas=x", "expected an integer >= 0"},
        {"preStop=soon", "expected a duration for 'preStop'"},
        {"strategy=p3c", "unknown strategy 'p3c'"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario_options o = {.sets = &cases[i].set, .set_count = 1};
        struct fixture f;

        load_with(
            &f, SCENARIO("  traffic: [{name: users, service: web}]\n") WEB, o);
        if (f.s || !strstr(f.messages, cases[i].message))
            fail_msg("%s: %s", cases[i].set, f.messages);
        end(&f);
    }
}

static void test_warnings(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {SCENARIO("  duration: 1m\n  timeline: [{at: 2m, kubectl: cordon "
                  "pool-1}]\n") WEB,
         "after the end of 'duration'"},
        {SCENARIO("  workloads: [{selector: {app: wep}}]\n") WEB,
         "this workload matches no pod"},
        {SCENARIO("  failures: [{target: {pods: {app: x}}, mode: crash, after: "
                  "1h}]\n") WEB,
         "this selector matches no pod"},
        {SCENARIO("  failures: [{target: {nodes: {x: y}}, mode: crash, after: "
                  "1h}]\n") WEB,
         "this selector matches no node"},
        {SCENARIO("  traffic: [{service: web, arrivals: 0}]\n") WEB,
         "rate 0: no requests"},
        {SCENARIO("  traffic: [{service: web, timeout: 5ms, clients: "
                  "{location: external}}]\n") WEB,
         "'timeout' is not above the network's latency"},
        {SCENARIO("  traffic: []\n") "---\napiVersion: v1\nkind: Service\n"
                                     "metadata: {name: s}\nspec: {selector: "
                                     "{a: b}, ports: [{port: 80}]}\n",
         "Service 's' selects no pod"},
        {SCENARIO("  traffic: []\n") "---\napiVersion: v1\nkind: Service\n"
                                     "metadata: {name: s}\nspec: {ports: "
                                     "[{port: 80}]}\n",
         "Service 's' has no selector: no endpoints"},
        {SCENARIO("  traffic: []\n") WEB
         "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
         "spec: {selector: {app: web}, ports: [{port: 80, targetPort: "
         "http}]}\n",
         "no container has a port named 'http': clients of port 80 are "
         "refused"},
        {SCENARIO("  traffic: []\n") "---\napiVersion: v1\nkind: "
                                     "Pod\nmetadata: {name: p, labels: {app: "
                                     "x}}\nspec: {containers: [{name: c, "
                                     "ports: [{containerPort: "
                                     "8080}]}]}\n"
                                     "---\napiVersion: v1\nkind: "
                                     "Service\nmetadata: {name: s}\n"
                                     "spec: {selector: {app: x}, ports: "
                                     "[{port: 80, targetPort: 8443}]}\n",
         "no container of 'p' has port 8443: clients of port 80 are refused"},
        {SCENARIO("  loadBalancing: [{service: s, strategy: p2c, at: "
                  "gateway}]\n") WEB
         "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
         "spec: {selector: {app: web}, ports: [{port: 80}], sessionAffinity: "
         "ClientIP}\n",
         "balancers at a gateway send to pods, and ignore it"},
        {SCENARIO("  traffic: [{service: web, timeout: 1s, connectTimeout: "
                  "2s}]\n") WEB,
         "'connectTimeout' is above 'timeout'"},
        {SCENARIO("  traffic: []\n") WEB
         "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"
         "metadata: {name: b}\nspec: {minAvailable: 1, selector: "
         "{matchLabels: {app: wep}}}\n",
         "PodDisruptionBudget 'b' selects no pod"},
        {SCENARIO("  traffic: []\n") WEB
         "---\napiVersion: v1\nkind: Servcie\nmetadata: {name: s}\n",
         "no kind 'Servcie' is known: passed over\n  did you mean "
         "'Service'?"},
        {SCENARIO("  traffic: []\n") "---\napiVersion: v1\nkind: Pod\n"
                                     "metadata: {name: p}\nspec: {contianers: "
                                     "[], containers: [{name: c, "
                                     "readynessProbe: {}, volumes: []}]}\n",
         "unknown field 'readynessProbe': ignored\n  did you mean "
         "'readinessProbe'?"},
        {SCENARIO("  traffic: []\n") WEB
         "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\n"
         "spec: {serviceName: wep, selector: {matchLabels: {a: s}}, template: "
         "{metadata: {labels: {a: s}}, spec: {containers: [{name: c}]}}}\n",
         "StatefulSet 's': there is no Service 'wep', so its pods have no DNS "
         "names\n  did you mean 'web'?"},
        {SCENARIO("  traffic: [{service: web, access: headless}]\n") WEB,
         "Service 'web' has a virtual IP, which is what its name gives"},
        {SCENARIO("  traffic: [{service: web, hedge: {after: 1s}}]\n") WEB,
         "'after' is not below 'timeout'"},
        {SCENARIO("  traffic: [{service: web, arrivals: {profile: {points: "
                  "[{at: 0s, rate: 0}, {at: 9s, rate: 0}]}}}]\n") WEB,
         "rate 0: no requests"},
        {SCENARIO("  workloads: [{selector: {app: web}, calls: [{service: s, "
                  "timeout: 10us}]}]\n  traffic: []\n") WEB
         "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
         "spec: {selector: {app: db}, ports: [{port: 80}]}\n",
         "'timeout' is not above the network's latency"},
        {SCENARIO("  traffic: []\n") WEB
         "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
         "spec: {clusterIP: None, sessionAffinity: ClientIP, selector: {app: "
         "web}, ports: [{port: 80}]}\n",
         "'sessionAffinity' is ignored for headless Services"},
        {SCENARIO("  traffic: []\n"), "nothing to simulate"},
        {SCENARIO("  traffic: []\n") "---\napiVersion: v1\nkind: "
                                     "Pod\nmetadata: {name: p}\nspec: "
                                     "{nodeName: n, containers: [{name: c, "
                                     "lifecycle: {preStop: {exec: "
                                     "{command: [/stop]}}}}]}\n",
         "the time of this preStop hook is not plain"},
        {SCENARIO("  traffic: []\n") "---\napiVersion: v1\nkind: "
                                     "Pod\nmetadata: {name: p}\nspec: "
                                     "{nodeName: n, containers: [{name: c}]}\n",
         "node 'n' is not there"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: "
         "{selector: {a: b}, ports: [{port: 80}]}\n---\napiVersion: "
         "v1\nkind: ReplicationController\nmetadata: {name: db}\nspec: "
         "{template: {metadata: {labels: {a: b}}}}\n",
         "Service 's' has no pods: ReplicationController 'db' is not "
         "modelled yet"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;

        loads(&f, cases[i].text);
        if (!strstr(f.messages, cases[i].message))
            fail_msg("wanted: %s\ngot: %s", cases[i].message, f.messages);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_sets),
        cmocka_unit_test(test_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
