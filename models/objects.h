/*
 * objects - Kubernetes objects as people write them: what a manifest says,
 * with Kubernetes' defaults filled in. Immutable once loaded; shared by all
 * replications and threads. Field names follow the API.
 *
 * Texts are interned (models/intern.h): equal texts are the same pointer.
 * Optional texts are NULL where absent. Arrays end where their count says.
 */
#ifndef MODELS_OBJECTS_H
#define MODELS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"
#include "sim/io/diag.h"

struct label {
    const char *key, *value;
};

/* Sorted by key (strcmp). */
struct labels {
    size_t count;
    const struct label *items;
};

enum selector_operator {
    SELECTOR_IN,
    SELECTOR_NOT_IN,
    SELECTOR_EXISTS,
    SELECTOR_DOES_NOT_EXIST,
    SELECTOR_GT, /* node affinity only */
    SELECTOR_LT
};

struct requirement {
    const char *key;
    enum selector_operator operator;
    size_t count;
    const char *const *values;
};

/* All requirements must hold. Count 0: everything, unless `nothing`. */
struct selector {
    bool nothing;
    size_t count;
    const struct requirement *items;
};

/* An extended resource, or any but those of struct resources. */
struct extended_resource {
    const char *name;
    int64_t quantity;
};

struct resources {
    int64_t cpu;     /* milli-cores */
    int64_t memory;  /* bytes */
    int64_t storage; /* ephemeral-storage, bytes */
    int64_t pods;    /* nodes: how many may be there; pods: 0 */
    size_t count;
    const struct extended_resource *items; /* sorted by name */
};

enum taint_effect {
    TAINT_NO_SCHEDULE,
    TAINT_PREFER_NO_SCHEDULE,
    TAINT_NO_EXECUTE
};

struct taint {
    const char *key, *value; /* value "" where absent */
    enum taint_effect effect;
};

struct toleration {
    const char *key;   /* NULL: every key */
    bool exists;       /* operator Exists; else Equal */
    const char *value; /* "" where absent */
    int effect;        /* enum taint_effect, or -1: every effect */
    sim_time seconds;  /* SIM_NEVER: for ever; <= 0: not at all */
    int compare; /* operators Gt: 1, Lt: -1, of integers (a feature that is
                    off by default); 0: neither */
};

/* One term: all of its expressions and fields must hold. */
struct node_selector_term {
    size_t expression_count;
    const struct requirement *expressions;
    size_t field_count; /* matchFields: metadata.name */
    const struct requirement *fields;
};

struct preferred_node_term {
    int weight;
    struct node_selector_term term;
};

/* requiredDuringScheduling...: any one term suffices; count 0 and not
 * `present`: no requirement; count 0 and `present`: nothing matches. */
struct node_affinity {
    bool present;
    size_t required_count, preferred_count;
    const struct node_selector_term *required;
    const struct preferred_node_term *preferred;
};

/* Other pods, by labels and namespace, and what "near" means. */
struct pod_affinity_term {
    bool selector_given; /* else no pod is meant */
    struct selector selector;
    const char *topology_key;
    /* None of the two given: the pod's own namespace. */
    size_t space_count;
    const char *const *spaces;
    bool space_selector_given;
    struct selector space_selector; /* of namespaces' labels */
    /* matchLabelKeys, mismatchLabelKeys */
    size_t match_key_count, mismatch_key_count;
    const char *const *match_keys, *const *mismatch_keys;
};

struct preferred_pod_term {
    int weight;
    struct pod_affinity_term term;
};

/* podAffinity, or podAntiAffinity. All of the required terms must hold. */
struct pod_affinity {
    size_t required_count, preferred_count;
    const struct pod_affinity_term *required;
    const struct preferred_pod_term *preferred;
};

struct spread_constraint {
    int max_skew;
    const char *topology_key;
    bool schedule_anyway; /* else DoNotSchedule */
    bool selector_given;
    struct selector selector;
    int min_domains;          /* 0: absent */
    bool honor_node_affinity; /* nodeAffinityPolicy, default true */
    bool honor_node_taints;   /* nodeTaintsPolicy, default false */
    size_t label_key_count;   /* matchLabelKeys */
    const char *const *label_keys;
};

enum probe_kind { PROBE_HTTP, PROBE_GRPC, PROBE_TCP, PROBE_EXEC };

struct probe {
    enum probe_kind kind;
    sim_time initial_delay, period, timeout; /* period >= 1 s */
    int success_threshold, failure_threshold;
};

struct container_port {
    const char *name; /* NULL: none */
    int port;
    bool udp, sctp;      /* neither: TCP */
    int host_port;       /* 0: none */
    const char *host_ip; /* NULL: every address of the node */
};

enum { PRE_STOP_NONE = 0, PRE_STOP_UNREADABLE = -1 };

struct container {
    const char *name, *image;
    bool always_pull;
    bool init;    /* runs to its end before the others start */
    bool sidecar; /* an init container with restartPolicy Always */
    struct resources requests;
    bool cpu_given, memory_given;    /* asked for, be it 0 */
    int64_t cpu_limit, memory_limit; /* as requests; 0: none */
    size_t port_count;
    const struct container_port *ports;
    const struct probe *readiness, *liveness, *startup; /* NULL: none */
    sim_time pre_stop; /* 0: none; < 0: a hook whose time is not plain */
    struct place pre_stop_place;
};

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };

/* A pod template, or a pod's own spec. */
struct pod_template {
    struct labels labels;
    size_t container_count;
    const struct container *containers; /* init containers first */
    /* What the scheduler counts: the larger of the sum of containers and
     * the largest init container, sidecars added, plus overhead. */
    struct resources requests, overhead;
    /* As requests, with 100m and 200Mi for containers that ask for none:
     * what LeastAllocated counts. */
    int64_t scored_cpu, scored_memory;
    enum restart_policy restart_policy;
    sim_time grace_period; /* terminationGracePeriodSeconds */
    bool host_network;
    const char *node_name;      /* NULL: the scheduler decides */
    const char *scheduler_name; /* NULL: default-scheduler */
    struct labels node_selector;
    struct node_affinity affinity;
    struct pod_affinity near, apart; /* podAffinity, podAntiAffinity */
    size_t toleration_count; /* with the two default 300 s ones added, as
                                the admission plug-in does */
    const struct toleration *tolerations;
    size_t spread_count; /* topologySpreadConstraints; 0: the defaults */
    const struct spread_constraint *spread;
    int64_t priority;
    bool never_preempts;   /* preemptionPolicy Never */
    int64_t deletion_cost; /* annotation pod-deletion-cost */
    size_t readiness_gate_count;
    bool cannot_start; /* an image that never pulls (set by a fault) */
    bool never_ready;  /* one that runs, and is never ready (the same) */
    uint32_t workload; /* index into scenario->workloads: the first match */
    uint64_t written;  /* fingerprint of the document; 0: none */
    uint64_t hash;     /* of what a user wrote: another hash, another
                          ReplicaSet (pod-template-hash) */
};

/* metadata */
struct meta {
    const char *name, *space; /* namespace; "default" */
    struct labels labels;
    struct place place;
};

/* An absolute number or a percentage. */
struct int_or_percent {
    bool percent;
    int value;
};

struct deployment_spec {
    struct meta meta;
    int replicas;
    struct selector selector;
    struct pod_template template;
    bool recreate; /* strategy Recreate; else RollingUpdate */
    struct int_or_percent max_surge, max_unavailable;
    sim_time min_ready, progress_deadline; /* SIM_NEVER: none */
    int revision_history_limit;
    bool paused;
};

struct replicaset_spec {
    struct meta meta;
    int replicas;
    struct selector selector;
    struct pod_template template;
    sim_time min_ready;
};

/* PodDisruptionBudget. */
struct pdb_spec {
    struct meta meta;
    struct selector selector;
    bool min_given, max_given; /* at most one of the two */
    struct int_or_percent min_available, max_unavailable;
    bool always_allow; /* unhealthyPodEvictionPolicy AlwaysAllow */
};

struct statefulset_spec {
    struct meta meta;
    int replicas;
    struct selector selector;
    struct pod_template template;
    const char *service_name; /* "": none */
    bool parallel;            /* podManagementPolicy Parallel */
    bool on_delete;           /* updateStrategy OnDelete; else RollingUpdate */
    bool rolling_given;       /* rollingUpdate is there, by default too */
    int partition;
    struct int_or_percent max_unavailable;
    int start; /* ordinals.start */
    sim_time min_ready;
    int revision_history_limit;
};

struct daemonset_spec {
    struct meta meta;
    struct selector selector;
    struct pod_template template; /* with the controller's tolerations */
    bool on_delete;               /* else RollingUpdate */
    struct int_or_percent max_surge, max_unavailable;
    sim_time min_ready;
    int revision_history_limit;
};

enum failure_action {
    FAILURE_COUNT,
    FAILURE_IGNORE,
    FAILURE_FAIL_JOB,
    FAILURE_FAIL_INDEX
};

/* A rule of podFailurePolicy: by exit codes, or by conditions. */
struct failure_rule {
    enum failure_action action;
    bool on_disruption; /* condition DisruptionTarget */
    bool not_in;        /* operator NotIn; else In */
    size_t code_count;
    const int *codes;
};

/* A rule of successPolicy. */
struct success_rule {
    bool indexes_given; /* succeededIndexes; else all of them */
    size_t range_count; /* [first, last], rising, apart */
    const struct index_range {
        int first, last;
    } * ranges;
    int count; /* succeededCount; -1: all of the indexes */
};

struct job_spec {
    struct meta meta;
    struct selector selector; /* given by hand; else of nothing */
    struct pod_template template;
    int parallelism;
    int completions; /* -1: any one pod's success is enough */
    int backoff_limit;
    int backoff_limit_per_index, max_failed_indexes; /* -1: not given */
    sim_time active_deadline, ttl;                   /* SIM_NEVER: none */
    bool indexed, suspend;
    bool replace_failed_only; /* podReplacementPolicy Failed */
    size_t rule_count;
    const struct failure_rule *rules;
    size_t success_count;
    const struct success_rule *success;
};

/* HorizontalPodAutoscaler. */
enum hpa_metric_kind {
    HPA_UTILIZATION,  /* CPU, percent of the requests */
    HPA_AVERAGE_USAGE /* CPU, milli-cores a pod */
};

struct hpa_metric {
    enum hpa_metric_kind kind;
    const char *container; /* NULL: all of the pod's */
    int64_t target;        /* percent, or milli-cores */
    bool simulated;        /* false: a metric that nothing here yields */
};

struct hpa_policy {
    bool percent; /* else pods */
    int value;
    sim_time period;
};

enum hpa_select { HPA_SELECT_MAX, HPA_SELECT_MIN, HPA_SELECT_DISABLED };

/* behavior.scaleUp, behavior.scaleDown */
struct hpa_rules {
    enum hpa_select select;
    sim_time window;  /* SIM_NEVER: the controller's own */
    double tolerance; /* < 0: the controller's own */
    size_t policy_count;
    const struct hpa_policy *policies;
};

struct hpa_behavior {
    bool given; /* without it nothing below counts */
    struct hpa_rules up, down;
};

struct hpa_spec {
    struct meta meta;
    const char *target_kind, *target_name;
    int min, max;
    size_t metric_count; /* >= 1 */
    const struct hpa_metric *metrics;
    struct hpa_behavior behavior;
};

/* A pod of its own, or one dumped from a cluster. */
struct pod_object {
    struct meta meta;
    struct pod_template template;
    const char *owner_kind, *owner_name; /* NULL: none */
    const char *phase;                   /* of a dump; NULL: new */
    bool ready;
};

enum service_type {
    SERVICE_CLUSTER_IP,
    SERVICE_NODE_PORT,
    SERVICE_LOAD_BALANCER,
    SERVICE_EXTERNAL_NAME
};

struct service_port {
    const char *name; /* NULL: none */
    int port;
    int target;              /* number, or 0: */
    const char *target_name; /* a named container port */
    int node_port;           /* 0: none given */
    bool udp;
};

struct service_spec {
    struct meta meta;
    enum service_type type;
    bool headless;          /* clusterIP: None */
    const char *cluster_ip; /* as given; NULL: allocated */
    bool has_selector;
    struct selector selector;
    size_t port_count;
    const struct service_port *ports;
    bool publish_not_ready;
    bool client_ip_affinity;
    sim_time affinity_timeout;
    bool internal_local, external_local; /* traffic policies Local */
    const char *traffic_distribution;    /* NULL: none */
    bool topology_auto; /* annotation topology-mode: hints by zones' CPU */
};

/* An image that a node has. */
struct node_image {
    const char *name; /* with a tag or digest */
    int64_t size;     /* bytes, as the node's status says */
};

struct node_spec {
    const char *name;
    struct labels labels; /* hostname, os, arch, zone and region included */
    const char *zone;     /* "" where there is none */
    struct resources allocatable;
    size_t taint_count;
    const struct taint *taints;
    bool unschedulable;
    const char *pod_cidr; /* NULL: allocated */
    size_t image_count;   /* status.images of a dump, a name each */
    const struct node_image *images;
    struct place place;
};

#endif
