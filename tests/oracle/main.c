/*
 * oracle DIR [RECORDING...] - recordings of a real control plane against the
 * models. Lines are CSV: recording, aspect, expected, got, tolerance,
 * verdict. The last one: N passed, N failed, N skipped. Exits 1 where
 * anything failed, 2 where DIR cannot be read.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

struct totals {
    size_t passed, failed, skipped;
};

static aspect_function *const aspects[] = {
    aspect_rollouts, aspect_counts,      aspect_endpoints, aspect_reactions,
    aspect_nodes,    aspect_victims,     aspect_churn,     aspect_evictions,
    aspect_hints,    aspect_autoscaling, aspect_ordinals,  aspect_node_steps,
    aspect_data_path};

const struct trace *comparison_model(const struct comparison *c, size_t i)
{
    if (!c->more[i])
        c->more[i] = replay(c->r, i + 1, NULL);
    return c->more[i];
}

static void compare(const struct recording *r, struct report *report)
{
    struct trace *models[REPLAYS] = {replay(r, 1, report)};
    struct comparison c = {r, models[0], report, models};

    if (!c.model)
        report_text(report, false, "replay", "runs", "cannot be run", "");
    for (size_t i = 0; c.model && i < sizeof aspects / sizeof aspects[0]; i++)
        aspects[i](&c);
    for (size_t i = 0; i < REPLAYS; i++)
        trace_free(models[i]);
}

static void run(const char *folder, const char *name, struct totals *totals)
{
    struct recording r;
    struct report report;

    if (recording_read(&r, folder, name)) {
        report_begin(&report, &r);
        if (r.inputs.count > 0)
            compare(&r, &report);
        else
            aspect_scheduling(&(struct comparison){.r = &r, .report = &report});
    } else {
        report_begin(&report, &r);
        report_text(&report, false, "recording", "readable", "not", "");
    }
    report_end(&report);
    fflush(stdout);
    totals->passed += report.passed;
    totals->failed += report.failed;
    totals->skipped += report.skipped;
    recording_release(&r);
}

static int wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Recordings are the folders with a params.json. */
static bool is_recording(const char *folder, const char *name)
{
    char *path = mem_printf("%s/%s/params.json", folder, name);
    FILE *file = fopen(path, "r");

    free(path);
    if (file)
        fclose(file);
    return file != NULL;
}

int main(int argc, char **argv)
{
    struct totals totals = {0, 0, 0};
    struct dirent **entries;
    int count = argc < 2 ? -1 : scandir(argv[1], &entries, wanted, alphasort);

    if (count < 0) {
        fprintf(stderr, "usage: oracle DIR [RECORDING...]\n");
        return 2;
    }
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        bool named = argc == 2;

        for (int k = 2; k < argc; k++)
            named |= strcmp(argv[k], name) == 0;
        if (named && is_recording(argv[1], name))
            run(argv[1], name, &totals);
        free(entries[i]);
    }
    free(entries);
    printf("%zu passed, %zu failed, %zu skipped\n", totals.passed,
           totals.failed, totals.skipped);
    return totals.failed > 0 ? 1 : 0;
}
