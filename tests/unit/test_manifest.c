/*
 * Kubernetes objects: defaults, values, messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/loader.h"
#include "models/select.h"

struct fixture {
    struct loader l;
    char *messages;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->l.intern = intern_new();
    f->l.docs = doc_set_new();
    f->l.diag = diag_new();
    f->l.kubernetes_minor = 36;
}

/* Reads a text; true without errors. */
static bool read_text(struct fixture *f, const char *text)
{
    bool ok = doc_read_text(f->l.docs, "t.yaml", text, f->l.diag);
    size_t size, i;
    FILE *stream;

    for (i = 0; i < doc_count(f->l.docs); i++)
        manifest_read_priorities(&f->l, doc_root(f->l.docs, i));
    for (i = 0; i < doc_count(f->l.docs); i++)
        ok &= manifest_read(&f->l, doc_root(f->l.docs, i), &f->l.objects);
    manifest_drop_owned(&f->l, &f->l.objects);
    manifest_note_skipped(&f->l);
    free(f->messages);
    stream = open_memstream(&f->messages, &size);
    diag_print(f->l.diag, stream);
    fclose(stream);
    return ok;
}

static void end(struct fixture *f)
{
    object_list_release(&f->l.objects);
    manifest_release(&f->l);
    diag_free(f->l.diag);
    doc_set_free(f->l.docs);
    intern_free(f->l.intern);
    free(f->messages);
}

#define POD(spec)                                                              \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\n"         \
    "spec: {containers: [{name: c, image: i" spec "}]}\n"
#define DEPLOYMENT(api, spec)                                                  \
    "apiVersion: " api "\nkind: Deployment\nmetadata: {name: d}\n"             \
    "spec: {" spec "template: {metadata: {labels: {a: b}}, "                   \
    "spec: {containers: [{name: c, image: i}]}}}\n"
#define SELECTOR "selector: {matchLabels: {a: b}}, "

static void test_deployment_defaults(void **state)
{
    struct fixture f;
    const struct deployment_spec *d;

    (void)state;
    begin(&f);
    assert_true(read_text(&f, DEPLOYMENT("apps/v1", SELECTOR)));
    d = f.l.objects.deployments.items[0];
    assert_int_equal(d->replicas, 1);
    assert_true(d->max_surge.percent && d->max_unavailable.percent);
    assert_int_equal(d->max_surge.value, 25);
    assert_int_equal(d->progress_deadline, 600 * SIM_S);
    assert_int_equal(d->revision_history_limit, 10);
    assert_false(d->recreate);
    assert_string_equal(d->meta.space, "default");
    assert_int_equal(d->template.grace_period, 30 * SIM_S);
    assert_int_equal(d->template.toleration_count, 2);
    assert_int_equal(d->template.tolerations[0].seconds, 300 * SIM_S);
    assert_int_equal(d->template.scored_cpu, 100);
    assert_int_equal(d->template.scored_memory, 200 << 20);
    assert_int_equal(d->template.requests.cpu, 0);
    assert_true(d->template.containers[0].always_pull);
    end(&f);
}

static void test_old_deployment(void **state)
{
    struct fixture f;
    const struct deployment_spec *d;

    (void)state;
    begin(&f);
    assert_true(read_text(&f, DEPLOYMENT("extensions/v1beta1", "")));
    d = f.l.objects.deployments.items[0];
    assert_int_equal(d->selector.count, 1);
    assert_string_equal(d->selector.items[0].key, "a");
    assert_false(d->max_surge.percent);
    assert_int_equal(d->max_unavailable.value, 1);
    assert_int_equal(d->progress_deadline, SIM_NEVER);
    end(&f);
}

static void test_requests(void **state)
{
    struct fixture f;
    const struct pod_template *t;

    (void)state;
    begin(&f);
    assert_true(read_text(
        &f, "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
            "  overhead: {cpu: 10m}\n"
            "  initContainers:\n"
            "  - {name: side, restartPolicy: Always, resources: {requests: "
            "{cpu: 50m}}}\n"
            "  - {name: init, resources: {requests: {cpu: 500m, memory: "
            "1Mi}}}\n"
            "  containers:\n"
            "  - {name: a, resources: {limits: {cpu: 0.1, memory: 64Mi}}}\n"
            "  - {name: b, resources: {requests: {cpu: 200m, x.com/gpu: 1}, "
            "limits: {cpu: 1, x.com/gpu: 1}}}\n"));
    t = &f.l.objects.pods.items[0]->template;
    /* init 500 beside the sidecar's 50 is more than 100 + 200 + 50 */
    assert_int_equal(t->requests.cpu, 560);
    assert_int_equal(t->requests.memory, 64 << 20);
    assert_int_equal(t->requests.count, 1);
    assert_string_equal(t->requests.items[0].name, "x.com/gpu");
    assert_true(t->containers[0].init && t->containers[0].sidecar);
    assert_true(t->containers[1].init && !t->containers[1].sidecar);
    end(&f);
}

static void test_probe_defaults(void **state)
{
    struct fixture f;
    const struct probe *probe;

    (void)state;
    begin(&f);
    assert_true(read_text(
        &f, POD(", readinessProbe: {httpGet: {path: /, port: 80}, "
                "periodSeconds: 0}, livenessProbe: {exec: {command: [x]}, "
                "failureThreshold: 5}")));
    probe = f.l.objects.pods.items[0]->template.containers[0].readiness;
    assert_int_equal(probe->kind, PROBE_HTTP);
    assert_int_equal(probe->period, 10 * SIM_S);
    assert_int_equal(probe->timeout, SIM_S);
    assert_int_equal(probe->success_threshold, 1);
    assert_int_equal(probe->failure_threshold, 3);
    probe = f.l.objects.pods.items[0]->template.containers[0].liveness;
    assert_int_equal(probe->failure_threshold, 5);
    end(&f);
}

static void test_pre_stop(void **state)
{
    static const struct {
        const char *hook;
        sim_time want;
    } cases[] = {
        {"sleep: {seconds: 7}", 7 * SIM_S},
        {"exec: {command: [sleep, '10']}", 10 * SIM_S},
        {"exec: {command: [/bin/sleep, '0.5']}", 500 * SIM_MS},
        {"exec: {command: [/bin/sh, -c, 'sleep 10']}", 10 * SIM_S},
        {"exec: {command: [sh, -c, 'sleep 5s; nginx -s quit']}", 5 * SIM_S},
        {"exec: {command: [bash, -c, 'sleep 10 && kill 1']}", 10 * SIM_S},
        {"exec: {command: [sh, -c, '/usr/bin/sleep 1m']}", SIM_MIN},
        {"exec: {command: [sh, -c, 'date; sleep 2; sleep 3']}", 5 * SIM_S},
        {"exec: {command: [sh, -c, 'sleep $T']}", PRE_STOP_UNREADABLE},
        {"exec: {command: [sh, -c, 'while true; do sleep 1; done']}",
         PRE_STOP_UNREADABLE},
        {"exec: {command: [/app/stop]}", PRE_STOP_UNREADABLE},
        {"httpGet: {path: /stop, port: 80}", PRE_STOP_UNREADABLE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        char text[512];

        begin(&f);
        snprintf(text, sizeof text, POD(", lifecycle: {preStop: {%s}}"),
                 cases[i].hook);
        assert_true(read_text(&f, text));
        if (f.l.objects.pods.items[0]->template.containers[0].pre_stop !=
            cases[i].want)
            fail_msg("%s", cases[i].hook);
        end(&f);
    }
}

static void test_service(void **state)
{
    struct fixture f;
    const struct service_spec *s;

    (void)state;
    begin(&f);
    assert_true(read_text(
        &f, "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: x}\n"
            "spec: {selector: {a: b}, sessionAffinity: ClientIP, "
            "ports: [{port: 80, name: h, targetPort: http}, {port: 443, "
            "name: t, protocol: UDP}], internalTrafficPolicy: Local}\n"));
    s = f.l.objects.services.items[0];
    assert_string_equal(s->meta.space, "x");
    assert_string_equal(s->ports[0].target_name, "http");
    assert_int_equal(s->ports[1].target, 443);
    assert_true(s->ports[1].udp && s->client_ip_affinity);
    assert_int_equal(s->affinity_timeout, 10800 * SIM_S);
    assert_true(s->internal_local && !s->external_local && s->has_selector);
    end(&f);
}

static void test_priority(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_true(read_text(
        &f, "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
            "spec: {priorityClassName: high, containers: [{name: c}]}\n"
            "---\napiVersion: v1\nkind: Pod\nmetadata: {name: q}\n"
            "spec: {priorityClassName: system-node-critical, "
            "containers: [{name: c}]}\n"
            "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"
            "metadata: {name: high}\nvalue: 1000\n"));
    assert_int_equal(f.l.objects.pods.items[0]->template.priority, 1000);
    assert_int_equal(f.l.objects.pods.items[1]->template.priority, 2000001000);
    end(&f);
}

#define TEMPLATE                                                               \
    "template: {metadata: {labels: {a: b}}, spec: {containers: [{name: "       \
    "c}]}}}\n"

static void test_owners(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_true(read_text(
        &f,
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, "
        "spec: {selector: {matchLabels: {a: b}}, " TEMPLATE "  }\n"
        "- {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: d-1, "
        "ownerReferences: [{kind: Deployment, name: d, controller: true}]}, "
        "spec: {selector: {matchLabels: {a: b}}, " TEMPLATE "  }\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: d-1-x, "
        "ownerReferences: [{kind: ReplicaSet, name: d-1, controller: true}]},"
        " spec: {containers: [{name: c}]}}\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: d-2-x, labels: "
        "{pod-template-hash: '2'}, ownerReferences: [{kind: ReplicaSet, name: "
        "d-2, controller: true}]}, spec: {containers: [{name: c}]}}\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: old}, spec: "
        "{containers: [{name: c}]}, status: {phase: Succeeded}}\n"
        "- {apiVersion: v1, kind: Pod, metadata: {name: lone, "
        "ownerReferences: [{kind: ReplicaSet, name: gone}]}, "
        "spec: {containers: [{name: c}]}, status: {phase: Running, "
        "conditions: [{type: Ready, status: 'True'}]}}\n"
        "- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"));
    assert_int_equal(f.l.objects.deployments.count, 1);
    assert_int_equal(f.l.objects.replicasets.count, 0);
    assert_int_equal(f.l.objects.pods.count, 1);
    assert_string_equal(f.l.objects.pods.items[0]->meta.name, "lone");
    assert_true(f.l.objects.pods.items[0]->ready);
    assert_non_null(strstr(f.messages, "skipped: 1 Secret"));
    assert_non_null(strstr(f.messages, "anew: 2 Pod, 1 ReplicaSet"));
    end(&f);
}

static void test_hash(void **state)
{
    struct fixture f;
    uint64_t hash[3];
    size_t i;

    (void)state;
    begin(&f);
    assert_true(read_text(
        &f, "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
            "spec: {containers: [{name: c, image: i}], hostNetwork: true}\n"
            "---\nkind: Pod\napiVersion: v1\nmetadata: {name: p2}\n"
            "spec: {hostNetwork: true, containers: [{image: i, name: c}]}\n"
            "---\nkind: Pod\napiVersion: v1\nmetadata: {name: p3}\n"
            "spec: {containers: [{name: c, image: j}], hostNetwork: true}\n"));
    for (i = 0; i < 3; i++) {
        struct pod_template *t = &f.l.objects.pods.items[i]->template;

        t->written = 0; /* names differ */
        loader_finish_template(&f.l, t);
        hash[i] = t->hash;
        loader_finish_template(&f.l, t);
        assert_true(t->hash == hash[i]);
    }
    assert_true(hash[0] == hash[1] && hash[0] != hash[2]);
    end(&f);
}

static void test_kubectl_selector(void **state)
{
    static const struct label items[] = {{"app", "web"}, {"env", "b"}};
    static const struct labels labels = {2, items};
    static const struct {
        const char *text;
        int matches; /* -1: an error */
    } cases[] = {
        {"app=web", 1},
        {"app==web,env!=a", 1},
        {"app=db", 0},
        {"app", 1},
        {"!app", 0},
        {"!other", 1},
        {"env in (a, b)", 1},
        {"env notin (a,b)", 0},
        {"other notin (a)", 1},
        {"app=web,", -1},
        {"", -1},
        {"app in a", -1},
        {"app=web env=b", -1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct selector s;
        struct place place = {0};
        bool ok;

        begin(&f);
        ok = loader_parse_selector(&f.l, cases[i].text, place, &s);
        if (ok != (cases[i].matches >= 0) ||
            (ok && selector_matches(&s, &labels) != cases[i].matches))
            fail_msg("'%s'", cases[i].text);
        end(&f);
    }
}

static void test_messages(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a: 1\n", "t.yaml:1:1: error: not a Kubernetes object: no 'kind'"},
        {DEPLOYMENT("apps/v1", SELECTOR "replicas: -1, "),
         "expected an integer >= 0 for 'replicas', got '-1'"},
        {DEPLOYMENT("apps/v1", "replicas: 1, "), "'selector' is required"},
        {DEPLOYMENT("apps/v1", "selector: {matchLabels: {a: c}}, "),
         "'selector' does not match template 'labels'"},
        {DEPLOYMENT("apps/v1",
                    SELECTOR "strategy: {rollingUpdate: {maxSurge: 0, "
                             "maxUnavailable: 0}}, "),
         "'maxUnavailable' may not be 0 when 'maxSurge' is 0"},
        {DEPLOYMENT("apps/v1", SELECTOR "strategy: {type: Rolling}, "),
         "unknown value 'Rolling' for 'type'"},
        {POD(", readinessProbe: {periodSeconds: 5}"),
         "'readinessProbe' has no handler"},
        {POD(", resources: {requests: {cpu: 2}, limits: {cpu: 1}}"),
         "expected no more than its limit for 'cpu', got '2'"},
        {POD(", resources: {requests: {memory: lots}}"),
         "expected a quantity >= 0"},
        {POD(", ports: [{containerPort: 0}]"), "integer from 1 to 65535"},
        {POD("") "---\n" POD(""), "duplicate Pod 'default/p'"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
         "spec: {selector: {a: b}}\n",
         "'ports' is required"},
        {"apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
         "spec: {type: NodePort, clusterIP: None, ports: [{port: 80}]}\n",
         "'clusterIP' may not be None for NodePort Services"},
        {"apiVersion: v1\nkind: Pod\nmetadata: {name: 'p-{{.N}}'}\n"
         "spec: {containers: [{name: c}]}\n",
         "this is a Go template"},
        {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}\n",
         "a pod needs at least one of 'containers'"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;

        begin(&f);
        if (read_text(&f, cases[i].text) ||
            !strstr(f.messages, cases[i].message))
            fail_msg("wanted: %s\ngot: %s", cases[i].message, f.messages);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deployment_defaults),
        cmocka_unit_test(test_old_deployment),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_probe_defaults),
        cmocka_unit_test(test_pre_stop),
        cmocka_unit_test(test_service),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_kubectl_selector),
        cmocka_unit_test(test_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
