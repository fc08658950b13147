/* Memory of pods and nodes: limits, eviction, the condition MemoryPressure,
 * leaks. */
#include "tests/unit/run_fixture.h"

struct notes {
    struct world *w;
    char text[8000];
    const char *reasons[4]; /* that are noted; NULL ends */
};

static void note(struct notes *n, const char *reason, const char *object)
{
    size_t used = strlen(n->text);
    double now =
        n->w->epoch == SIM_NEVER ? 0 : world_seconds(n->w, sim_now(n->w->sim));

    snprintf(n->text + used, sizeof n->text - used, "%.0f %s %.*s\n", now,
             reason, (int)strcspn(object, "-"), object);
}

static void on_event(void *self, const struct world_change *change)
{
    struct notes *n = self;
    const struct world_event *event = change->old;

    for (size_t i = 0; n->reasons[i]; i++) {
        if (strcmp(n->reasons[i], event->reason) == 0)
            note(n, event->reason, event->object);
    }
}

static void prepare(void *self, struct simulation *s)
{
    struct notes *n = self;

    n->w = s->world;
    world_watch(s->world, 1U << CHANGE_EVENT, on_event, n);
}

static void watched(struct run *r, struct notes *n, const char *text)
{
    struct simulation_options options = {
        .seed = 1, .want_events = true, .prepare = prepare, .prepare_self = n};

    run_with(r, text, &options);
}

#define POD(name, more, resources)                                             \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name                   \
    ", labels: {app: " name "}}\nspec: {" more "containers: [{name: c, "       \
    "image: i, resources: {" resources "}}]}\n"
#define HEAD                                                                   \
    "  traffic: []\n  duration: 30m\n  warmUp: 0s\n"                           \
    "  cluster: {nodePools: [{name: pool, count: 1, allocatable: {cpu: 4, "    \
    "memory: 1Gi, pods: 9}}], kubelet: {sandbox: 0s, containerExit: 0s}, "     \
    "controlPlane: {watchLatency: 0s, writeLatency: 0s}}\n"

/* 100Mi more at 1Mi/s: 100 s after each start, and later and later starts. */
static void test_limit(void **state)
{
    struct notes n = {.reasons = {"OOMKilled"}};
    struct run r;

    (void)state;
    watched(&r, &n,
            SCENARIO(HEAD "  workloads: [{memory: {base: 100Mi, growth: "
                          "1Mi/s}}]\n")
                POD("a", "", "limits: {memory: 200Mi}"));
    assert_memory_equal(n.text,
                        "100 OOMKilled pod/a\n200 OOMKilled pod/a\n"
                        "310 OOMKilled pod/a\n430 OOMKilled pod/a\n",
                        70);
    assert_true(world_pod(r.w, 0)->restarts >= 4);
    assert_int_equal(world_pod(r.w, 0)->sandboxes, 1);
    run_end(&r);
}

/* What exceeds its request goes before what does not, low priority before
 * high, one at a time; the node is under pressure for 5 minutes more. */
static void test_eviction(void **state)
{
    struct notes n = {.reasons = {"Evicted", "NodeHasInsufficientMemory",
                                  "NodeHasSufficientMemory"}};
    struct run r;
    const struct node *node;
    char *evicted, *pressed, *over;
    double seconds;

    (void)state;
    watched(
        &r, &n,
        SCENARIO(HEAD
                 "  workloads:\n  - {selector: {app: quiet}, memory: {base: "
                 "300Mi}}\n  - {selector: {app: grows}, memory: {base: 100Mi, "
                 "growth: 1Mi/s}}\n  - {selector: {app: vip}, memory: {base: "
                 "400Mi}}\n")
            POD("quiet", "priority: 1, ", "requests: {memory: 300Mi}")
                POD("grows", "priority: 5, ", "requests: {memory: 50Mi}")
                    POD("vip", "priority: 9, ", "requests: {memory: 50Mi}"));
    evicted = strstr(n.text, "Evicted pod/grows");
    pressed = strstr(n.text, "NodeHasInsufficientMemory");
    over = strstr(n.text, "NodeHasSufficientMemory");
    assert_true(evicted && pressed && over);
    assert_null(strstr(n.text, "Evicted pod/quiet"));
    assert_null(strstr(n.text, "Evicted pod/vip"));
    /* 1024 Mi are used at 224 s: seen within 10 s, told within 10 s more. */
    seconds = atof(n.text);
    assert_true(seconds >= 224 && seconds <= 235);
    while (over > n.text && over[-1] != '\n')
        over--;
    assert_true(atof(over) >= seconds + 300 && atof(over) <= seconds + 330);
    node = world_node(r.w, 0);
    assert_false(node->memory_pressure);
    assert_int_equal(node->taints.count, 0);
    assert_int_equal(world_pod(r.w, 1)->phase, POD_FAILED);
    assert_string_equal(world_pod(r.w, 1)->reason, "Evicted");
    run_end(&r);
}

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Under pressure a pod that asks for nothing is kept out, by the taint; one
 * that names the node, by the kubelet; but not one that asks for something. */
static void test_pressure_keeps_out(void **state)
{
    static const char pods[] =
        "{apiVersion: v1, kind: Pod, metadata: {name: named}, spec: "
        "{nodeName: pool-1, containers: [{name: c, image: i}]}}\n---\n"
        "{apiVersion: v1, kind: Pod, metadata: {name: asks}, spec: "
        "{nodeName: pool-1, containers: [{name: c, image: i, resources: "
        "{requests: {cpu: 1m}}}]}}\n";
    char path[] = "/tmp/podchurn-test-XXXXXX", text[2000];
    struct notes n = {.reasons = {"Evicted", "FailedScheduling"}};
    struct run r;

    (void)state;
    write_file(path, pods);
    snprintf(text, sizeof text,
             SCENARIO("  traffic: []\n  duration: 4m\n  warmUp: 0s\n"
                      "  cluster: {nodePools: [{name: pool, count: 1, "
                      "allocatable: {cpu: 4, memory: 1Gi, pods: 9}}]}\n"
                      "  workloads:\n  - {selector: {app: grows}, memory: "
                      "{base: 1Gi, growth: 1Mi/s}}\n  timeline:\n  - {at: 1m, "
                      "kubectl: create deployment late --image=i}\n  - {at: "
                      "1m, kubectl: apply -f %s}\n")
                 POD("grows", "priority: 5, ", "requests: {memory: 50Mi}"),
             path);
    watched(&r, &n, text);
    unlink(path);
    assert_non_null(strstr(n.text, "Evicted pod/named"));
    assert_null(strstr(n.text, "Evicted pod/asks"));
    assert_true(world_node(r.w, 0)->memory_pressure);
    assert_int_equal(world_node(r.w, 0)->taints.count, 1);
    assert_string_equal(world_node(r.w, 0)->taints.items[0].key,
                        "node.kubernetes.io/memory-pressure");
    assert_int_equal(run_pods(&r, "app", "late"), 0);
    assert_non_null(strstr(n.text, "FailedScheduling pod/late"));
    run_end(&r);
}

/* Faster than the eviction manager looks: the kernel kills. */
static void test_out_of_memory(void **state)
{
    struct notes n = {.reasons = {"OOMKilled"}};
    struct run r;

    (void)state;
    watched(&r, &n,
            SCENARIO(HEAD "  workloads:\n  - {selector: {app: fast}, memory: "
                          "{base: 10Mi, growth: 500Mi/s}}\n  - {selector: "
                          "{app: best}, memory: {base: 200Mi}}\n")
                POD("best", "", "")
                    POD("fast", "", "requests: {cpu: 1, memory: 1000Mi}"));
    /* 1124 Mi after 1.8 s: the one that asked for nothing goes, then what
     * uses more than it asked for. */
    assert_memory_equal(n.text, "2 OOMKilled pod/best\n", 21);
    assert_non_null(strstr(n.text, "OOMKilled pod/fast"));
    run_end(&r);
}

/* Failure mode oom with growth: the process that was struck dies at its
 * limit, once; without keys at once. */
static void test_leak(void **state)
{
    struct notes n = {.reasons = {"OOMKilled"}};
    struct run r;

    (void)state;
    watched(&r, &n,
            SCENARIO(HEAD "  timeline:\n  - {at: 1m, fail: {pods: {app: a}, "
                          "mode: {oom: {growth: 1Mi/s}}}}\n"
                          "  - {at: 10m, fail: {pods: {app: a}, mode: "
                          "oom}}\n") POD("a", "",
                                         "requests: {memory: 50Mi}, "
                                         "limits: {memory: 100Mi}"));
    assert_string_equal(n.text, "110 OOMKilled pod/a\n600 OOMKilled pod/a\n");
    assert_int_equal(world_pod(r.w, 0)->restarts, 2);
    run_end(&r);
}

/* Each answer leaves 1Mi behind: at 10/s, 100Mi are there after 10 s. */
static void test_per_request(void **state)
{
    struct notes n = {.reasons = {"OOMKilled"}};
    struct run r;

    (void)state;
    watched(&r, &n,
            SCENARIO("  traffic: [{service: a, arrivals: {constant: {rate: "
                     "10/s}}}]\n  duration: 50s\n  warmUp: 0s\n"
                     "  workloads: [{startup: 0s, memory: {perRequest: "
                     "1Mi}}]\n")
                POD("a", "",
                    "limits: {memory: 100Mi}") "---\napiVersion: v1\nkind: "
                                               "Service\nmetadata: {name: a}\n"
                                               "spec: {selector: {app: a}, "
                                               "ports: [{port: 80}]}\n");
    assert_true(atof(n.text) >= 10 && atof(n.text) <= 13);
    assert_true(world_pod(r.w, 0)->restarts >= 2);
    run_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_pressure_keeps_out),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_leak),
        cmocka_unit_test(test_per_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
