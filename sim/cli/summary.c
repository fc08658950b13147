#include "sim/cli/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/chart.h"
#include "sim/cli/figures.h"
#include "sim/io/units.h"

/* Lines that each part may take; 30 in all. */
enum {
    SERVICE_LINES = 8,
    CHART_LINES = 8,
    INCIDENT_LINES = 6,
    SLO_LINES = 2,
    ASSUMED_LINES = 2
};

static const char *count_text(double x, char *buffer, size_t size)
{
    if (isnan(x))
        return "-";
    if (x < 10000)
        snprintf(buffer, size, x == floor(x) || x >= 100 ? "%.0f" : "%.1f", x);
    else
        units_format_count(x, buffer, size);
    return buffer;
}

/* "99.987 % +-0.004", as many decimals as the interval is worth. */
static const char *share_text(const struct output_summary *s, char *buffer,
                              size_t size)
{
    double half = (s->ci.high - s->ci.low) / 2 * 100;
    int decimals = 3;

    if (s->count == 0)
        return "-";
    if (s->count < 2 || !(half > 0)) {
        snprintf(buffer, size, "%.4g %%", s->mean * 100);
        return buffer;
    }
    while (decimals < 6 && half < 2 * pow(10, -decimals))
        decimals++;
    while (decimals > 1 && half >= 2 * pow(10, -decimals + 2))
        decimals--;
    snprintf(buffer, size, "%.*f %% +-%.*f", decimals, s->mean * 100, decimals,
             half);
    return buffer;
}

static const char *latency_text(double seconds, char *buffer, size_t size)
{
    if (isnan(seconds))
        return "-";
    if (seconds < 1)
        snprintf(buffer, size, "%.3g ms", seconds * 1e3);
    else
        snprintf(buffer, size, "%.3g s", seconds);
    return buffer;
}

static void head(const struct study *study, FILE *out)
{
    char duration[32], events[32];

    units_format_duration(study->scenario->duration, duration, sizeof duration);
    fprintf(out, "%s: %s x %zu replications, seed %llu; %s events in %.1f s\n",
            study->scenario->name, duration, study->replications,
            (unsigned long long)study->scenario->seed,
            count_text(study_events(study), events, sizeof events),
            progress_seconds(&study->progress));
}

/* Requests, failed, availability and p99 of a Service or a traffic entry. */
static void request_columns(const struct study *study, const char *service,
                            const char *traffic, FILE *out)
{
    struct output_summary requests =
        study_metric(study, service, traffic, "requests");
    struct output_summary failed =
        study_metric(study, service, traffic, "requests_failed");
    struct output_summary share =
        study_metric(study, service, traffic, "request_availability");
    struct output_summary p99 =
        study_metric(study, service, traffic, "latency_p99");
    char a[32], b[32], c[48], d[32];

    fprintf(out, "%9s%8s  %-17s%8s\n", count_text(requests.mean, a, sizeof a),
            count_text(failed.mean, b, sizeof b),
            share_text(&share, c, sizeof c),
            latency_text(p99.mean, d, sizeof d));
}

static const char *access_text(int access)
{
    static const char *const names[] = {"service", "headless", "podIP"};

    return names[access];
}

static bool of_service(const struct traffic_spec *t,
                       const struct service_spec *s)
{
    return strcmp(t->service, s->meta.name) == 0 &&
           strcmp(t->space, s->meta.space) == 0;
}

/* A line for each traffic entry, where the scenario has several. */
static size_t traffic_lines(const struct study *study,
                            const struct service_spec *s, const char *name,
                            size_t room, FILE *out)
{
    const struct scenario *c = study->scenario;
    size_t lines = 0;

    for (size_t i = 0; i < c->traffic_count && lines < room; i++) {
        const struct traffic_spec *t = &c->traffic[i];
        char label[64];

        if (c->synthetic || c->traffic_count < 2 || !of_service(t, s))
            continue;
        snprintf(label, sizeof label, "  %.20s (%s)", t->name,
                 access_text(t->access));
        fprintf(out, "%-36s", label);
        request_columns(study, name, t->name, out);
        lines++;
    }
    return lines;
}

/* At most `width` characters, a `~` for what is cut off. */
static const char *fit(const char *text, size_t width, char *buffer,
                       size_t size)
{
    if (strlen(text) <= width)
        return text;
    snprintf(buffer, size, "%.*s~", (int)width - 1, text);
    return buffer;
}

static size_t service_line(const struct study *study,
                           const struct service *service, FILE *out)
{
    const struct service_spec *s = service->spec;
    char name[512], ip[16], churn[32], label[16];
    struct output_summary c;
    size_t ips, pods;

    snprintf(name, sizeof name, "%s/%s", s->meta.space, s->meta.name);
    c = study_metric(study, name, "", "ip_churn");
    chart_count(study, service->id, &ips, &pods);
    fprintf(out, "%-14s %-11s%4zu", fit(s->meta.name, 14, label, sizeof label),
            service->cluster_ip ? world_format_ip(service->cluster_ip, ip)
                                : "headless",
            ips);
    count_text(c.mean, churn, sizeof churn);
    fprintf(out, "%6s", churn);
    request_columns(study, name, "", out);
    return 1;
}

static bool has_pods(const struct study *study, service_id id)
{
    size_t ips, pods;

    chart_count(study, id, &ips, &pods);
    return ips > 0;
}

/* Services, the busiest first would hide the order of the manifest: as they
 * stand there. Returns the one the chart is drawn for: the first with pods. */
static service_id services(const struct study *study, FILE *out)
{
    const struct world *w = study->first->world;
    size_t lines = 0, left = 0;
    service_id charted = NO_ID;

    if (w->services.count == 0) {
        fputs("no Service: nobody asks the pods\n", out);
        return NO_ID;
    }
    fprintf(out, "%-14s %-11s%4s%6s%9s%8s  %-17s%8s\n", "SERVICE", "CLUSTER-IP",
            "IPS", "CHURN", "REQUESTS", "FAILED", "AVAILABILITY 95 %", "P99");
    for (size_t i = 0; i < w->services.count; i++) {
        const struct service *s = w->services.items[i];
        char name[512];

        if (s->spec->type == SERVICE_EXTERNAL_NAME)
            continue;
        if (lines >= SERVICE_LINES) {
            left++;
            continue;
        }
        snprintf(name, sizeof name, "%s/%s", s->spec->meta.space,
                 s->spec->meta.name);
        lines += service_line(study, s, out);
        lines +=
            traffic_lines(study, s->spec, name, SERVICE_LINES - lines, out);
        if (charted == NO_ID && has_pods(study, s->id))
            charted = s->id;
    }
    if (left)
        fprintf(out, "... and %zu more Services in metrics.csv\n", left);
    return charted;
}

/* "3h", "1h28m46s", "43.03s": seconds are enough for minutes and more. */
static const char *time_text(sim_time t, char *buffer, size_t size)
{
    sim_time unit = t >= SIM_MIN ? SIM_S : 10 * SIM_MS;

    if (t >= SIM_S)
        t = (t + unit / 2) / unit * unit;
    return units_format_duration(t, buffer, size);
}

static void incident_line(const struct incident_effect *e, FILE *out)
{
    char at[32], what[160], back[32], label[32];
    bool named = strncmp(e->name, e->action, strlen(e->action)) != 0;

    time_text(e->time, at, sizeof at);
    snprintf(what, sizeof what, "%s%s%s %s", named ? e->name : "",
             named ? ": " : "", e->action, e->object);
    latency_text(e->recovery_time, back, sizeof back);
    fprintf(out, "%-9.9s %-30s +%-3u-%-3u %6llu  %-15.15s%7s\n", at,
            fit(what, 30, label, sizeof label), e->ips_added, e->ips_removed,
            (unsigned long long)e->requests_failed,
            e->requests_failed ? cause_names[e->main_cause] : "",
            isnan(e->recovery_time) ? "" : back);
}

/* The failure that cost most requests of those not yet shown; count: none. */
static size_t worst(const struct incident_effect *e, size_t count,
                    const bool *shown)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (!shown[i] && !e[i].from_timeline && e[i].requests_failed > 0 &&
            (best == count || e[i].requests_failed > e[best].requests_failed))
            best = i;
    }
    return best;
}

/* Marks what is shown: the timeline's entries first, then failures, the
 * worst first, as far as they fit. Returns how many. */
static size_t choose(const struct incident_effect *e, size_t count, bool *shown)
{
    size_t n = 0, i;

    for (i = 0; i < count && n < INCIDENT_LINES; i++) {
        shown[i] = e[i].from_timeline && e[i].time >= 0;
        n += shown[i];
    }
    while (n < INCIDENT_LINES && (i = worst(e, count, shown)) < count) {
        shown[i] = true;
        n++;
    }
    return n;
}

static void incidents(const struct study *study, FILE *out)
{
    size_t count, n;
    const struct incident_effect *e =
        metrics_incidents(study->first->metrics, &count);
    bool *shown = mem_calloc(count + 1, sizeof *shown);

    n = choose(e, count, shown);
    if (n > 0)
        fprintf(out, "%-9s %-30s IPS      %6s  %-15s%7s\n", "AT", "INCIDENT",
                "FAILED", "MOSTLY", "BACK");
    for (size_t i = 0; i < count; i++) {
        if (shown[i])
            incident_line(&e[i], out);
    }
    if (n < count)
        fprintf(out, "... %zu incidents in all: incidents.csv\n", count);
    free(shown);
}

static void slos(const struct study *study, FILE *out)
{
    const struct scenario *c = study->scenario;

    for (size_t i = 0; i < c->slo_count && i < SLO_LINES; i++) {
        const struct slo_spec *slo = &c->slos[i];
        struct output_summary s = study_slo(study, 0, i);

        bool ratio =
            strcmp(metric_infos[metric_find(slo->metric)].unit, "ratio") == 0;
        double factor = ratio ? 100 : 1;
        const char *unit = ratio ? " %" : "";

        fprintf(out, "SLO %s%s%s %s%s%s: %s (%.6g%s",
                slo->service ? slo->service : "", slo->service ? " " : "",
                slo->metric, slo->target_text, slo->during ? " during " : "",
                slo->during ? slo->during : "",
                verdict_names[study_verdict(study, 0, i)], factor * s.mean,
                unit);
        if (s.count >= 2) /* one replication has no interval */
            fprintf(out, "; %.6g to %.6g%s", factor * s.ci.low,
                    factor * s.ci.high, unit);
        fputs(")\n", out);
    }
}

static void foot(const struct study *study, const char *dir, FILE *out)
{
    const struct scenario *c = study->scenario;
    char text[80];

    for (size_t i = 0; i < c->assumption_count && i < ASSUMED_LINES; i++)
        fprintf(out, "%s%s\n", i ? "         " : "assumed: ",
                fit(c->assumptions[i], 70, text, sizeof text));
    if (dir)
        figures_say_files(dir, "metrics.csv, incidents.csv", out);
    fputs("next: podchurn check FILE --print    every setting and default\n",
          out);
}

void summary_table(const struct study *study, const char *dir, FILE *out)
{
    service_id charted;

    head(study, out);
    charted = services(study, out);
    if (charted != NO_ID)
        chart_draw(study, charted, CHART_LINES, out);
    incidents(study, out);
    slos(study, out);
    foot(study, dir, out);
}
