/*
 * swarm - random scenarios from consecutive seeds, watched.
 *
 * usage: swarm              60 seeds, from 1
 *        swarm SEED         that one
 *        swarm FIRST..LAST  all of these
 *        swarm --print SEED the scenario
 *
 * Each seed runs in a process of its own: twice, and a third time without
 * details, which must give the same numbers. A failure leaves its scenario
 * in $TMPDIR and prints the line that replays it. Exits 1 where one failed.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "models/network/kubeproxy.h"
#include "sim/io/units.h"
#include "tests/swarm/generate.h"
#include "tests/swarm/settle.h"

enum {
    SEEDS = 60,
    PATIENCE = 120, /* seconds for one seed, then it hangs */
    PROCESSES = 2,
    BUDGET = 20000000 /* events of one run */
};

static const sim_time rest = 3 * SIM_MIN;

/* --- one run --- */

struct run {
    struct watch *watch; /* NULL: unwatched */
    struct simulation *s;
    bool detail;
    double *values;
    char *files[FILE_COUNT];
    bool aborted;
};

static void prepare(void *self, struct simulation *s)
{
    struct run *run = self;

    run->s = s;
    if (run->watch)
        watch_begin(run->watch, s);
}

static bool go_on(void *self, double fraction)
{
    struct run *run = self;

    (void)fraction;
    return sim_event_count(run->s->sim) < BUDGET;
}

static void keep_files(struct run *run, const struct simulation *s)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        size_t size;
        FILE *out = open_memstream(&run->files[i], &size);

        metrics_write(s->metrics, (enum detail_file)i, "", 0, out);
        fclose(out);
    }
}

/* Lets the world go on, so that its loops come to rest. */
static void run_on(struct watch *w, struct simulation *s)
{
    sim_run_until(s->sim, sim_now(s->sim) + rest + w->lag);
    settle(w);
}

/* Requests without any time-out may wait for ever: a run gives them up. */
static bool patient(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->traffic_count; i++) {
        if (scenario->traffic[i].timeout == SIM_NEVER &&
            scenario->traffic[i].deadline == SIM_NEVER)
            return true;
    }
    return false;
}

static void run_once(const struct scenario *scenario,
                     const struct metric_layout *layout, struct run *run)
{
    struct simulation_options options = {.seed = scenario->seed,
                                         .want_detail = run->detail,
                                         .want_events = run->detail,
                                         .progress = go_on,
                                         .progress_self = run,
                                         .prepare = prepare,
                                         .prepare_self = run};
    struct simulation *s = simulation_run(scenario, &options);

    run->aborted = !s;
    run->values = mem_calloc(layout->count, sizeof *run->values);
    if (!s)
        return;
    metrics_values(s->metrics, layout, run->values);
    if (run->detail)
        keep_files(run, s);
    if (run->watch) {
        struct watch *w = run->watch;

        if (metrics_open(s->metrics) > 0 && !patient(scenario))
            breach(w, "%" PRIu64 " requests are open at the end",
                   metrics_open(s->metrics));
        check_values(w, layout, run->values, run->files);
        check_files(w, layout, run->values, run->files);
        run_on(w, s);
    }
    simulation_free(s);
}

static void run_release(struct run *run)
{
    free(run->values);
    for (int i = 0; i < FILE_COUNT; i++)
        free(run->files[i]);
}

/* --- runs against each other --- */

static void same_values(struct watch *w, const struct metric_layout *layout,
                        const struct run *a, const struct run *b,
                        const char *how)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];

        if (memcmp(&a->values[i], &b->values[i], sizeof *a->values) == 0 ||
            (isnan(a->values[i]) && isnan(b->values[i])))
            continue;
        w->breaches++;
        fprintf(w->out, "  %s: %s %s %s is %.17g, then %.17g\n", how,
                row->service, row->traffic, metric_infos[row->metric].name,
                a->values[i], b->values[i]);
        return;
    }
}

static void same_files(struct watch *w, const struct run *a,
                       const struct run *b)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        size_t at = 0;

        if (strcmp(a->files[i], b->files[i]) == 0)
            continue;
        while (a->files[i][at] == b->files[i][at])
            at++;
        w->breaches++;
        fprintf(w->out, "  again: %s differs at byte %zu: %.80s\n",
                detail_files[i].name, at, a->files[i] + at);
    }
}

/* --- one seed --- */

static struct scenario *load(const char *path)
{
    struct scenario_options options = {.files = &path, .file_count = 1};
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&options, diag);

    if (!scenario)
        diag_print(diag, stdout);
    diag_free(diag);
    return scenario;
}

/* True: nothing was found. */
static bool try_scenario(const char *path)
{
    struct scenario *scenario = load(path);
    struct watch watch = {.out = stdout};
    struct run first = {.watch = &watch, .detail = true};
    struct run again = {.detail = true}, plain = {.detail = false};
    struct metric_layout *layout;

    if (!scenario)
        return false;
    watch.calm =
        scenario->description && strcmp(scenario->description, "calm") == 0;
    layout = metric_layout_new(scenario);
    run_once(scenario, layout, &first);
    if (first.aborted) {
        watch.breaches++;
        printf("  more than %d events\n", BUDGET);
    } else {
        run_once(scenario, layout, &again);
        run_once(scenario, layout, &plain);
        same_values(&watch, layout, &first, &again, "again");
        same_files(&watch, &first, &again);
        same_values(&watch, layout, &first, &plain, "without details");
    }
    run_release(&first);
    run_release(&again);
    run_release(&plain);
    metric_layout_free(layout);
    watch_release(&watch);
    scenario_free(scenario);
    return watch.breaches == 0;
}

static char *path_of(uint64_t seed)
{
    const char *folder = getenv("TMPDIR");

    return mem_printf("%s/swarm-%" PRIu64 ".yaml", folder ? folder : "/tmp",
                      seed);
}

static bool write_scenario(uint64_t seed, const char *path)
{
    FILE *out = fopen(path, "w");

    if (!out)
        return false;
    generate(seed, out);
    return fclose(out) == 0;
}

/* In a process of its own: exits 0, 1, or dies. */
static pid_t start(uint64_t seed)
{
    char *path = path_of(seed);
    pid_t pid;
    bool ok;

    fflush(stdout);
    pid = fork();
    if (pid != 0) {
        free(path);
        return pid;
    }
    alarm(PATIENCE);
    if (!write_scenario(seed, path)) {
        perror(path);
        exit(1);
    }
    ok = try_scenario(path);
    if (ok)
        unlink(path);
    free(path);
    exit(ok ? 0 : 1);
}

/* --- many seeds --- */

struct child {
    pid_t pid;
    uint64_t seed;
};

static void tell(const char *program, uint64_t seed, int status)
{
    char *path = path_of(seed);

    printf("seed %" PRIu64 " FAILED", seed);
    if (WIFSIGNALED(status))
        printf(" (%s)", WTERMSIG(status) == SIGALRM
                            ? "it hangs"
                            : strsignal(WTERMSIG(status)));
    printf(": %s\n  replay: %s %" PRIu64 "\n", path, program, seed);
    fflush(stdout);
    free(path);
}

/* Waits for one of them. Returns whether it failed; its place is free. */
static bool reap(const char *program, struct child *children)
{
    int status;
    pid_t pid = wait(&status);

    for (int i = 0; i < PROCESSES; i++) {
        if (pid <= 0 || children[i].pid != pid)
            continue;
        children[i].pid = 0;
        if (status != 0)
            tell(program, children[i].seed, status);
        return status != 0;
    }
    return false;
}

static int run_seeds(const char *program, uint64_t first, uint64_t last)
{
    struct child children[PROCESSES] = {{0, 0}};
    uint64_t next = first, failed = 0;
    int running = 0;

    while (next <= last || running > 0) {
        int i = 0;

        if (next > last || running == PROCESSES) {
            failed += reap(program, children);
            running--;
            continue;
        }
        while (children[i].pid)
            i++;
        children[i] = (struct child){start(next), next};
        next++;
        running++;
    }
    printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", last - first + 1, failed);
    return failed > 0;
}

int main(int argc, char **argv)
{
    char *rest_of = NULL;
    uint64_t first = 1, last = SEEDS;

    if (argc == 3 && strcmp(argv[1], "--print") == 0) {
        generate(strtoull(argv[2], NULL, 10), stdout);
        return 0;
    }
    if (argc > 1) {
        first = last = strtoull(argv[1], &rest_of, 10);
        if (strncmp(rest_of, "..", 2) == 0)
            last = strtoull(rest_of + 2, &rest_of, 10);
        if (argc > 2 || *rest_of || first > last) {
            fprintf(stderr,
                    "usage: swarm [SEED | FIRST..LAST | --print SEED]\n");
            return 2;
        }
    }
    return run_seeds(argv[0], first, last);
}
