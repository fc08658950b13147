/*
 * scenario - everything that one run is made from: the objects of the
 * manifests and what the Scenario object says (spec.md, section 3.2), with
 * every default filled in. Immutable once loaded; all replications read it.
 */
#ifndef MODELS_SCENARIO_H
#define MODELS_SCENARIO_H

#include "models/cloud.h"
#include "models/gateway.h"
#include "models/intern.h"
#include "models/objects.h"
#include "sim/engine/dist.h"
#include "sim/io/diag.h"
#include "sim/io/doc.h"
#include "sim/io/param.h"

/* spec.cluster.controlPlane; sources stand in the param table. */
struct control_plane_params {
    struct dist watch_latency; /* API write -> a watcher hears */
    struct dist write_latency; /* one write request */
    double controller_qps;     /* each controller's client */
    int64_t controller_burst;
    double scheduler_qps;
    int64_t scheduler_burst;
    struct dist scheduling_latency; /* one scheduling cycle */
    sim_time scheduler_backoff_base, scheduler_backoff_max;
    bool scheduler_pops_early, scheduler_async_preemption;
    bool scheduler_async_calls;
    sim_time scheduler_flush; /* unschedulable pods at most so long */
    sim_time queue_backoff_base, queue_backoff_max; /* workqueue, per item */
    sim_time node_monitor_period, node_monitor_grace_period;
    double node_eviction_rate, secondary_node_eviction_rate; /* 1/s */
    double unhealthy_zone_threshold;
    int64_t large_cluster_size_threshold;
    sim_time pod_gc_period, pod_gc_quarantine;
    int64_t deployment_workers, replicaset_workers, endpointslice_workers;
    int64_t statefulset_workers, daemonset_workers, job_workers;
    bool statefulset_max_unavailable; /* feature gate */
    int64_t max_endpoints_per_slice;
    int64_t slow_start_initial, replicaset_burst;
    sim_time hpa_sync_period, hpa_downscale_stabilization;
    sim_time hpa_cpu_initialization_period, hpa_initial_readiness_delay;
    double hpa_tolerance;
    sim_time metrics_resolution, housekeeping; /* metrics-server, cAdvisor */
};

/* Of a shutdown: pods of that priority, up to the next group's. */
struct shutdown_group {
    int64_t priority;
    sim_time period;
};

struct kubelet_params {
    sim_time node_status_update_frequency, lease_duration, lease_renew;
    struct dist sandbox; /* network set-up; the IP is then there */
    struct dist sandbox_teardown;
    struct dist container_exit; /* SIGKILL or exit -> noticed */
    bool serial_image_pulls;
    int64_t max_parallel_image_pulls; /* INT64_MAX: no limit */
    double registry_pull_qps;
    int64_t registry_burst;
    struct dist image_pull_failure; /* a pull that fails */
    sim_time image_backoff_base, image_backoff_max;
    struct dist status_latency; /* a change -> the API has it */
    sim_time crash_backoff_base, crash_backoff_max, crash_backoff_reset;
    bool crash_backoff_reduced;
    struct dist probe_time; /* work of one http or grpc probe */
    sim_time min_grace_after_pre_stop;
    sim_time image_list_period; /* node's images -> its status */
    struct dist boot;           /* node up again -> kubelet at work */
    int64_t eviction_memory;    /* evictionHard memory.available, bytes */
    sim_time eviction_period;   /* of the eviction manager's looks */
    sim_time pressure_transition;
    double api_qps; /* of status writes and removals; infinite: no limit */
    int64_t api_burst;
    bool node_keeps_images;
    sim_time shutdown_grace, shutdown_grace_critical;
    size_t shutdown_group_count; /* of those, or given; 0: none is graceful */
    const struct shutdown_group *shutdown_groups; /* rising priority */
};

enum proxy_mode { PROXY_IPTABLES, PROXY_IPVS, PROXY_NFTABLES };

struct kube_proxy_params {
    int mode;                             /* enum proxy_mode */
    sim_time udp_timeout, stream_timeout; /* conntrack's */
    sim_time ipvs_udp_timeout;
    sim_time min_sync_period, sync_period;
    struct dist sync_base; /* one sync, whatever its size */
    struct dist sync_per_service, sync_per_endpoint; /* full */
    struct dist sync_per_change; /* partial, each changed Service */
    bool partial_sync;           /* iptables */
    sim_time full_sync_period;
    int64_t large_cluster_endpoints; /* iptables: above, not even that */
    bool terminating_fallback;       /* KEP-1669 */
};

/* NodeLocal DNSCache. */
struct node_local_params {
    bool on; /* the first: custom_block */
    sim_time success_ttl, denial_ttl;
    bool loadbalance;
    struct dist latency; /* of an answer from the node's cache */
};

struct dns_params {
    sim_time ttl;        /* of records */
    sim_time denial_ttl; /* of answers without any; < 0: as ttl */
    bool cache;          /* CoreDNS cache plug-in */
    sim_time cache_ttl;
    sim_time cache_denial_ttl; /* < 0: as cache_ttl */
    bool loadbalance;          /* CoreDNS loadbalance plug-in */
    sim_time client_cache;     /* resolver: 0 none, <0 honours TTL,
                                  SIM_NEVER for ever */
    struct dist latency;       /* of a look-up that no cache answers */
    int64_t servers;           /* DNS replicas, each with its own cache */
    struct node_local_params node_local;
};

enum resolver_take { TAKE_ALL, TAKE_FIRST };
enum resolver_ask { ASK_CONNECT, ASK_AFTER_LOSS };

/* How a client looks names up. */
struct resolver_spec {
    sim_time cache;    /* as dns_params.client_cache */
    sim_time negative; /* no address: kept at most so long by those that keep
                          the others for their own time */
    int take;          /* enum resolver_take */
    int ask;           /* enum resolver_ask */
    sim_time min_interval; /* ASK_AFTER_LOSS: between two look-ups */
    sim_time timeout;      /* of one try, > 0 */
    int64_t attempts;      /* >= 1 */
};

/* A pool whose size the cluster autoscaler sets. */
struct node_group {
    const char *name;
    int64_t min, max;
    struct dist provisioning;      /* asked for -> the Node is Ready */
    size_t initial;                /* the first so many exist at the start */
    const struct node_spec *nodes; /* `max` of them, or `initial` if more */
};

enum expander { EXPAND_LEAST_WASTE, EXPAND_MOST_PODS, EXPAND_RANDOM };

/* spec.cluster.clusterAutoscaler; sources stand in the param table. */
struct cluster_autoscaler_params {
    sim_time scan_interval, unneeded_time, delay_after_add;
    sim_time delay_after_delete, delay_after_failure, max_provision_time;
    sim_time new_pod_delay, max_grace;
    double utilization_threshold;
    int expander; /* enum expander */
    int64_t max_empty_bulk_delete;
};

enum ipam_allocator { IPAM_SEQUENTIAL, IPAM_LOWEST, IPAM_RANDOM };

struct network_latency {
    struct dist same_node, same_zone, cross_zone, external; /* one way */
};

struct scheduler_config; /* models/scheduler/config.h */

struct cluster_params {
    int kubernetes_minor; /* of "1.36" */
    bool nodes_given;     /* by Node objects: no pools */
    size_t node_count;
    const struct node_spec *nodes; /* pools expanded */
    size_t node_room;              /* the most there may be at once */
    size_t group_count;
    const struct node_group *groups;
    struct cluster_autoscaler_params autoscaler;
    uint32_t pod_cidr, service_cidr;      /* network, host order */
    int pod_cidr_bits, service_cidr_bits; /* prefix lengths; widened */
    int node_cidr_bits;                   /* nodeCIDRMaskSize */
    int ipam_allocator;                   /* enum ipam_allocator */
    sim_time ipam_reuse_delay;
    struct network_latency latency;
    struct control_plane_params control_plane;
    size_t profile_count; /* of the scheduler; >= 1 once loaded */
    const struct scheduler_config *profiles;
    struct kubelet_params kubelet;
    struct kube_proxy_params kube_proxy;
    struct dns_params dns;
};

enum discipline { DISCIPLINE_FIFO, DISCIPLINE_PS };
enum on_terminate { TERM_DRAIN, TERM_SERVE, TERM_EXIT, TERM_IGNORE };

/* workloads[].calls[]: requests that a request makes. */
struct call_spec {
    uint32_t number;    /* its requests are those of scenario->traffic[
                           traffic_count - call_count + number] */
    double probability; /* that a request makes it */
    bool parallel;      /* it begins with the one before it */
};
enum { CALLS_MAX = 32 }; /* of a workload */

/* Memory of the container that serves. All 0: it has what it asks for. */
struct memory_use {
    double base;        /* bytes, from its start on */
    double growth;      /* bytes a second */
    double per_request; /* bytes that each answer leaves behind */
};

/* spec.workloads[]; [0] of the array is the default for all else. */
struct workload {
    struct selector selector; /* of pods; count 0: all */
    const char *image;        /* glob; NULL: any */
    int64_t image_size;       /* bytes; 0: not known */
    struct dist init;         /* the run of each init container */
    double init_failure_rate; /* share of such runs with status 1 */
    int64_t init_failures;    /* so many of each fail, before that */
    struct dist image_pull, startup, service_time;
    int64_t concurrency; /* INT64_MAX: unlimited */
    int discipline;      /* enum discipline */
    int64_t queue_limit; /* waiting requests; INT64_MAX: unlimited */
    double error_rate;
    double cold_factor; /* 1: none */
    sim_time cold_for;
    int64_t cpu_per_request; /* ns of one core */
    int64_t idle_cpu;        /* milli-cores */
    int on_terminate;        /* enum on_terminate */
    struct dist shutdown;    /* SIGTERM -> exit, at least */
    struct dist run_time;    /* start -> exit by itself; never: a Job's 1m */
    double run_failure_rate; /* share of such exits with status 1 */
    size_t call_count;
    const struct call_spec *calls; /* in their order */
    sim_time pre_stop;             /* < 0: as the manifest says */
    struct memory_use memory;
    struct place place;
};

enum pick_mode {
    PICK_EACH,
    PICK_ALL,
    PICK_ONE,
    PICK_FIXED,
    PICK_PERCENT,
    PICK_RANDOM_MAX
};

/* What a failure rule or `fail:` hits. */
enum target_kind {
    TARGET_PODS,
    TARGET_NODES,
    TARGET_NODES_OF,
    TARGET_ZONES,
    TARGET_SERVICES,
    TARGET_DEPLOYMENTS,
    TARGET_CONTROL_PLANE
};
struct target {
    enum target_kind kind;
    const char *space;        /* of pods; NULL: every namespace */
    struct selector selector; /* of pods or nodes */
    size_t name_count;        /* zones, Services, Deployments */
    const char *const *names;
    enum pick_mode pick;
    double pick_value; /* how many, or percent */
};

struct failure_mode; /* models/failures/failure.h */

struct failure_spec {
    const char *name;
    struct target target;
    const struct failure_mode *mode;
    const void *config;        /* of the mode; NULL: it has none */
    struct dist after, repair; /* repair absent: dist_never */
    bool repair_given;
    int64_t repairers; /* INT64_MAX: unlimited */
    struct place place;
};

enum access { ACCESS_SERVICE, ACCESS_HEADLESS, ACCESS_POD_IP };
/* AT_CALLERS: each pod of a workload that calls is a client. */
enum location { AT_NODES, AT_EXTERNAL, AT_ZONE, AT_PODS, AT_CALLERS };
/* Those after CONSTANT have no rate: models/traffic/arrivals.h. */
enum arrivals {
    ARRIVALS_POISSON,
    ARRIVALS_CONSTANT,
    ARRIVALS_MMPP,
    ARRIVALS_PROFILE,
    ARRIVALS_TRACE,
    ARRIVALS_CLOSED,
    ARRIVALS_CALLS /* none by themselves */
};

/* A rate from `at` on (profile); of a state whose mean time is `at` (mmpp). */
struct rate_piece {
    sim_time at;
    double rate; /* 1/s, >= 0 */
};

struct trace_spec; /* models/trace.h */

/* What arrivals other than Poisson and constant are made from. */
struct arrivals_spec {
    size_t piece_count; /* MMPP, PROFILE: >= 1 */
    const struct rate_piece *pieces;
    sim_time period;                /* of a profile; SIM_NEVER: none */
    const struct trace_spec *trace; /* TRACE */
    sim_time interval;              /* that a row's count is spread over;
                                       SIM_NEVER: to the next row */
    struct dist think;              /* CLOSED */
};

/* spec.traffic[], or made for each Service where there is none. */
/* Connections that clients keep; see models/traffic/pool.h. */
struct pool_spec {
    bool on;                        /* else one a request */
    int64_t size;                   /* connections, >= 1 */
    int64_t streams;                /* requests at once on each, >= 1 */
    int64_t max_requests;           /* over its life, >= 1 */
    sim_time idle_timeout, max_age; /* > 0; SIM_NEVER: none */
};

struct traffic_spec {
    const char *name;
    const char *space, *service; /* of the Service */
    int port;                    /* 0: its first */
    bool udp;                    /* that port's protocol */
    bool unheard; /* some pods of the Service do not listen on it */
    int arrivals; /* enum arrivals */
    double rate;  /* 1/s, over all clients; 1 where arrivals
                     have none: what they are multiplied by */
    struct arrivals_spec demand;
    int64_t clients;
    int location;                                /* enum location */
    const char *zone;                            /* AT_ZONE */
    struct selector client_pods;                 /* AT_PODS */
    int access;                                  /* enum access */
    sim_time connect_timeout, timeout, deadline; /* SIM_NEVER: none */
    int64_t retries_max;
    sim_time backoff_base, backoff_max;
    int64_t hedge_max; /* attempts in all, >= 2; 0: no hedging. Then
                          retries_max is 0, and the rest is of hedges */
    sim_time hedge_after;
    double retry_budget; /* < 0: none */
    unsigned retry_on;   /* bit mask 1 << enum cause */
    struct pool_spec pool;
    const char *pod; /* headless: the name of this pod alone; NULL: all */
    bool resolves;   /* the name of a virtual IP too */
    struct resolver_spec resolver;
    struct place place;
};

/* What balancers know of load (spec.md 3.2, view). */
enum lb_view_kind {
    LB_VIEW_OWN,   /* what they have open themselves */
    LB_VIEW_TRUE,  /* requests that are at each pod now */
    LB_VIEW_DELAY, /* that were there `time` ago */
    LB_VIEW_EVERY  /* that were there at the last multiple of `time` */
};
struct lb_view {
    enum lb_view_kind kind;
    sim_time time; /* > 0 where it counts */
};

struct lb_strategy; /* models/lb/lb.h */
enum lb_at { LB_PROXY, LB_CLIENT, LB_GATEWAY };

/* spec.loadBalancing[]; a Service without one has kube-proxy's own rule. */
struct lb_spec {
    const char *space, *service;
    const struct lb_strategy *strategy;
    const void *config; /* of the strategy; owned by the scenario */
    int at;             /* enum lb_at */
    int64_t instances;
    bool per_request; /* level: request */
    bool view_given;  /* else the strategy's own */
    struct lb_view view;
    struct gateway_spec gateway; /* at client or gateway */
    struct place place;
};

struct kubectl_verb; /* models/kubectl/verb.h */

/* spec.timeline[] and drills. */
struct timeline_spec {
    const char *name; /* given, or made from what it does */
    sim_time at;      /* since time 0; SIM_NEVER: before warm-up */
    sim_time lasts;   /* `for:`; SIM_NEVER: not given */
    /* one of: */
    const struct kubectl_verb *verb; /* kubectl: */
    const void *command;             /* parsed by the verb; scenario's */
    const struct failure_spec *fail; /* fail: */
    const char *traffic;             /* traffic: {NAME: {rate: R}} */
    double traffic_rate;             /* as traffic_set_rate takes it */
    bool traffic_factor;             /* so far: times the entry's own rate */
    const char *text;                /* as written, for people */
    struct place place;
};

enum slo_operator { SLO_GE, SLO_GT, SLO_LE, SLO_LT };

struct slo_spec {
    const char *space, *service; /* NULL: whole cluster or every Service */
    const char *metric;
    enum slo_operator operator;
    double target;
    const char *target_text;
    const char *during; /* timeline name; NULL: the whole run */
    sim_time within;    /* SIM_NEVER: to its end */
    struct place place;
};

struct scenario_raw; /* models/scenario_internal.h */

enum detail { DETAIL_FIRST, DETAIL_ALL, DETAIL_NONE };

struct scenario {
    const char *name, *description;
    bool synthetic; /* no Scenario object: bare manifests */
    bool ideal;     /* preset: ideal */
    sim_time duration;
    bool warm_up_auto;
    sim_time warm_up;      /* at most so long when auto */
    bool warm_up_mser;     /* auto, and then as long as warm_up_detect finds */
    sim_time warm_up_more; /* that; 0 before */
    struct place warm_up_place;
    uint64_t seed;
    int64_t replications;
    struct cluster_params cluster;
    size_t workload_count; /* >= 1 */
    const struct workload *workloads;
    size_t failure_count;
    const struct failure_spec *failures;
    size_t traffic_count;
    size_t call_count; /* of those, the last ones: calls of workloads */
    const struct traffic_spec *traffic;
    size_t lb_count;
    const struct lb_spec *lbs;
    size_t cloud_count;
    const struct cloud_spec *clouds;
    size_t timeline_count; /* in order of time, then of writing */
    const struct timeline_spec *timeline;
    size_t slo_count;
    const struct slo_spec *slos;
    sim_time timeseries; /* width of a row; 0: automatic */
    int detail;          /* enum detail */
    /* Objects of the manifests. */
    size_t deployment_count, replicaset_count, statefulset_count,
        daemonset_count, job_count, pod_count, service_count;
    const struct deployment_spec *deployments;
    const struct replicaset_spec *replicasets;
    const struct statefulset_spec *statefulsets;
    const struct daemonset_spec *daemonsets;
    const struct job_spec *jobs;
    const struct pod_object *pods;
    /* The first so many Services exist from the start; the others are made
     * by the timeline (`expose`, `apply -f`). */
    size_t initial_service_count;
    const struct service_spec *services;
    size_t namespace_count;
    const struct meta *namespaces;
    size_t pdb_count;
    const struct pdb_spec *pdbs;
    size_t hpa_count;
    const struct hpa_spec *hpas;
    struct intern *intern;    /* all of the above lives there */
    struct doc_set *docs;     /* what was read; places point into it */
    struct scenario_raw *raw; /* in a user's words, completed: to print */
    size_t manifest_count;    /* documents of objects, as last changed */
    struct doc_node *const *manifests;
    /* Assumptions made where nothing was said, a line each, for people. */
    size_t assumption_count;
    const char *const *assumptions;
};

/* One setting of a variant: as --set, said elsewhere. */
struct scenario_setting {
    const char *text;   /* PATH=VALUE */
    struct place place; /* for messages */
};

/* What the command line adds. */
struct scenario_options {
    const char *const *files; /* FILE..., count */
    size_t file_count;
    const char *input; /* what file "-" holds; NULL: it is read */
    size_t input_size;
    const char *const *sets; /* --set PATH=VALUE */
    size_t set_count;
    const struct scenario_setting *settings; /* of a variant, after sets */
    size_t setting_count;
    const char *const *slos; /* --slo EXPR */
    size_t slo_count;
    const char *drills;      /* --drill LIST; NULL: not given */
    const char *duration;    /* --duration; NULL */
    const char *seed, *reps; /* NULL: not given */
};

/* Reads and checks everything. NULL after an error in diag. Warnings go to
 * diag too. The caller frees the result with scenario_free. */
struct scenario *scenario_load(const struct scenario_options *options,
                               struct diag *diag);
void scenario_free(struct scenario *scenario);

/* The completed scenario as YAML, every key with its value: --print. */
void scenario_print(const struct scenario *scenario, FILE *out);

/* "1.31", "v1.31.4": the minor version. False: no version from 1.19 on. */
bool scenario_parse_version(const char *text, int *minor);

/* `podchurn list defaults`: rows of scenario key, default in Kubernetes
 * 1.MINOR, unit, versions that changed it, meaning, source; and behaviour that
 * changed (models/version.def). */
void scenario_document(int minor, FILE *out);

#endif
