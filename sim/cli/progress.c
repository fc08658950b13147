#include "sim/cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30 };

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

void progress_begin(struct progress *p, enum progress_when when, bool quiet,
                    const char *what)
{
    memset(p, 0, sizeof *p);
    p->terminal = isatty(STDERR_FILENO);
    p->shown = !quiet && (when == PROGRESS_ALWAYS ||
                          (when == PROGRESS_AUTO && p->terminal));
    p->what = what;
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

static void draw(const struct progress *p)
{
    double share = p->total > 0 ? p->done / p->total : 0;
    double elapsed = seconds_since(&p->start);
    char bar[BAR + 1], eta[32] = "";

    if (share > 1)
        share = 1;
    for (int i = 0; i < BAR; i++)
        bar[i] = (double)i < share * BAR ? '#' : '.';
    bar[BAR] = '\0';
    if (share > 0.01 && share < 1)
        eta_text(elapsed * (1 - share) / share, eta, sizeof eta);
    fprintf(stderr, "%s[%s] %3.0f %%  %.0f of %.0f replications%s%s%s",
            p->terminal ? "\r" : "", bar, share * 100, p->done, p->total,
            eta[0] ? "  ETA " : "", eta, p->terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void progress_show(struct progress *p, double done, double total)
{
    p->done = done;
    p->total = total;
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
