/* What pods use, as the recording's driver made it up from a load; and the
 * replicas that the autoscaler then asks for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/podmetrics.h"
#include "sim/io/csv.h"
#include "tests/oracle/replay.h"

/* The recordings' limit of a pod's CPU, and how often metrics were written. */
enum { LIMIT_MILLI = 1000 };
static const double metrics_every_s = 5, sync_s = 15;

/* The name of what the autoscaler scales; NULL: there is no autoscaler. */
static const char *target_of(const struct recording *r)
{
    for (size_t i = 0; i < r->manifests.count; i++) {
        struct doc_node *root = r->manifests.items[i];
        const char *kind = doc_text(root, "kind");

        if (kind && strcmp(kind, "HorizontalPodAutoscaler") == 0)
            return doc_text(doc_path(root, "spec", "scaleTargetRef", NULL),
                            "name");
    }
    return NULL;
}

/* --- the feed --- */

struct feed {
    struct replay *p;
    size_t t, load; /* columns */
};

static bool counts(const struct pod *pod, const char *owner)
{
    return pod && pod->ready && pod->deletion == SIM_NEVER &&
           strcmp(pod->stream_owner, owner) == 0;
}

/* detail: the load in milli-cores. */
static void on_metrics(struct sim *sim, void *self, struct event_args args)
{
    struct replay *p = self;
    const struct world *w = p->s->world;
    const char *owner = target_of(p->r);
    struct pod_usage usage = {.at = sim_now(sim),
                              .window = sim_seconds(metrics_every_s)};
    int64_t ready = 0;

    for (size_t i = 0; i < w->pods.count; i++)
        ready += counts(world_pod(w, (pod_id)i), owner);
    if (ready == 0)
        return;
    usage.cpu = (int64_t)args.subject / ready;
    if (usage.cpu > LIMIT_MILLI)
        usage.cpu = LIMIT_MILLI;
    for (size_t i = 0; i < w->pods.count; i++) {
        if (counts(world_pod(w, (pod_id)i), owner))
            pod_metrics_put(p->s->pod_metrics, (pod_id)i, usage);
    }
}
static const struct event_type metrics_event = {"oracle.metrics", 1,
                                                on_metrics};

static bool on_header(void *self, const struct csv_row *row)
{
    struct feed *f = self;

    f->t = f->load = SIZE_MAX;
    for (size_t i = 0; i < row->count; i++) {
        if (strcmp(row->fields[i], "t") == 0)
            f->t = i;
        if (strcmp(row->fields[i], "load_m") == 0)
            f->load = i;
    }
    return f->t != SIZE_MAX && f->load != SIZE_MAX;
}

static bool on_row(void *self, const struct csv_row *row)
{
    struct feed *f = self;
    double t = strtod(row->fields[f->t], NULL);
    double load = strtod(row->fields[f->load], NULL);

    sim_at(f->p->s->sim, replay_at(f->p, t), &metrics_event, f->p,
           (struct event_args){(uint64_t)load, 0});
    return true;
}

void autoscaling_start(struct replay *p)
{
    struct feed feed = {.p = p};
    struct diag *diag;

    if (!recording_has(p->r, "hpa.csv") || !target_of(p->r))
        return;
    diag = diag_new();
    if (!csv_read(recording_file(p->r, "hpa.csv"), on_header, on_row, &feed,
                  false, NULL, diag))
        diag_print(diag, stdout);
    diag_free(diag);
}

/* --- the aspect --- */

struct scaling {
    double t;
    int replicas;
};

/* Changes of the owner's spec.replicas from `from` on; how many. */
static size_t scalings_of(const struct trace *t, const char *owner, double from,
                          struct scaling *out, size_t most)
{
    int last = -1;
    size_t count = 0;

    for (size_t i = 0; i < t->steps.count && count < most; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind != STEP_OWNER || strcmp(s->name, owner) != 0 ||
            s->a == last)
            continue;
        last = s->a;
        if (s->t >= from)
            out[count++] = (struct scaling){s->t, s->a};
    }
    return count;
}

static const char *text_of(const struct comparison *c, const struct scaling *x,
                           size_t count)
{
    const char *text = "";

    for (size_t i = 0; i < count; i++)
        text = intern_printf(c->r->intern, "%s%s%d", text, i ? " " : "",
                             x[i].replicas);
    return text;
}

/* The largest difference of two equal sequences in time. */
static double apart(const struct scaling *x, const struct scaling *y,
                    size_t count)
{
    double worst = 0;

    for (size_t i = 0; i < count; i++)
        worst = fmax(worst, fabs(x[i].t - y[i].t));
    return worst;
}

/* When the autoscaler was made; the end where it was not. */
static double begins(const struct recording *r)
{
    for (size_t i = 0; i < r->inputs.count; i++) {
        const char *object = doc_text(r->inputs.items[i].root, "object");

        if (object && strncmp(object, "HorizontalPodAutoscaler/", 24) == 0)
            return r->inputs.items[i].t;
    }
    return r->end;
}

/* The phase of its sync period is chance's: any replay may do. */
void aspect_autoscaling(const struct comparison *c)
{
    enum { MOST = 200 };
    struct scaling want[MOST], got[MOST];
    const char *owner = target_of(c->r), *text, *first = NULL;
    double from = begins(c->r), nearest = NAN;
    size_t wanted;

    if (!owner || !recording_has(c->r, "hpa.csv") || from >= c->r->end)
        return;
    wanted = scalings_of(c->r->trace, owner, from, want, MOST);
    text = text_of(c, want, wanted);
    for (size_t i = 0; i < REPLAYS && !(nearest <= sync_s); i++) {
        size_t count =
            scalings_of(comparison_model(c, i), owner, from, got, MOST);
        const char *other = text_of(c, got, count);

        if (strcmp(text, other) == 0)
            nearest = fmin(apart(want, got, count),
                           isnan(nearest) ? INFINITY : nearest);
        first = first ? first : other;
    }
    report_text(c->report, !isnan(nearest), "desired replicas, in order", text,
                isnan(nearest) ? first : text, "exact");
    report_time(c->report, "times of changes of replicas: largest difference",
                0, nearest, sync_s);
}
