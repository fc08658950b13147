#include "sim/cli/figures.h"

#include <errno.h>
#include <glob.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/cli/coarse.h"
#include "sim/cli/report.h"
#include "sim/cli/variant_data.h"
#include "sim/engine/mem.h"
#include "sim/io/diag.h"

extern char **environ;

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Folder of this program's file, as far as the system tells; "" if not. */
static void program_folder(char *buffer, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", buffer, size - 1);
    char *slash;

    buffer[n > 0 ? n : 0] = '\0';
    slash = strrchr(buffer, '/');
    if (slash)
        *slash = '\0';
}

/* Where the scripts are: $PODCHURN_DATADIR, beside a build in the source
 * tree, or installed. The caller frees it; NULL: nowhere. */
static char *scripts_folder(void)
{
    const char *data = getenv("PODCHURN_DATADIR");
    char folder[4096];
    char *tries[4];
    char *found = NULL;

    program_folder(folder, sizeof folder);
    tries[0] = mem_printf("%s/plots", data ? data : "");
    tries[1] = mem_printf("%s/../plots", folder);
    tries[2] = mem_printf("%s/../../plots", folder);
    tries[3] = mem_strdup(PODCHURN_DATADIR "/plots");
    for (size_t i = 0; i < 4; i++) {
        if (!found && is_folder(tries[i]))
            found = tries[i];
        else
            free(tries[i]);
    }
    return found;
}

/* Runs a program and waits; what it says on standard error goes to `log`.
 * Returns its exit status, -1: it did not run. */
static int run_program(char *const argv[], FILE *log)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(log), STDERR_FILENO);
    status = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0)
        return -1;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void show(FILE *log)
{
    int c;

    rewind(log);
    while ((c = fgetc(log)) != EOF)
        fputc(c, stderr);
}

static bool have_gnuplot(void)
{
    const char *path = getenv("PATH");
    char *copy, *rest, *folder;
    bool found = false;

    if (!path)
        return false;
    copy = mem_strdup(path);
    for (folder = strtok_r(copy, ":", &rest); folder && !found;
         folder = strtok_r(NULL, ":", &rest)) {
        char *file = mem_printf("%s/gnuplot", folder);

        found = access(file, X_OK) == 0;
        free(file);
    }
    free(copy);
    return found;
}

bool figures_available(void)
{
    char *folder = scripts_folder();
    bool found = folder != NULL;

    free(folder);
    return found && have_gnuplot();
}

/* The scripts, sorted by name; false: none. */
static bool find_scripts(glob_t *scripts, char **folder)
{
    char *pattern;
    int status;

    *folder = scripts_folder();
    if (!*folder)
        return false;
    pattern = mem_printf("%s/[a-z]*.gp", *folder);
    status = glob(pattern, 0, NULL, scripts);
    free(pattern);
    if (status != 0) {
        free(*folder);
        return false;
    }
    return true;
}

/* "availability" of ".../availability.gp"; the caller frees it. */
static char *figure_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    return mem_strndup(name, strlen(name) - strlen(".gp"));
}

/* The question that a script answers: its first line. The caller frees it. */
static char *figure_question(const char *path)
{
    FILE *in = fopen(path, "r");
    char line[256] = "";

    if (in && fgets(line, sizeof line, in))
        line[strcspn(line, "\n")] = '\0';
    if (in)
        fclose(in);
    return mem_strdup(strncmp(line, "# ", 2) == 0 ? line + 2 : line);
}

static bool listed(const char *names, const char *name)
{
    size_t n = strlen(name);

    if (!names)
        return true;
    for (const char *at = names; *at;) {
        size_t word = strcspn(at, ",");

        if (word == n && strncmp(at, name, n) == 0)
            return true;
        at += word + (at[word] == ',');
    }
    return false;
}

/* False where the script's second line says `# needs FILE` and the result has
 * no such file. */
static bool has_data(const char *script, const char *dir)
{
    FILE *in = fopen(script, "r");
    char line[256] = "";
    char *path;
    bool there;

    for (int i = 0; in && i < 2 && fgets(line, sizeof line, in); i++)
        line[strcspn(line, "\n")] = '\0';
    if (in)
        fclose(in);
    if (strncmp(line, "# needs ", 8) != 0)
        return true;
    path = mem_printf("%s/%s", dir, line + 8);
    there = access(path, R_OK) == 0;
    free(path);
    return there;
}

static bool draw(const char *script, const char *dir, const char *name,
                 const char *format, const struct variant_list *variants)
{
    char *output = mem_printf("%s/plots/%s.%s", dir, name, format);
    char *count = mem_printf("%zu", variants->count);
    char *argv[] = {"gnuplot",       "-c",           (char *)script,
                    (char *)dir,     (char *)format, output,
                    variants->first, count,          NULL};
    FILE *log = tmpfile();
    int status = log ? run_program(argv, log) : -1;
    struct stat st;

    if (status != 0) {
        fprintf(stderr, "podchurn: error: gnuplot failed on %s.gp\n", name);
        if (log)
            show(log);
    }
    if (log)
        fclose(log);
    /* Nothing to draw, or only begun. */
    if (status != 0 || (stat(output, &st) == 0 && st.st_size == 0))
        unlink(output);
    free(count);
    free(output);
    return status == 0;
}

/* Where a figure stands in the report: what compares first. */
static size_t place_of(const char *name)
{
    static const char *const first[] = {"tuning",  "comparison",  "dominance",
                                        "heatmap", "sensitivity", "tails",
                                        NULL};
    size_t i = 0;

    while (first[i] && strcmp(first[i], name) != 0)
        i++;
    return i;
}

static int by_place(const void *left, const void *right)
{
    const struct report_figure *a = left, *b = right;
    size_t p = place_of(a->name), q = place_of(b->name);

    return p != q ? (p < q ? -1 : 1) : strcmp(a->name, b->name);
}

static bool write_report(const char *dir, const glob_t *scripts)
{
    struct report_figure *figures =
        mem_calloc(scripts->gl_pathc, sizeof *figures);
    bool ok;

    for (size_t i = 0; i < scripts->gl_pathc; i++)
        figures[i] =
            (struct report_figure){figure_name(scripts->gl_pathv[i]),
                                   figure_question(scripts->gl_pathv[i])};
    qsort(figures, scripts->gl_pathc, sizeof *figures, by_place);
    ok = report_write(dir, figures, scripts->gl_pathc);
    for (size_t i = 0; i < scripts->gl_pathc; i++) {
        free((void *)figures[i].name);
        free((void *)figures[i].question);
    }
    free(figures);
    return ok;
}

bool figures_draw(const char *dir, const char *names)
{
    char *folder, *plots = mem_printf("%s/plots", dir);
    struct variant_list variants = {0};
    glob_t scripts;
    bool ok = true, begun;

    if (!find_scripts(&scripts, &folder)) {
        fprintf(stderr, "podchurn: error: no plot scripts found; "
                        "set PODCHURN_DATADIR to the folder that has plots/\n");
        free(plots);
        return false;
    }
    if (mkdir(plots, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "podchurn: error: %s: %s\n", plots, strerror(errno));
        ok = false;
    }
    begun = ok = ok && coarse_write(dir) && variant_data_write(dir, &variants);
    setenv("GNUPLOT_LIB", folder, 1); /* where `load` looks */
    for (size_t i = 0; begun && i < scripts.gl_pathc; i++) {
        char *name = figure_name(scripts.gl_pathv[i]);

        if (listed(names, name) && has_data(scripts.gl_pathv[i], dir))
            ok = draw(scripts.gl_pathv[i], dir, name, "svg", &variants) &&
                 draw(scripts.gl_pathv[i], dir, name, "png", &variants) && ok;
        free(name);
    }
    if (begun)
        ok = write_report(dir, &scripts) && ok;
    variant_list_release(&variants);
    globfree(&scripts);
    free(folder);
    free(plots);
    return ok;
}

/* Complains about one name that is no figure. */
static void unknown_figure(const char *name, const glob_t *scripts)
{
    const char **names = mem_calloc(scripts->gl_pathc + 1, sizeof *names);
    const char *nearest;

    for (size_t i = 0; i < scripts->gl_pathc; i++)
        names[i] = figure_name(scripts->gl_pathv[i]);
    nearest = diag_nearest(name, names);
    fprintf(stderr, "podchurn: error: unknown figure '%s'\n", name);
    if (nearest)
        fprintf(stderr, "  did you mean '%s'?\n", nearest);
    fputs("  'podchurn list figures' lists them\n", stderr);
    for (size_t i = 0; i < scripts->gl_pathc; i++)
        free((void *)names[i]);
    free(names);
}

static bool is_figure(const char *name, const glob_t *scripts)
{
    bool found = false;

    for (size_t i = 0; i < scripts->gl_pathc && !found; i++) {
        char *figure = figure_name(scripts->gl_pathv[i]);

        found = strcmp(figure, name) == 0;
        free(figure);
    }
    return found;
}

bool figures_check(const char *names)
{
    char *folder, *copy, *rest, *name;
    glob_t scripts;
    bool ok = true;

    if (!names || !find_scripts(&scripts, &folder))
        return true;
    if (!*names) {
        unknown_figure(names, &scripts);
        ok = false;
    }
    copy = mem_strdup(names);
    for (name = strtok_r(copy, ",", &rest); name;
         name = strtok_r(NULL, ",", &rest)) {
        if (!is_figure(name, &scripts)) {
            unknown_figure(name, &scripts);
            ok = false;
        }
    }
    free(copy);
    globfree(&scripts);
    free(folder);
    return ok;
}

void figures_list(FILE *out)
{
    char *folder;
    glob_t scripts;

    if (!find_scripts(&scripts, &folder))
        return;
    for (size_t i = 0; i < scripts.gl_pathc; i++) {
        char *name = figure_name(scripts.gl_pathv[i]);
        char *question = figure_question(scripts.gl_pathv[i]);

        fprintf(out, "%-20s %s\n", name, question);
        free(question);
        free(name);
    }
    globfree(&scripts);
    free(folder);
}

void figures_say_files(const char *dir, const char *names, FILE *out)
{
    char *report = mem_printf("%s/report.html", dir);

    fprintf(out, "files: %s/ (%s%s)\n", dir, names,
            access(report, F_OK) == 0 ? ", plots/" : "");
    free(report);
}
