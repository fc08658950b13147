#include "sim/cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/report_table.h"
#include "sim/engine/mem.h"
#include "sim/io/doc.h"

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=en><head><meta charset=utf-8>\n"
    "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
    "<style>\n"
    "body { font: 15px/1.4 'DejaVu Sans', Verdana, sans-serif; color: #222;\n"
    "  max-width: 1240px; margin: 2em auto; padding: 0 1em; }\n"
    "h1 { font-size: 1.6em; margin-bottom: 0; }\n"
    "h2 { font-size: 1.15em; margin: 2em 0 .5em; }\n"
    "table { border-collapse: collapse; font-size: .85em; display: block;\n"
    "  overflow-x: auto; max-height: 40em; }\n"
    "th { text-align: left; border-bottom: 2px solid #444; position: sticky;\n"
    "  top: 0; background: #fff; }\n"
    "th, td { padding: .2em .8em .2em 0; white-space: nowrap; }\n"
    "tr:nth-child(odd) td { background: #f4f4f4; }\n"
    "td.n { font-variant-numeric: tabular-nums; }\n"
    "figure { margin: 2em 0; }\n"
    "figcaption { font-weight: bold; margin-bottom: .5em; }\n"
    "svg { width: 100%; height: auto; }\n"
    "code, p.how { font-size: .85em; color: #666; }\n"
    "</style>\n";

/* What run.json says. */
static bool put_facts(const char *dir, FILE *out)
{
    static const char *const facts[] = {"podchurn", "seed", "variants",
                                        "replications", "events"};
    char *path = mem_printf("%s/run.json", dir);
    struct doc_set *docs = doc_set_new();
    struct diag *diag = diag_new();
    bool ok = doc_read_path(docs, path, diag) && doc_count(docs) > 0;
    struct doc_node *run = ok ? doc_root(docs, 0) : NULL;
    const char *name = doc_text(run, "scenario");
    const char *command = doc_text(run, "command");

    fputs("<title>", out);
    report_text(name ? name : "podchurn", out);
    fputs("</title></head><body>\n<h1>", out);
    report_text(name ? name : "podchurn", out);
    fputs("</h1>\n<p class=how>", out);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const char *value = doc_text(run, facts[i]);

        if (!value)
            continue;
        fprintf(out, "%s%s ", i ? " &middot; " : "", facts[i]);
        report_text(value, out);
    }
    fputs("<br><code>", out);
    report_text(command ? command : "", out);
    fputs("</code></p>\n", out);
    diag_print(diag, stderr);
    diag_free(diag);
    doc_set_free(docs);
    free(path);
    return ok;
}

static bool put_tables(const char *dir, FILE *out)
{
    static const struct report_table before[] = {
        {"tune.csv", "Values tried",
         "value,metric,during,target,mean,"
         "replications,verdict,answer",
         NULL, 60},
        {"ranking.csv", "Ranking: equal ranks are tied",
         "group,service,metric,during,rank,variant,mean", NULL, 200},
        {"slo.csv", "Targets",
         "variant,service,metric,during,target,mean,verdict", NULL, 200}};
    static const struct report_table after[] = {
        {"incidents.csv", "Incidents of the first replication",
         "replication,incident,time,action,object,requests_failed,ips_added,"
         "ips_removed,min_ready,recovery_time",
         "variant", 60}};
    bool ok = true;

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        ok = report_table(dir, &before[i], out) && ok;
    ok = report_metrics(dir, out) && ok;
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++)
        ok = report_table(dir, &after[i], out) && ok;
    return ok;
}

/* From <svg on: what stands before it is for files of their own. */
static void put_figure(const char *dir, const struct report_figure *figure,
                       FILE *out)
{
    char *path = mem_printf("%s/plots/%s.svg", dir, figure->name);
    FILE *in = fopen(path, "r");
    char line[8192];
    bool begun = false;

    while (in && fgets(line, sizeof line, in)) {
        if (!begun && strncmp(line, "<svg", 4) == 0) {
            begun = true;
            fprintf(out, "<figure id=%s><figcaption>", figure->name);
            report_text(figure->question, out);
            fputs("</figcaption>\n", out);
        }
        if (begun)
            fputs(line, out);
    }
    if (begun)
        fputs("</figure>\n", out);
    if (in)
        fclose(in);
    free(path);
}

bool report_write(const char *dir, const struct report_figure *figures,
                  size_t count)
{
    char *path = mem_printf("%s/report.html", dir);
    FILE *out = fopen(path, "w");
    bool ok = out != NULL, written = false;

    if (out) {
        fputs(head, out);
        ok = put_facts(dir, out);
        ok = put_tables(dir, out) && ok;
        for (size_t i = 0; i < count; i++)
            put_figure(dir, &figures[i], out);
        fputs("</body></html>\n", out);
        written = !ferror(out);
        written = fclose(out) == 0 && written;
    }
    if (!written)
        fprintf(stderr, "podchurn: error: %s: %s\n", path, strerror(errno));
    free(path);
    return ok && written;
}
