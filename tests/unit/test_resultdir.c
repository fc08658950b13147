/* Directories that appear whole or not at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/io/resultdir.h"

/* Each test runs in a folder of its own. */
static char folder[64];
static char before[1024];

static int enter(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_resultdir_XXXXXX");
    return getcwd(before, sizeof before) && mkdtemp(folder) && !chdir(folder)
               ? 0
               : -1;
}

static int leave(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir(before) != 0 || system(command) != 0;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_file(const char *name, const char *want)
{
    char text[256] = "";
    FILE *file = fopen(name, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, want);
}

static void assert_absent(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(name, &st), -1);
    assert_int_equal(errno, ENOENT);
}

static void write_into(struct resultdir *dir, const char *name,
                       const char *text)
{
    FILE *file = resultdir_file(dir, name);

    assert_non_null(file);
    fputs(text, file);
}

static void assert_refused(const char *name, const char *want)
{
    struct diag *diag = diag_new();
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    assert_null(resultdir_open(name, diag));
    assert_int_equal(diag_errors(diag), 1);
    out = open_memstream(&text, &size);
    diag_print(diag, out);
    fclose(out);
    if (!strstr(text, want))
        fail_msg("%s: got %swant %s", name, text, want);
    free(text);
    diag_free(diag);
}

static void commits(void **state)
{
    struct diag *diag = diag_new();
    struct resultdir *dir = resultdir_open("a/b/run/", diag);
    FILE *file;

    (void)state;
    assert_non_null(dir);
    assert_string_equal(resultdir_path(dir), "a/b/run.partial");
    write_into(dir, "run.json", " {\"podchurn\": \"1\"}");
    write_into(dir, "plots/a.svg", "<svg/>");
    file = resultdir_file(dir, "x.csv");
    fputs("x", file);
    assert_true(resultdir_close_file(dir, file));
    assert_absent("a/b/run");
    assert_true(resultdir_commit(dir, diag));
    assert_file("a/b/run/run.json", " {\"podchurn\": \"1\"}");
    assert_file("a/b/run/plots/a.svg", "<svg/>");
    assert_file("a/b/run/x.csv", "x");
    assert_absent("a/b/run/.lock");
    assert_absent("a/b/run.partial");

    dir = resultdir_open("a/b/run", diag); /* replaces it */
    assert_non_null(dir);
    write_into(dir, "run.json", "{\"podchurn\":2}");
    assert_file("a/b/run/x.csv", "x");
    assert_true(resultdir_commit(dir, diag));
    assert_file("a/b/run/run.json", "{\"podchurn\":2}");
    assert_absent("a/b/run/x.csv");
    assert_absent("a/b/run.partial");
    assert_absent("a/b/run.partial-old");

    dir = resultdir_open("a/b/run", diag);
    write_into(dir, "plots/deep/x", "y");
    resultdir_abandon(dir);
    assert_file("a/b/run/run.json", "{\"podchurn\":2}");
    assert_absent("a/b/run.partial");
    assert_int_equal(diag_errors(diag), 0);
    diag_free(diag);
}

static void refuses(void **state)
{
    struct diag *diag = diag_new();
    struct resultdir *dir;

    (void)state;
    mkdir("empty", 0777);
    assert_refused("empty", "exists and was not made by podchurn");
    mkdir("other", 0777);
    put("other/run.json", "{\"version\": 1}");
    assert_refused("other", "exists and was not made by podchurn");
    put("file", "x");
    assert_refused("file", "exists and is not a directory");
    assert_refused("file/below", "file/below");
    assert_int_equal(symlink("other", "link"), 0);
    assert_refused("link", "exists and is not a directory");
    mkdir("mine.partial", 0777);
    put("mine.partial/thesis", "x");
    assert_refused("mine", "mine.partial: error: exists and was not made");
    assert_file("mine.partial/thesis", "x");
    put("text.partial", "x");
    assert_refused("text", "text.partial: error: exists and was not made");
    assert_refused("", "is no name for a result directory");
    assert_refused("/", "is no name for a result directory");
    assert_refused(".", "is no name for a result directory");
    assert_refused("a/..", "is no name for a result directory");

    dir = resultdir_open("busy", diag);
    assert_non_null(dir);
    assert_refused("busy", "another process is writing it");
    resultdir_abandon(dir);
    dir = resultdir_open("busy", diag);
    assert_non_null(dir);
    mkdir("busy", 0777); /* comes while it is written */
    assert_false(resultdir_commit(dir, diag));
    assert_absent("busy.partial");
    assert_int_equal(rmdir("busy"), 0);
    diag_free(diag);
}

/* A process that dies leaves .partial, which the next one takes over. */
static void survives_death(void **state)
{
    struct diag *diag = diag_new();
    struct resultdir *dir;
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        dir = resultdir_open("run", diag);
        fclose(resultdir_file(dir, "plots/half.svg"));
        _exit(0);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_file("run.partial/plots/half.svg", "");

    dir = resultdir_resume("run", diag);
    assert_non_null(dir);
    assert_file("run.partial/plots/half.svg", "");
    resultdir_leave(dir);
    assert_file("run.partial/plots/half.svg", "");

    dir = resultdir_open("run", diag);
    assert_non_null(dir);
    assert_absent("run.partial/plots/half.svg");
    write_into(dir, "run.json", "{\"podchurn\":1}");
    assert_true(resultdir_commit(dir, diag));

    /* Death between the two renames. */
    assert_int_equal(rename("run", "run.partial-old"), 0);
    dir = resultdir_open("run", diag);
    assert_non_null(dir);
    assert_file("run/run.json", "{\"podchurn\":1}");
    assert_absent("run.partial-old");
    resultdir_abandon(dir);
    assert_file("run/run.json", "{\"podchurn\":1}");
    diag_free(diag);
}

static void full_disk(void **state)
{
    struct diag *diag = diag_new();
    struct resultdir *dir;
    struct stat st;
    FILE *file;
    int i;

    (void)state;
    if (stat("/dev/full", &st) != 0) {
        print_message("skipped: there is no /dev/full\n");
        diag_free(diag);
        return;
    }
    dir = resultdir_open("run", diag);
    assert_int_equal(symlink("/dev/full", "run.partial/x.csv"), 0);
    file = resultdir_file(dir, "x.csv");
    assert_non_null(file);
    for (i = 0; i < 100000; i++)
        fputs("12345678", file);
    assert_false(resultdir_close_file(dir, file));
    assert_int_not_equal(errno, 0);
    file = resultdir_file(dir, "x.csv");
    fputs("1", file);
    assert_false(resultdir_commit(dir, diag));
    assert_int_equal(diag_errors(diag), 1);
    assert_absent("run");
    assert_absent("run.partial");
    diag_free(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits, enter, leave),
        cmocka_unit_test_setup_teardown(refuses, enter, leave),
        cmocka_unit_test_setup_teardown(survives_death, enter, leave),
        cmocka_unit_test_setup_teardown(full_disk, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
