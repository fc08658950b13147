/*
 * scenario_internal - what the parts of the Scenario's reader share. Nobody
 * else includes this.
 *
 * A Scenario is read in two steps. Param tables read the document into
 * struct scenario_raw, in the words that a user wrote; what is absent is
 * completed there too (nodes, traffic, drills), so that it can be printed.
 * Then each part is translated into struct scenario.
 */
#ifndef MODELS_SCENARIO_INTERNAL_H
#define MODELS_SCENARIO_INTERNAL_H

#include "models/loader.h"
#include "models/scenario.h"
#include "sim/engine/mem.h"

struct raw_pool {
    char *name;
    int64_t count;
    struct param_strings zones;
    struct param_map allocatable, labels;
    struct doc_node *taints;
    struct raw_group {
        int64_t min, max; /* max 0: not autoscaled */
        struct dist provisioning;
    } group;
};

struct raw_ipam {
    int allocator;
    sim_time reuse_delay;
};

struct raw_scheduler {
    int64_t percentage; /* of nodes to score; 0: adaptive */
    struct doc_node *profiles;
};

struct raw_kubelet {
    struct kubelet_params params;
    struct param_list shutdown_groups; /* struct shutdown_group */
};

struct raw_cluster {
    char *version;
    struct param_list pools; /* struct raw_pool */
    char *pod_cidr, *service_cidr;
    int64_t node_mask;
    struct raw_ipam ipam;
    struct network_latency latency;
    struct control_plane_params control_plane;
    struct raw_scheduler scheduler;
    struct cluster_autoscaler_params autoscaler;
    struct raw_kubelet kubelet;
    struct kube_proxy_params kube_proxy;
    struct dns_params dns;
};

struct raw_cold {
    double factor;
    sim_time lasts;
};

struct raw_backoff {
    sim_time base, max;
};

struct raw_retries {
    int64_t max;
    struct raw_backoff backoff;
    double budget; /* < 0: none */
    struct param_strings on;
};

/* connections: perRequest or {pool: {keys}}. */
struct raw_connections {
    bool on;
    int64_t size, streams, max_requests;
    sim_time idle_timeout, max_age;
};

/* Absent unless given. */
struct raw_hedge {
    bool on;
    int64_t max; /* attempts in all */
    sim_time after;
    double budget; /* < 0: none */
    struct param_strings on_causes;
};

/* resolver: null or {keys}. */
struct raw_resolver {
    bool on;        /* the first: custom_block */
    sim_time cache; /* RESOLVER_CACHE_DEFAULT: as the cluster's */
    sim_time negative;
    int take, ask;
    sim_time min_interval, timeout;
    int64_t attempts;
};

/* How a client asks. */
struct raw_asking {
    int access;
    struct raw_connections pool;
    char *pod;
    struct raw_resolver resolver;
    sim_time connect_timeout; /* 0: as timeout */
    sim_time timeout, deadline;
    struct raw_retries retries;
    struct raw_hedge hedge;
};

struct raw_call {
    char *name, *service;
    double probability;
    bool parallel;
    struct raw_asking ask;
};

struct raw_workload {
    struct doc_node *selector;
    char *image;
    int64_t image_size;
    struct dist init;
    double init_failure_rate;
    int64_t init_failures;
    struct dist image_pull, startup, service_time, shutdown, run_time;
    int64_t concurrency, queue_limit, idle_cpu;
    int discipline, on_terminate;
    double error_rate, run_failure_rate;
    struct param_list calls; /* struct raw_call */
    struct raw_cold cold;
    sim_time cpu_per_request;
    sim_time pre_stop; /* < 0: as the manifest says */
    struct raw_memory {
        int64_t base, per_request;
        double growth;
    } memory;
};

struct raw_failure {
    char *name;
    struct doc_node *mode, *target, *pick;
    struct dist after, repair;
    int64_t repairers;
};

struct raw_arrivals {
    int kind; /* enum arrivals */
    double rate;
    struct doc_node *node; /* of those without a rate */
    struct dist think;     /* closed */
};

struct raw_clients {
    int64_t count;
    const char *location; /* nodes, external, zone/a; NULL: pods */
    struct doc_node *pods;
};

struct raw_traffic {
    char *name, *service;
    struct raw_arrivals arrivals;
    struct raw_clients clients;
    struct raw_asking ask;
    int resolution;
};

struct raw_gateway_retries {
    bool on;
    int64_t most;
    sim_time each;
    struct raw_backoff backoff;
    struct param_strings on_causes;
};

struct raw_lb {
    char *service;
    struct doc_node *strategy;
    int at;
    int64_t instances;
    char *level;           /* NULL: what `at` allows */
    struct doc_node *view; /* NULL: the strategy's own */
    char *location;
    struct gateway_spec gateway; /* but for location and retries: */
    struct raw_gateway_retries retries;
};

struct raw_cloud {
    char *service;
    int provider; /* enum cloud_provider */
    struct cloud_spec spec;
};

struct raw_timeline {
    sim_time at; /* SIM_NEVER: start */
    char *name;
    sim_time lasts;
    char *kubectl;
    struct doc_node *fail, *traffic;
};

struct raw_slo {
    char *service, *metric, *target, *during;
    sim_time within;
};

struct raw_output {
    sim_time timeseries; /* 0: automatic */
    int detail;
};

struct raw_warm_up {
    bool automatic, mser;
    sim_time time;
    struct place place;
};

struct scenario_raw {
    char *description;
    int preset;
    sim_time duration;
    struct raw_warm_up warm_up;
    int64_t seed, replications;
    int resolution;
    struct doc_node *include;
    struct raw_cluster cluster;
    struct param_list workloads, failures, traffic, lbs, clouds, timeline, slos;
    struct raw_output output;
    struct raw_workload fallback; /* of pods that no workload matches */
};

enum { PRESET_NONE, PRESET_IDEAL };

/* A source that several rows share. */
#define SCENARIO_MEASURED                                                      \
    "our choice, so that sums are as recorded of a v1.26.5 control plane: "    \
    "created to bound 11 ms (p99 56), Failed to replacement 12 ms (44), "      \
    "Ready to EndpointSlice 11 ms (59)"

/* Tables (scenario_tables.c, scenario_cluster_tables.c). */
extern const struct param scenario_spec_table[];
extern const struct param scenario_cluster_table[];
extern const struct param scenario_control_plane_table[];
extern const struct param scenario_kubelet_table[];
extern const struct param scenario_pool_table[];
extern const struct param scenario_autoscaler_table[];
extern const struct param scenario_workload_table[];
extern const struct param scenario_traffic_table[];
extern const struct param scenario_dns_table[];
extern const struct param scenario_resolver_table[];
extern const struct param scenario_call_table[];
extern const struct param scenario_lb_table[];
extern const struct param scenario_cloud_table[];
extern const struct param scenario_timeline_table[];
extern const struct param scenario_slo_table[];
extern const struct param scenario_target_table[];

/* CUSTOM rows (scenario_custom.c). */
param_reader custom_keep, custom_hold, custom_warm_up, custom_arrivals,
    custom_location, custom_budget, custom_pre_stop, custom_at,
    custom_timeseries, custom_none, custom_connections, custom_block;
param_printer custom_print_node, custom_print_warm_up, custom_print_arrivals,
    custom_print_location, custom_print_budget, custom_print_pre_stop,
    custom_print_at, custom_print_timeseries, custom_print_none,
    custom_print_connections, custom_print_block;
extern const struct param scenario_health_table[];
void custom_release_arrivals(void *field);
struct scenario_reader;
struct pool_spec scenario_connections(const struct raw_connections *raw);
/* The resolver of a traffic entry, over what the cluster's clients have. */
struct resolver_spec scenario_resolver(const struct raw_resolver *raw,
                                       const struct dns_params *dns);
/* Sets the arrivals of *out. False after an error. */
bool scenario_arrivals(struct scenario_reader *r,
                       const struct raw_arrivals *raw,
                       struct traffic_spec *out);
/* "[namespace/]name[:port]" of a Service that can be asked. False after an
 * error. */
bool scenario_asked(struct scenario_reader *r, const char *text,
                    struct place place, struct traffic_spec *out);
/* Whether it can be asked so. */
bool scenario_access_fits(struct scenario_reader *r,
                          const struct traffic_spec *t);
/* Sets how clients ask of *out; item NULL: nothing was said. False after an
 * error. */
bool scenario_asking(struct scenario_reader *r, struct doc_node *item,
                     struct place place, struct raw_asking *raw,
                     struct traffic_spec *out);
struct trace_field;
/* Which file, and what its columns are: a path, or {file: PATH, columns: {},
 * where: {}, origin: first} and keys in `more` (ends with NULL). Intern's
 * memory; NULL after an error. */
struct trace_spec *scenario_trace(struct scenario_reader *r,
                                  struct doc_node *node,
                                  const char *const *more,
                                  const struct trace_field *fields);

struct scenario_name {
    const char *name;
    struct place place;
};

/* A scenario that is being read. */
struct scenario_reader {
    struct scenario *s;
    struct scenario_raw *raw;
    struct loader l;
    struct diag *diag;
    const struct scenario_options *options;
    struct doc_node *root, *spec;        /* of the Scenario, maybe made */
    VEC_OF(struct doc_node *) manifests; /* the other documents */
    VEC_OF(const char *) assumptions;
    const char *strategy; /* --set strategy=..., for Services without entry */
    struct place strategy_place;
    sim_time pre_stop; /* --set preStop=...; < 0: none */
    VEC_OF(struct timeline_spec) timeline;
    struct match_index *matches; /* scenario_match.c; NULL: not yet made */
};

void reader_assume(struct scenario_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "expected WHAT for 'key', got ...". Returns false. */
bool reader_wrong(const struct doc_node *node, const char *expected,
                  struct diag *diag);
/* "not available yet: WHAT" at a node. Returns false. */
bool reader_not_yet(struct diag *diag, struct place place, const char *what);
/* The i-th item of a list of the Scenario, NULL where it was made here. */
struct doc_node *reader_item(struct scenario_reader *r, const char *list,
                             size_t index);
struct place reader_place(struct scenario_reader *r, const char *list,
                          size_t index);
/* Adds an item of defaults to a list. */
void *raw_append(struct param_list *list, const struct param *table,
                 size_t size, int minor);
/* "[NS/]NAME" to both, interned; space "default" where absent. */
void reader_split_name(struct scenario_reader *r, const char *text,
                       const char **space, const char **name);
/* "ns/name" of all Services, NULL-terminated, and the bare names of those in
 * "default". */
const char *const *reader_service_names(struct scenario_reader *r);
/* A Service by "[ns/]name"; NULL after an error with a suggestion. */
struct service_spec *reader_find_service(struct scenario_reader *r,
                                         const char *text, struct place place);

#define SCENARIO_ZONE "topology.kubernetes.io/zone"

/* A label that pods ask for, and the values; interned. */
struct scenario_demand {
    const char *key;
    VEC_OF(const char *) values;
};
struct scenario_demands {
    VEC_OF(struct scenario_demand) list;
};
/* Of the objects that are there at the start. Hostnames and regions are the
 * nodes' own. Release the result. */
void scenario_collect_demands(struct scenario_reader *r,
                              struct scenario_demands *out);
void scenario_release_demands(struct scenario_demands *all);

/* Pods of one template that generated nodes need room for. */
struct scenario_group {
    const struct pod_template *template;
    const char *space;
    int64_t count;
};
/* How many domains of a topology the groups need at least, because pods may
 * not be together: required anti-affinity, host ports (of a hostname),
 * minDomains. Pods that groups keep off each other are taken to need a domain
 * each. O(groups with such terms x groups). */
int64_t scenario_domains_needed(const struct scenario_group *groups,
                                size_t count, const char *topology_key);
/* What one node must have for pods that must all be on one. */
struct resources scenario_together(const struct scenario_group *groups,
                                   size_t count);

/* Calls visit for pod templates, those that the timeline makes too: all, or
 * those of a namespace (NULL: every) that a selector matches. The timeline
 * must have been read. */
typedef void visit_template(void *self, const struct meta *meta,
                            const struct pod_template *t);
void scenario_each_template(struct scenario_reader *r, visit_template *visit,
                            void *self);
void scenario_each_match(struct scenario_reader *r, const char *space,
                         const struct selector *s, visit_template *visit,
                         void *self);
bool scenario_matches_any(struct scenario_reader *r, const char *space,
                          const struct selector *s);
/* True where the Service selects a pod template that exists, or will. */
bool scenario_has_pods(struct scenario_reader *r, const struct service_spec *s);
void scenario_release_matches(struct scenario_reader *r);

/* --- steps, in this order --- */
bool scenario_read_files(struct scenario_reader *r);
/* metadata.name, else the first file's; after --set. */
bool scenario_read_name(struct scenario_reader *r);
bool scenario_apply_sets(struct scenario_reader *r);
bool scenario_read_includes(struct scenario_reader *r);
bool scenario_apply_object_sets(struct scenario_reader *r);
bool scenario_check_sets(struct scenario_reader *r);
bool scenario_read_spec(struct scenario_reader *r);
bool scenario_build_workloads(struct scenario_reader *r);
/* spec.cluster.kubelet: how a shutdown ends pods (scenario_shutdown.c). */
bool scenario_build_shutdown(struct scenario_reader *r);
extern const struct param scenario_shutdown_table[];
bool scenario_build_cluster(struct scenario_reader *r);
bool scenario_build_failures(struct scenario_reader *r);
bool scenario_build_timeline(struct scenario_reader *r);
bool scenario_build_traffic(struct scenario_reader *r);
/* Calls of workloads: their numbers; the traffic that they are, from `out` on
 * (s->call_count of it); time-outs of preset ideal. */
bool scenario_number_calls(struct scenario_reader *r, struct workload *items);
bool scenario_build_calls(struct scenario_reader *r, struct traffic_spec *out);
void scenario_idealize_calls(struct scenario_reader *r);
bool scenario_build_lbs(struct scenario_reader *r);
bool scenario_build_clouds(struct scenario_reader *r);
bool scenario_build_slos(struct scenario_reader *r);
bool scenario_check(struct scenario_reader *r);
/* What traffic says of pods' names and of resolvers. */
bool scenario_check_names(struct scenario_reader *r);
/* Warns of one that can do nothing. */
void scenario_check_hpa(struct scenario_reader *r, const struct hpa_spec *h);
void scenario_build_objects(struct scenario_reader *r);

/* --- parts of those --- */
bool scenario_copies(struct scenario_reader *r, struct doc_node *root,
                     int64_t copies);
bool scenario_add_drills(struct scenario_reader *r);
/* How many nodes, and of what size, take all pods (scenario_room.c). */
void scenario_complete_pools(struct scenario_reader *r);
bool scenario_addresses(struct scenario_reader *r);
void scenario_check_scheduling(struct scenario_reader *r);
/* A target and a pick; subject of its mode. False after an error. */
bool scenario_read_target(struct scenario_reader *r, struct doc_node *node,
                          struct target *out);
bool scenario_read_pick(struct scenario_reader *r, struct doc_node *node,
                        struct target *out);
/* MODE or {MODE: {keys}}; NULL: crash. */
bool scenario_find_mode(struct scenario_reader *r, struct doc_node *node,
                        struct failure_spec *spec);
struct kubectl_words;
/* kubectl's words as a shell splits them. False after an error. */
bool scenario_split_words(struct loader *l, const char *text,
                          struct place place, struct kubectl_words *out);
bool scenario_read_kubectl(struct scenario_reader *r, const char *text,
                           struct timeline_spec *out);
/* What an entry of loadBalancing says of a gateway or sidecar; item may be
 * NULL. False after an error. */
bool scenario_gateway(struct scenario_reader *r, const struct raw_lb *raw,
                      struct doc_node *item, struct lb_spec *out);
/* Names of causes as a bit mask. False after an error. */
bool scenario_causes(struct scenario_reader *r, const struct param_strings *on,
                     struct place place, unsigned *out);
/* A CIDR "10.0.0.0/8". */
bool scenario_parse_cidr(const char *text, uint32_t *network, int *bits);

#endif
