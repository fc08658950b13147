/*
 * What is not wrong in any one place: Services without pods, selectors that
 * match nothing, names that nobody has.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "models/select.h"
#include "models/service_port.h"

/* ---- Services ---- */

struct port_search {
    const struct service_port *port;
    const char *deaf; /* whose pods do not listen there; NULL: nobody's */
    bool found;
};

static void look_for_port(void *self, const struct meta *meta,
                          const struct pod_template *t)
{
    struct port_search *search = self;

    if (template_listens(t, search->port))
        search->found = true;
    else if (!search->deaf)
        search->deaf = meta->name;
}

/* Kubernetes takes any port; who asks for this one is refused. */
static void check_port(struct scenario_reader *r, const struct service_spec *s,
                       const struct service_port *port)
{
    struct port_search search = {.port = port};

    scenario_each_match(r, s->meta.space, &s->selector, look_for_port, &search);
    if (port->target_name && !search.found)
        diag_warning(r->diag, s->meta.place,
                     "Service '%s': no container has a port named '%s': "
                     "clients of port %d are refused",
                     s->meta.name, port->target_name, port->port);
    else if (search.deaf)
        diag_warning(r->diag, s->meta.place,
                     "Service '%s': no container of '%s' has port %d: clients "
                     "of port %d are refused there",
                     s->meta.name, search.deaf,
                     port->target ? port->target : port->port, port->port);
}

static void check_service(struct scenario_reader *r,
                          const struct service_spec *s)
{
    const char *kind, *name;
    size_t i;

    if (s->type == SERVICE_EXTERNAL_NAME)
        return;
    if (!s->has_selector) {
        diag_warning(r->diag, s->meta.place,
                     "Service '%s' has no selector: no endpoints",
                     s->meta.name);
        return;
    }
    if (!scenario_has_pods(r, s)) {
        if (manifest_skipped_owner(&r->l, s->meta.space, &s->selector, &kind,
                                   &name))
            diag_warning(r->diag, s->meta.place,
                         "Service '%s' has no pods: %s '%s' is not modelled "
                         "yet",
                         s->meta.name, kind, name);
        else
            diag_warning(r->diag, s->meta.place, "Service '%s' selects no pod",
                         s->meta.name);
        return;
    }
    for (i = 0; i < s->port_count; i++)
        check_port(r, s, &s->ports[i]);
}

/* ---- what names or selects nothing, and so does nothing ---- */

static void check_pdb(struct scenario_reader *r, const struct pdb_spec *p)
{
    if (!scenario_matches_any(r, p->meta.space, &p->selector))
        diag_warning(r->diag, p->meta.place,
                     "PodDisruptionBudget '%s' selects no pod", p->meta.name);
}

/* The API server does not look for it either. */
static void check_governing(struct scenario_reader *r,
                            const struct statefulset_spec *s)
{
    if (!*s->service_name ||
        loader_service(&r->l, s->meta.space, s->service_name))
        return;
    diag_warning(r->diag, s->meta.place,
                 "StatefulSet '%s': there is no Service '%s', so its pods "
                 "have no DNS names",
                 s->meta.name, s->service_name);
    diag_suggest(r->diag, s->service_name,
                 loader_names(&r->l, "service", s->meta.space));
}

/* ---- selectors of the Scenario ---- */

static void mark_workload(void *self, const struct meta *meta,
                          const struct pod_template *t)
{
    bool *matched = self;

    (void)meta;
    matched[t->workload] = true;
}

static void check_workloads(struct scenario_reader *r)
{
    bool *matched = mem_calloc(r->s->workload_count, sizeof *matched);
    size_t i;

    scenario_each_template(r, mark_workload, matched);
    for (i = 1; i < r->s->workload_count; i++)
        if (!matched[i] && r->s->workloads[i].place.line > 0)
            diag_warning(r->diag, r->s->workloads[i].place,
                         "this workload matches no pod");
    free(matched);
}

static bool any_node(const struct scenario_reader *r,
                     const struct selector *selector)
{
    size_t i;

    for (i = 0; i < r->s->cluster.node_count; i++)
        if (selector_matches(selector, &r->s->cluster.nodes[i].labels))
            return true;
    return false;
}

static void check_target(struct scenario_reader *r, const struct target *t,
                         struct place place)
{
    const char *space = intern(r->l.intern, t->space);

    if (t->kind == TARGET_PODS || t->kind == TARGET_NODES_OF) {
        if (!scenario_matches_any(r, space, &t->selector))
            diag_warning(r->diag, place, "this selector matches no pod");
    } else if (t->kind == TARGET_NODES && !any_node(r, &t->selector)) {
        diag_warning(r->diag, place, "this selector matches no node");
    }
}

/* ---- pods ---- */

static void check_pods(void *self, const struct meta *meta,
                       const struct pod_template *t)
{
    struct scenario_reader *r = self;
    size_t i;

    for (i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        if (c->pre_stop < 0 && r->s->workloads[t->workload].pre_stop < 0) {
            diag_warning(r->diag, c->pre_stop_place,
                         "the time of this preStop hook is not plain: taken "
                         "as 0");
            diag_hint(r->diag, "say it in workloads[].preStop");
        }
    }
    if (t->node_name && !loader_node(&r->l, t->node_name))
        diag_warning(r->diag, meta->place,
                     "node '%s' is not there: the scheduler decides",
                     t->node_name);
}

/* A pod that stands on a node nobody knows would stand nowhere. */
static void free_pod(void *self, const struct templated *t)
{
    struct scenario_reader *r = self;

    if (t->template->node_name && !loader_node(&r->l, t->template->node_name))
        t->template->node_name = NULL;
}

/* ---- the timeline's names of traffic ---- */

/* Whether the timeline can change the rate of such arrivals. */
static bool check_rate(struct scenario_reader *r, const struct timeline_spec *t,
                       const struct traffic_spec *traffic)
{
    if (traffic->arrivals <=
        (t->traffic_factor ? (int)ARRIVALS_PROFILE : (int)ARRIVALS_CONSTANT))
        return true;
    if (traffic->arrivals > ARRIVALS_PROFILE) {
        diag_error(r->diag, t->place,
                   "the arrivals of '%.60s' have no rate that could change",
                   t->traffic);
        return false;
    }
    diag_error(r->diag, t->place, "the arrivals of '%.60s' have many rates",
               t->traffic);
    diag_hint(r->diag, "multiply them: {%s: {factor: 2}}", t->traffic);
    return false;
}

static bool check_rates(struct scenario_reader *r)
{
    VEC_OF(const char *) names = {0};
    bool ok = true;
    size_t i, j;

    for (i = 0; i < r->s->traffic_count; i++)
        VEC_PUSH(names, r->s->traffic[i].name ? r->s->traffic[i].name : "");
    VEC_PUSH(names, NULL);
    for (i = 0; i < r->s->timeline_count; i++) {
        const struct timeline_spec *t = &r->s->timeline[i];

        if (!t->traffic)
            continue;
        for (j = 0; names.items[j] && names.items[j] != t->traffic; j++)
            ;
        if (names.items[j]) {
            ok &= check_rate(r, t, &r->s->traffic[j]);
            continue;
        }
        diag_error(r->diag, t->place, "no traffic '%.60s'", t->traffic);
        diag_suggest(r->diag, t->traffic, names.items);
        ok = false;
    }
    VEC_FREE(names);
    return ok;
}

bool scenario_check(struct scenario_reader *r)
{
    const struct scenario *s = r->s;
    bool ok;
    size_t i;

    for (i = 0; i < r->l.objects.services.count; i++)
        check_service(r, r->l.objects.services.items[i]);
    for (i = 0; i < r->l.later.services.count; i++)
        check_service(r, r->l.later.services.items[i]);
    for (i = 0; i < r->l.objects.hpas.count; i++)
        scenario_check_hpa(r, r->l.objects.hpas.items[i]);
    for (i = 0; i < r->l.objects.pdbs.count; i++)
        check_pdb(r, r->l.objects.pdbs.items[i]);
    for (i = 0; i < r->l.objects.statefulsets.count; i++)
        check_governing(r, r->l.objects.statefulsets.items[i]);
    check_workloads(r);
    for (i = 0; i < s->failure_count; i++)
        if (s->failures[i].mode)
            check_target(r, &s->failures[i].target, s->failures[i].place);
    for (i = 0; i < s->timeline_count; i++)
        if (s->timeline[i].fail)
            check_target(r, &s->timeline[i].fail->target, s->timeline[i].place);
    scenario_each_template(r, check_pods, r);
    scenario_check_scheduling(r);
    object_list_each(&r->l.objects, free_pod, r);
    ok = scenario_check_names(r);
    return check_rates(r) && ok;
}
