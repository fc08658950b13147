/*
 * conformance - runs tables of known cases.
 *
 * usage: conformance DIR [GROUP...]
 * Reads every .json and .csv table in DIR, runs each case (of the named
 * groups), prints each failure, a line for each group, and last
 * `N passed, N failed, N skipped`. Exits 0 where nothing failed; 2 where
 * the tables cannot be read.
 */
#include "tests/conformance/conformance.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/csv.h"

static const struct {
    const char *group;
    case_function *run;
} families[] = {
    {"fit_filter", case_scheduler_filter},
    {"fit_filter_pod_count", case_scheduler_filter},
    {"fit_filter_storage", case_scheduler_filter},
    {"node_unschedulable_filter", case_scheduler_filter},
    {"taint_toleration_filter", case_scheduler_filter},
    {"node_affinity_filter", case_scheduler_filter},
    {"pod_topology_spread_filter", case_scheduler_filter},
    {"pod_topology_spread_filter_multi", case_scheduler_filter},
    {"inter_pod_affinity_filter_one", case_scheduler_filter},
    {"inter_pod_affinity_filter_multi", case_scheduler_filter},
    {"inter_pod_affinity_score", case_scheduler_score},
    {"fit_least_allocated", case_scheduler_score},
    {"fit_most_allocated", case_scheduler_score},
    {"fit_requested_to_capacity_ratio", case_scheduler_score},
    {"fit_score_mixed", case_scheduler_score},
    {"balanced_allocation_v136", case_scheduler_score},
    {"taint_toleration_score", case_scheduler_score},
    {"node_affinity_score", case_scheduler_score},
    {"pod_topology_spread_score", case_scheduler_score},
    {"preempt_best_node", case_preempt_best_node},
    {"preempt_victims", case_preempt_victims},
    {"event_list", case_event_list},
    {"same_time_fifo", case_same_time_fifo},
    {"resource", case_resource},
    {"processor_sharing", case_processor_sharing},
    {"fcfs_trace", case_fcfs_trace},
    {"resolve_fenceposts", case_resolve_fenceposts},
    {"new_rs_new_replicas", case_new_rs_new_replicas},
    {"max_unavailable", case_max_unavailable},
    {"min_available", case_min_available},
    {"replica_set_fraction", case_replica_set_fraction},
    {"deployment_complete", case_deployment_complete},
    {"deployment_progressing", case_deployment_progressing},
    {"reconcile_new_rs", case_reconcile_new_rs},
    {"reconcile_old_rs", case_reconcile_old_rs},
    {"cleanup_unhealthy", case_cleanup_unhealthy},
    {"scale_down_old_rs", case_scale_down_old_rs},
    {"proportional_scale", case_proportional_scale},
    {"cleanup_history", case_cleanup_history},
    {"deletion_rank_equal", case_deletion_rank},
    {"deletion_rank_less", case_deletion_rank},
    {"pods_to_delete", case_pods_to_delete},
    {"replica_calc_resource", case_hpa_resource},
    {"replica_calc_other", case_hpa_other},
    {"hpa_end_to_end", case_hpa_end_to_end},
    {"hpa_tolerance", case_hpa_end_to_end},
    {"legacy_limits", case_hpa_legacy_limits},
    {"stabilization_window", case_hpa_window},
    {"stabilization_behavior", case_hpa_behavior_window},
    {"scaling_policies", case_hpa_policies},
    {"slow_start_batch", case_slow_start_batch},
    {"next_availability_check", case_next_availability_check},
    {"zone_disruption_state", case_zone_disruption_state},
    {"taint_by_condition", case_taint_by_condition},
    {"min_toleration_seconds", case_min_toleration_seconds},
    {"no_execute_eviction", case_no_execute_eviction},
    {"endpointslice_packing", case_endpointslice_packing},
    {"pod_in_endpoints", case_pod_in_endpoints},
    {"pod_to_endpoint_conditions", case_pod_to_endpoint_conditions},
    {"pod_change_triggers_endpoint_sync", case_pod_change},
    {"categorize_endpoints", case_categorize_endpoints},
    {"topology_aware_hints", case_topology_add_hints},
    {"topology_zone_ratios", case_topology_zone_ratios},
    {"topology_give_receive", case_topology_give_receive},
    {"topology_redistribute", case_topology_redistribute},
    {"topology_hints_by_zone", case_topology_hints_by_zone},
    {"traffic_distribution_hints", case_traffic_distribution},
    {"topology_end_to_end", case_topology_end_to_end},
    {"client_affinity_rr", case_client_affinity},
    {"iptables_probability", case_iptables_probability},
    {"iptables_rule_chain", case_iptables_rule_chain},
    {"probe_threshold", case_probe_threshold},
    {"probe_initial", case_probe_initial},
    {"backoff_sequence", case_backoff_sequence},
    {"crashloop_config", case_crashloop_config},
    {"pod_ready_condition", case_pod_ready_condition},
    {"default_constants", case_default_constants},
    {"maglev_xxh64_table", case_maglev_xxh64_table},
    {"maglev_paper_table", case_maglev_paper_table},
    {"ring_hash_xxh64", case_ring_hash_xxh64},
    {"ring_hash_pick", case_ring_hash_pick},
    {"grpc_ring_size", case_grpc_ring_size},
    {"edf_sequence", case_edf_sequence},
    {"edf_counts", case_edf_counts},
    {"edf_first_pick_share", case_edf_first_pick_share},
    {"wrr_long_run_share", case_wrr_long_run_share},
    {"weighted_least_request", case_weighted_least_request},
    {"least_request_effective_weight", case_least_request_effective_weight},
    {"least_request_choice", case_least_request_choice},
    {"slow_start_factor", case_slow_start_factor},
    {"slow_start_sequence", case_slow_start_sequence},
    {"smooth_wrr", case_smooth_wrr},
    {"nginx_behaviour", case_nginx_behaviour},
    {"grpc_static_stride", case_grpc_static_stride},
    {"grpc_wrr_weights", case_grpc_wrr_weights},
    {"ipvs_choice", case_ipvs_choice},
    {"ipvs_wrr", case_ipvs_wrr},
    {"peak_ewma", case_peak_ewma},
    {"priority_panic_load", case_priority_panic_load},
    {"random123 philox4x64", case_random},
    {"u64_to_double", case_random},
    {"stats", case_stats},
    {"lifetime", case_lifetime},
};
enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

/* What came of a group. */
struct group {
    char *name;
    size_t passed, failed, skipped;
    char *why; /* the last reason for skipping */
    bool known;
};

struct runner {
    char *const *wanted; /* groups; count 0: all */
    int wanted_count;
    VEC_OF(struct group) groups;
    /* The CSV table that is being read. */
    VEC_OF(char *) columns;
    size_t group_column;
};

static struct group *group_of(struct runner *r, const char *name)
{
    struct group made = {.name = NULL};

    for (size_t i = 0; i < r->groups.count; i++) {
        if (strcmp(r->groups.items[i].name, name) == 0)
            return &r->groups.items[i];
    }
    made.name = mem_strdup(name);
    VEC_PUSH(r->groups, made);
    return &r->groups.items[r->groups.count - 1];
}

static bool is_wanted(const struct runner *r, const char *name)
{
    for (int i = 0; i < r->wanted_count; i++) {
        if (strcmp(r->wanted[i], name) == 0)
            return true;
    }
    return r->wanted_count == 0;
}

static case_function *function_of(const char *group)
{
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        if (strcmp(families[i].group, group) == 0)
            return families[i].run;
    }
    return NULL;
}

static void run_case(struct runner *r, struct test_case *c)
{
    struct group *group = group_of(r, c->group);
    case_function *run = function_of(c->group);

    if (!run) {
        group->skipped++;
        return;
    }
    group->known = true;
    c->intern = intern_new();
    run(c);
    if (c->failed) {
        group->failed++;
    } else if (c->skipped) {
        group->skipped++;
        free(group->why);
        group->why = mem_strdup(c->skipped);
    } else {
        group->passed++;
    }
    intern_free(c->intern);
}

/* --- JSON --- */

static void run_documents(struct runner *r, const struct doc_set *set)
{
    for (size_t i = 0; i < doc_count(set); i++) {
        struct doc_node *item = doc_root(set, i);

        item = item->kind == DOC_SEQUENCE ? item->first : NULL;
        for (; item; item = item->next) {
            struct test_case c = {
                .id = doc_text(item, "id"),
                .group = doc_text(item, "group"),
                .root = item,
                .in = doc_get(item, "in"),
                .expect = doc_get(item, "expect"),
            };

            if (c.id && c.group && is_wanted(r, c.group))
                run_case(r, &c);
        }
    }
}

static bool run_json(struct runner *r, const char *path, struct diag *diag)
{
    struct doc_set *set = doc_set_new();
    bool good = doc_read_path(set, path, diag);

    if (good)
        run_documents(r, set);
    doc_set_free(set);
    return good;
}

/* --- CSV --- */

static bool on_header(void *self, const struct csv_row *row)
{
    struct runner *r = self;

    for (size_t i = 0; i < r->columns.count; i++)
        free(r->columns.items[i]);
    r->columns.count = 0;
    r->group_column = row->count;
    for (size_t i = 0; i < row->count; i++) {
        if (strcmp(row->fields[i], "group") == 0 ||
            strcmp(row->fields[i], "generator") == 0)
            r->group_column = i;
        VEC_PUSH(r->columns, mem_strdup(row->fields[i]));
    }
    return r->group_column < row->count && row->count > 0;
}

static bool on_row(void *self, const struct csv_row *row)
{
    struct runner *r = self;
    struct test_case c = {
        .id = row->fields[0],
        .group = row->fields[r->group_column],
        .column_count = row->count,
        .names = (const char *const *)r->columns.items,
        .fields = row->fields,
    };

    if (is_wanted(r, c.group))
        run_case(r, &c);
    return true;
}

/* --- all tables of a folder --- */

static int is_table(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && (strcmp(dot, ".json") == 0 || strcmp(dot, ".csv") == 0);
}

static bool run_folder(struct runner *r, const char *folder, struct diag *diag)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_table, alphasort);
    bool good = true;

    if (count < 0) {
        perror(folder);
        return false;
    }
    for (int i = 0; i < count; i++) {
        char *path = mem_printf("%s/%s", folder, entries[i]->d_name);

        if (strstr(path, ".json"))
            good &= run_json(r, path, diag);
        else
            good &= csv_read(path, on_header, on_row, r, false, NULL, diag);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return good;
}

/* Returns how many cases failed. */
static size_t report(const struct runner *r)
{
    size_t passed = 0, failed = 0, skipped = 0;

    for (size_t i = 0; i < r->groups.count; i++) {
        const struct group *g = &r->groups.items[i];
        size_t run = g->passed + g->failed;

        if (!g->known)
            printf("%s skipped: nothing in this runner answers it\n", g->name);
        else if (run == 0)
            printf("%s skipped: %s\n", g->name, g->why ? g->why : "");
        else
            printf("%s %zu/%zu\n", g->name, g->passed, run);
        if (g->known && run > 0 && g->skipped > 0)
            printf("%s skipped %zu: %s\n", g->name, g->skipped, g->why);
        passed += g->passed;
        failed += g->failed;
        skipped += g->skipped;
    }
    printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
    return failed;
}

static void release(struct runner *r)
{
    for (size_t i = 0; i < r->groups.count; i++) {
        free(r->groups.items[i].name);
        free(r->groups.items[i].why);
    }
    for (size_t i = 0; i < r->columns.count; i++)
        free(r->columns.items[i]);
    VEC_FREE(r->groups);
    VEC_FREE(r->columns);
}

int main(int argc, char **argv)
{
    struct diag *diag = diag_new();
    struct runner r = {0};
    size_t failed;
    bool good;

    if (argc < 2) {
        fprintf(stderr, "usage: conformance DIR [GROUP...]\n");
        return 2;
    }
    r.wanted = argv + 2;
    r.wanted_count = argc - 2;
    good = run_folder(&r, argv[1], diag);
    diag_print(diag, stderr);
    failed = report(&r);
    release(&r);
    diag_free(diag);
    return !good ? 2 : failed > 0;
}
