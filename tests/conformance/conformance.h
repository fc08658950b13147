/*
 * conformance - tables of known cases, run through the program's own
 * functions. One file a family of groups; the table of groups is in
 * conformance.c.
 *
 * A case function compares what it got with what is expected by the
 * expect_*() functions; each difference is printed, and the case failed.
 */
#ifndef TESTS_CONFORMANCE_CONFORMANCE_H
#define TESTS_CONFORMANCE_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/intern.h"
#include "sim/io/doc.h"

/* A case: an object of a JSON table, or a row of a CSV table. */
struct test_case {
    const char *id, *group;
    struct doc_node *root;     /* JSON; NULL: a row of CSV */
    struct doc_node *in;       /* its `in`; NULL: absent */
    struct doc_node *expect;   /* its `expect` */
    size_t column_count;       /* CSV */
    const char *const *names;  /* of columns */
    const char *const *fields; /* by column */
    struct intern *intern;     /* memory that lives as long as the case */
    bool failed;
    const char *skipped; /* why; NULL: not */
};

typedef void case_function(struct test_case *c);

/* A field of a CSV row; "" where there is no such column. */
const char *case_field(const struct test_case *c, const char *name);

/* --- comparing --- */

void case_fail(struct test_case *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The case says something that this runner cannot do. */
void case_skip(struct test_case *c, const char *why);
/* what: "node1", "new replicas". */
void expect_int(struct test_case *c, const char *what, int64_t expected,
                int64_t got);
void expect_text(struct test_case *c, const char *what, const char *expected,
                 const char *got);
void expect_bool(struct test_case *c, const char *what, bool expected,
                 bool got);
/* |expected - got| <= tolerance. */
void expect_near(struct test_case *c, const char *what, double expected,
                 double got, double tolerance);

/* --- reading --- */

/* A number under key, or `otherwise` where it is absent or null. Numbers
 * that are none fail the case. */
int64_t get_int(struct test_case *c, struct doc_node *map, const char *key,
                int64_t otherwise);
double get_double(struct test_case *c, struct doc_node *map, const char *key,
                  double otherwise);
bool get_bool(struct doc_node *map, const char *key, bool otherwise);
/* Text under key, interned for the case; NULL where absent. */
const char *get_text(struct test_case *c, struct doc_node *map,
                     const char *key);
/* The i-th item's number. */
int64_t item_int(struct test_case *c, const struct doc_node *node);
double item_double(struct test_case *c, const struct doc_node *node);
/* How many items a sequence under key has; 0 where absent. *first: its
 * first. */
size_t get_items(struct doc_node *map, const char *key,
                 struct doc_node **first);

/* --- families --- */
case_function case_scheduler_filter, case_scheduler_score;
case_function case_preempt_best_node, case_preempt_victims;
case_function case_event_list, case_same_time_fifo;
case_function case_resource, case_processor_sharing, case_fcfs_trace;
case_function case_random;
case_function case_resolve_fenceposts, case_new_rs_new_replicas,
    case_max_unavailable, case_min_available, case_replica_set_fraction,
    case_deployment_complete, case_deployment_progressing,
    case_reconcile_new_rs, case_reconcile_old_rs, case_cleanup_unhealthy,
    case_scale_down_old_rs, case_proportional_scale, case_cleanup_history;
case_function case_deletion_rank, case_pods_to_delete, case_slow_start_batch,
    case_next_availability_check;
case_function case_zone_disruption_state, case_taint_by_condition,
    case_min_toleration_seconds, case_no_execute_eviction;
case_function case_endpointslice_packing, case_pod_in_endpoints,
    case_pod_to_endpoint_conditions, case_pod_change;
case_function case_categorize_endpoints, case_client_affinity,
    case_iptables_probability, case_iptables_rule_chain;
case_function case_topology_add_hints, case_topology_zone_ratios,
    case_topology_give_receive, case_topology_redistribute,
    case_topology_hints_by_zone, case_traffic_distribution,
    case_topology_end_to_end;
case_function case_probe_threshold, case_probe_initial, case_backoff_sequence,
    case_crashloop_config, case_pod_ready_condition, case_default_constants;
case_function case_maglev_xxh64_table, case_maglev_paper_table,
    case_ring_hash_xxh64, case_ring_hash_pick, case_grpc_ring_size,
    case_edf_sequence, case_edf_counts, case_edf_first_pick_share,
    case_wrr_long_run_share, case_weighted_least_request,
    case_least_request_effective_weight, case_least_request_choice,
    case_slow_start_factor, case_slow_start_sequence, case_smooth_wrr,
    case_nginx_behaviour, case_grpc_static_stride, case_grpc_wrr_weights,
    case_ipvs_choice, case_ipvs_wrr, case_peak_ewma, case_priority_panic_load;
case_function case_hpa_resource, case_hpa_other, case_hpa_legacy_limits,
    case_hpa_window, case_hpa_behavior_window, case_hpa_policies,
    case_hpa_end_to_end;
case_function case_stats, case_lifetime;

#endif
