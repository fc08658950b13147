#include "sim/cli/study_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cli/compare_table.h"
#include "sim/cli/figures.h"
#include "sim/cli/summary.h"
#include "sim/io/tree.h"

bool study_say(struct diag *diag)
{
    bool ok = diag_errors(diag) == 0;

    diag_print(diag, stderr);
    diag_free(diag);
    return ok;
}

char *study_directory(const struct plan *plan, const struct options *o)
{
    if (o->output)
        return mem_strdup(o->output);
    if (plan->shards > 0)
        return mem_printf("results/%s-%zu-of-%zu", plan->name, plan->shard,
                          plan->shards);
    return mem_printf("results/%s", plan->name);
}

/* ---- the end of a study ---- */

static void print_summary(const struct study *study, const char *dir)
{
    if (study->ending) {
        study->ending->print(study->ending->self, study, dir);
        return;
    }
    switch (study->options->format) {
    case FORMAT_CSV:
        summary_csv(study, stdout);
        break;
    case FORMAT_JSON:
        summary_json(study, dir, stdout);
        break;
    default:
        if (study->options->quiet)
            return;
        if (study->scenario)
            summary_table(study, dir, stdout);
        else
            compare_table(study, dir, stdout);
    }
}

static int status_by_slos(const struct study *study)
{
    if (study->ending)
        return study->ending->status(study->ending->self);
    for (size_t v = 0; v < study->plan->variants.count; v++)
        if (study_meets(study, v))
            return EXIT_DONE;
    return EXIT_SLO_MISSED;
}

static void warn_imprecise(const struct study *study)
{
    if (!study->precise)
        fprintf(stderr,
                "podchurn %s: warning: the precision was not reached after "
                "%zu replications\n",
                study->plan->command, study->replications);
}

/* Figures are drawn before the directory appears, so that it is whole. */
static bool draw(const struct study *study)
{
    if (study->options->plot == 0 || study->plan->shards > 0 ||
        (study->options->plot < 0 && !figures_available()))
        return true;
    return figures_draw(resultdir_path(study->dir), NULL);
}

static void say_failed(const struct study *study, const char *name)
{
    fprintf(stderr, "podchurn %s: error: writing '%s': %s\n",
            study->plan->command, name, strerror(study->error));
}

static void say_kept(const struct study *study, const char *name)
{
    fprintf(stderr,
            "podchurn %s: %zu of %zu units are kept in %s.partial; go on with "
            "--resume\n",
            study->plan->command, store_count(study->store),
            store_units(study->store), name);
}

static void remove_units(const char *dir)
{
    char *units = mem_printf("%s/units", dir);

    tree_remove(AT_FDCWD, units);
    free(units);
}

/* Units that may be wanted again go only when the files are in place; a
 * shard's are what it is for. */
static bool commit(struct study *study, const char *name, bool keeps)
{
    struct diag *diag = diag_new();
    bool ok;

    if (!keeps)
        remove_units(resultdir_path(study->dir));
    ok = keeps ? resultdir_commit_or_leave(study->dir, diag)
               : resultdir_commit(study->dir, diag);
    study_say(diag);
    if (ok && study->plan->shards == 0)
        remove_units(name);
    return ok;
}

static int print(const struct study *study, const char *name)
{
    if (study->plan->shards > 0) {
        if (!study->options->quiet)
            printf("%s: shard %zu of %zu, %zu units: %s/\n"
                   "next: podchurn merge DIR.. -o DIR, when all are there\n",
                   study->plan->name, study->plan->shard, study->plan->shards,
                   store_count(study->store), name);
        return EXIT_DONE;
    }
    warn_imprecise(study);
    print_summary(study, name);
    if (fflush(stdout) == 0)
        return status_by_slos(study);
    fprintf(stderr, "podchurn %s: error: standard output: %s\n",
            study->plan->command, strerror(errno));
    return EXIT_FAILED;
}

int study_finish(struct study *study, const char *name, bool keeps)
{
    bool drawn;
    int status;

    if (!study_write(study) ||
        (study->ending && !study->ending->write(study->ending->self, study))) {
        say_failed(study, name);
        if (keeps) {
            say_kept(study, name);
            resultdir_leave(study->dir);
        } else {
            resultdir_abandon(study->dir);
        }
        return EXIT_FAILED;
    }
    drawn = draw(study);
    if (!commit(study, name, keeps))
        return EXIT_FAILED;
    if (progress_interrupted()) /* while drawing: the numbers are whole */
        return EXIT_INTERRUPTED;
    status = print(study, name);
    /* The numbers are whole without the pictures; who asked for these is
     * told by the status. */
    return drawn || study->options->plot < 0 || status == EXIT_FAILED
               ? status
               : EXIT_FAILED;
}

/* ---- its beginning ---- */

/* What an earlier process left, but for its units, is of no use. */
static bool remove_but_units(int folder, const char *name)
{
    return strcmp(name, ".lock") == 0 || strcmp(name, "units") == 0 ||
           tree_remove(folder, name);
}

static bool write_plan(const struct plan *plan, const char *path)
{
    char *partial = mem_printf("%s.new", path);
    FILE *out = tree_make_parents(path) ? fopen(partial, "wb") : NULL;
    bool ok = out;

    if (out) {
        plan_write(plan, out);
        ok = fflush(out) == 0 && fsync(fileno(out)) == 0;
        ok = fclose(out) == 0 && ok && rename(partial, path) == 0;
    }
    free(partial);
    return ok;
}

/* The plan that is there is this one, or there is none. */
static bool same_plan(const struct plan *plan, const char *path,
                      struct diag *diag)
{
    struct plan was;
    bool ok;

    if (access(path, F_OK) != 0)
        return true;
    ok = plan_read(&was, path, diag);
    if (ok &&
        plan_differs(&was, plan, true, (struct place){.file = path}, diag)) {
        diag_hint(diag, "what is finished there belongs to another study: "
                        "remove it, or start anew without --resume");
        ok = false;
    }
    plan_release(&was);
    return ok;
}

static struct resultdir *open_directory(const struct plan *plan,
                                        const struct options *o,
                                        const char *name)
{
    struct diag *diag = diag_new();
    struct resultdir *dir =
        o->resume ? resultdir_resume(name, diag) : resultdir_open(name, diag);
    char *path = mem_printf("%s.partial/units/plan.json", name);
    bool ok = dir && (!o->resume || same_plan(plan, path, diag));

    free(path);
    ok = study_say(diag) && ok;
    if (dir && !ok) {
        resultdir_leave(dir);
        dir = NULL;
    }
    return dir;
}

static struct store *open_store(const struct plan *plan,
                                const struct resultdir *dir)
{
    const struct store_shape shape = {plan->variants.count, plan_room(plan),
                                      plan_rows(plan), plan->shard,
                                      plan->shards};
    const char *partial = resultdir_path(dir);
    char *units = mem_printf("%s/units", partial);
    char *path = mem_printf("%s/plan.json", units);
    struct store *store = NULL;

    if (tree_each(AT_FDCWD, partial, remove_but_units) &&
        write_plan(plan, path))
        store = store_open(units, &shape);
    if (!store)
        fprintf(stderr, "podchurn %s: error: writing '%s': %s\n", plan->command,
                units, strerror(errno));
    free(path);
    free(units);
    return store;
}

/* What the other processes need to know. */
static void share_plan(const struct plan *plan, struct remote *remote)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = remote ? open_memstream(&text, &size) : NULL;

    if (!out)
        return;
    plan_write(plan, out);
    fclose(out);
    remote_share(remote, &text, &size);
    free(text);
}

static int stopped(struct study *study, const char *name)
{
    if (study->error)
        say_failed(study, name);
    else if (progress_interrupted())
        fprintf(stderr, "podchurn %s: interrupted\n", study->plan->command);
    store_sync(study->store);
    say_kept(study, name);
    resultdir_leave(study->dir);
    return progress_interrupted() && !study->error ? EXIT_INTERRUPTED
                                                   : EXIT_FAILED;
}

static int run_in(const struct plan *plan, const struct options *o,
                  const struct scenario_options *base, struct resultdir *dir,
                  const char *name, struct remote *remote)
{
    struct store *store = open_store(plan, dir);
    struct scenario_cache *cache;
    struct study study;
    int status;

    if (!store) {
        resultdir_leave(dir);
        return EXIT_FAILED;
    }
    cache = scenario_cache_new(plan, base, experiment_processors() + 2);
    study_init(&study, plan, o, dir, store, cache);
    progress_catch_signals();
    share_plan(plan, remote);
    if (study_run(&study, remote))
        status = study_finish(&study, name, true);
    else
        status = stopped(&study, name);
    study_release(&study);
    scenario_cache_free(cache);
    return status;
}

int study_command(const struct plan *plan, const struct options *o,
                  const struct scenario_options *base, struct remote *remote)
{
    char *name = study_directory(plan, o);
    struct resultdir *dir = open_directory(plan, o, name);
    int status =
        dir ? run_in(plan, o, base, dir, name, remote) : EXIT_BAD_INPUT;

    free(name);
    return status;
}

static void work_on(struct remote *remote, const struct plan *plan,
                    const struct options *o,
                    const struct scenario_options *base)
{
    struct scenario_cache *cache =
        scenario_cache_new(plan, base, experiment_processors() + 2);
    struct experiment_spec spec;
    struct study study;

    study_init(&study, plan, o, NULL, NULL, cache);
    spec = study_spec(&study);
    remote_work(remote, &spec);
    study_release(&study);
    scenario_cache_free(cache);
}

int study_work(struct remote *remote, const struct options *o,
               const struct scenario_options *base)
{
    struct diag *diag = diag_new();
    char *text = NULL;
    size_t size = 0;
    struct plan plan;

    /* Who keeps the results says when to stop. */
    progress_catch_signals();
    remote_share(remote, &text, &size);
    if (text) {
        if (plan_read_text(&plan, text, diag))
            work_on(remote, &plan, o, base);
        plan_release(&plan);
    }
    free(text);
    diag_free(diag);
    return EXIT_DONE;
}

struct remote *study_join(void)
{
    struct remote *remote = remote_begin();

    if (remote_rank(remote) > 0 && (!freopen("/dev/null", "w", stderr) ||
                                    !freopen("/dev/null", "w", stdout)))
        return remote; /* then it is heard */
    return remote;
}

void study_share_input(struct remote *remote, struct options *o)
{
    if (remote_rank(remote) == 0)
        options_read_input(o);
    remote_share(remote, &o->input, &o->input_size);
    if (remote && o->jobs == 0)
        o->jobs = remote_threads(remote);
}
