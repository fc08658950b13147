#include "sim/cli/progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/io/units.h"

enum { BAR = 10 };

/* The one thing that a signal handler may write. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void progress_catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* a second one kills */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool progress_interrupted(void)
{
    return interrupted != 0;
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) +
           (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

void progress_begin(struct progress *p, enum progress_when when, bool quiet)
{
    memset(p, 0, sizeof *p);
    p->terminal = isatty(STDERR_FILENO);
    p->shown = !quiet && (when == PROGRESS_ALWAYS ||
                          (when == PROGRESS_AUTO && p->terminal));
    p->begun = -1;
    clock_gettime(CLOCK_MONOTONIC, &p->start);
    p->last = p->start;
}

static void eta_text(double seconds, char *buffer, size_t size)
{
    if (seconds < 100)
        snprintf(buffer, size, "%.0f s", seconds);
    else if (seconds < 6000)
        snprintf(buffer, size, "%.0f min", seconds / 60);
    else
        snprintf(buffer, size, "%.1f h", seconds / 3600);
}

/* "  5.1 M events/s  ETA 12 s  +-0.012 latency_p99", what there is of it. */
static void facts_text(const struct progress *p, double share, char *buffer,
                       size_t size)
{
    double elapsed = seconds_since(&p->start);
    double before = p->total > 0 ? p->begun / p->total : 0;
    char rate[32], eta[32] = "", width[96] = "";

    units_format_count(elapsed > 0 ? p->facts.events / elapsed : 0, rate,
                       sizeof rate);
    if (share - before > 0.005 && share < 1)
        eta_text(elapsed * (1 - share) / (share - before), eta, sizeof eta);
    if (p->facts.metric && !isnan(p->facts.half_width))
        snprintf(width, sizeof width, "  +-%.2g %s", p->facts.half_width,
                 p->facts.metric);
    snprintf(buffer, size, "  %s events/s%s%s%s", rate, eta[0] ? "  ETA " : "",
             eta, width);
}

/* One line, at most 79 columns wide. */
static void draw(const struct progress *p)
{
    double share = p->total > 0 ? p->done / p->total : 0;
    char bar[BAR + 1], facts[160], line[320];

    if (share > 1)
        share = 1;
    for (int i = 0; i < BAR; i++)
        bar[i] = (double)i < share * BAR ? '#' : '.';
    bar[BAR] = '\0';
    facts_text(p, share, facts, sizeof facts);
    snprintf(line, sizeof line, "[%s] %3.0f %%  %.0f of %.0f %s%s", bar,
             share * 100, p->done, p->total, p->facts.unit, facts);
    fprintf(stderr, "%s%.79s%s", p->terminal ? "\r" : "", line,
            p->terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void progress_show(struct progress *p, double done, double total,
                   const struct progress_facts *facts)
{
    p->done = done;
    p->total = total;
    p->facts = *facts;
    if (p->begun < 0)
        p->begun = done;
    if (!p->shown || (!p->terminal && seconds_since(&p->last) < 60))
        return;
    clock_gettime(CLOCK_MONOTONIC, &p->last);
    draw(p);
}

void progress_end(struct progress *p)
{
    if (!p->shown)
        return;
    if (!p->terminal) {
        draw(p);
        return;
    }
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

double progress_seconds(const struct progress *p)
{
    return seconds_since(&p->start);
}
