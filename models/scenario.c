/*
 * Loading from the first file to the last check; printing what came of it.
 */
#include "models/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "models/lb/lb.h"
#include "models/scenario_internal.h"
#include "models/version.h"

/* ---- objects ---- */

#define TAKE(field, type)                                                      \
    do {                                                                       \
        size_t count_ = r->l.objects.field##s.count, i_;                       \
        struct type *items_ =                                                  \
            intern_alloc(r->l.intern, count_ * sizeof *items_);                \
        for (i_ = 0; i_ < count_; i_++)                                        \
            items_[i_] = *r->l.objects.field##s.items[i_];                     \
        r->s->field##_count = count_;                                          \
        r->s->field##s = items_;                                               \
    } while (0)

void scenario_build_objects(struct scenario_reader *r)
{
    size_t i;

    TAKE(deployment, deployment_spec);
    TAKE(replicaset, replicaset_spec);
    TAKE(statefulset, statefulset_spec);
    TAKE(daemonset, daemonset_spec);
    TAKE(job, job_spec);
    TAKE(pod, pod_object);
    /* Services that the timeline makes follow those there from the start:
     * all are known to the metrics. */
    r->s->initial_service_count = r->l.objects.services.count;
    for (i = 0; i < r->l.later.services.count; i++)
        VEC_PUSH(r->l.objects.services, r->l.later.services.items[i]);
    TAKE(service, service_spec);
    TAKE(namespace, meta);
    TAKE(pdb, pdb_spec);
    TAKE(hpa, hpa_spec);
}

static bool read_manifests(struct scenario_reader *r)
{
    bool ok = true;
    size_t i;

    for (i = 0; i < r->manifests.count; i++)
        manifest_read_priorities(&r->l, r->manifests.items[i]);
    for (i = 0; i < r->manifests.count; i++)
        ok &= manifest_read(&r->l, r->manifests.items[i], &r->l.objects);
    manifest_drop_owned(&r->l, &r->l.objects);
    return scenario_check_sets(r) && ok;
}

/* Pods that no workload describes behave in a way that we chose. */
static void assume_defaults(struct scenario_reader *r)
{
    size_t i, count = 0;

    for (i = 0; i < r->l.objects.deployments.count; i++)
        count += r->l.objects.deployments.items[i]->template.workload == 0;
    if (count > 0 && !r->s->ideal)
        reader_assume(r,
                      "%zu Deployment%s without a workload: start-up 1 s, "
                      "requests take 20 ms (exponential), 8 at once, drain "
                      "at SIGTERM",
                      count, count == 1 ? "" : "s");
}

/* ---- loading ---- */

/* Steps that can go on after an error report more of them; those that need
 * what failed are not tried. */
static bool load(struct scenario_reader *r)
{
    bool ok = scenario_read_files(r);

    ok &= scenario_apply_sets(r);
    ok &= scenario_read_name(r);
    ok &= scenario_read_includes(r);
    ok &= scenario_apply_object_sets(r);
    ok &= scenario_read_spec(r);
    ok &= scenario_build_workloads(r);
    ok &= read_manifests(r);
    if (ok && r->manifests.count == 0 && r->raw->timeline.count == 0)
        diag_warning(r->diag, r->root->place,
                     "nothing to simulate: no "
                     "manifests, no timeline");
    ok &= scenario_build_cluster(r);
    if (!ok)
        return false;
    ok = scenario_add_drills(r);
    ok &= scenario_build_failures(r);
    ok &= scenario_build_timeline(r);
    ok &= scenario_build_traffic(r);
    ok &= scenario_build_lbs(r);
    ok &= scenario_build_clouds(r);
    ok &= scenario_build_slos(r);
    ok &= scenario_check(r);
    assume_defaults(r);
    scenario_build_objects(r);
    manifest_note_skipped(&r->l);
    return ok && diag_errors(r->diag) == 0;
}

static void release(struct scenario_reader *r)
{
    object_list_release(&r->l.objects);
    object_list_release(&r->l.later);
    manifest_release(&r->l);
    VEC_FREE(r->l.node_names);
    VEC_FREE(r->l.patched);
    VEC_FREE(r->manifests);
    VEC_FREE(r->assumptions);
    VEC_FREE(r->timeline);
    scenario_release_matches(r);
}

struct scenario *scenario_load(const struct scenario_options *options,
                               struct diag *diag)
{
    struct scenario_reader r = {.diag = diag, .options = options};
    struct scenario *s = mem_zalloc(sizeof *s);
    bool ok;

    s->intern = intern_new();
    s->docs = doc_set_new();
    s->raw = mem_zalloc(sizeof *s->raw);
    r.s = s;
    r.raw = s->raw;
    r.l.intern = s->intern;
    r.l.docs = s->docs;
    r.l.diag = diag;
    ok = load(&r);
    s->assumption_count = r.assumptions.count;
    s->assumptions = intern_copy(s->intern, r.assumptions.items,
                                 r.assumptions.count, sizeof(const char *));
    if (ok) {
        s->manifest_count = r.manifests.count;
        s->manifests =
            intern_copy(s->intern, r.manifests.items, r.manifests.count,
                        sizeof *r.manifests.items);
    }
    release(&r);
    if (ok)
        return s;
    scenario_free(s);
    return NULL;
}

void scenario_free(struct scenario *s)
{
    size_t i;

    if (!s)
        return;
    for (i = 0; i < s->lb_count; i++) {
        const struct lb_spec *lb = &s->lbs[i];
        void *config = (void *)(uintptr_t)lb->config;

        if (config && lb->strategy->params)
            param_release(lb->strategy->params, config);
    }
    param_release(scenario_spec_table, s->raw);
    param_release(scenario_workload_table, &s->raw->fallback);
    free(s->raw);
    doc_set_free(s->docs);
    intern_free(s->intern);
    free(s);
}

/* ---- printing ---- */

/* A line for each of the document's own keys. */
static void print_manifest(const struct doc_node *node, FILE *out)
{
    const struct doc_node *child;

    fputs("---\n", out);
    for (child = node->first; child; child = child->next) {
        fprintf(out, "%s: ", child->key);
        doc_print_flow(child, out);
        fputc('\n', out);
    }
}

void scenario_print(const struct scenario *s, FILE *out)
{
    size_t i;

    fprintf(out,
            "apiVersion: podchurn/v1\nkind: Scenario\n"
            "metadata: {name: \"%s\"}\nspec:\n",
            s->name);
    param_print(scenario_spec_table, s->raw, out, 2);
    for (i = 0; i < s->manifest_count; i++)
        print_manifest(s->manifests[i], out);
}

void scenario_document(int minor, FILE *out)
{
    param_document(scenario_spec_table, "spec.", minor, out);
    version_document(minor, out);
}
