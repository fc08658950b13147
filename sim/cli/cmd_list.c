#include <stdio.h>
#include <string.h>

#include "models/failures/failure.h"
#include "models/kubectl/verb.h"
#include "models/lb/lb.h"
#include "models/metrics/metrics.h"
#include "sim/cli/command.h"
#include "sim/cli/figures.h"
#include "sim/cli/options.h"
#include "sim/io/diag.h"

static void strategies(void)
{
    for (size_t i = 0; lb_strategies[i]; i++) {
        const struct lb_strategy *s = lb_strategies[i];

        printf("%-20s %s\n", s->name, s->rule);
        printf("%-20s   unit: %s; state: %s%s%s\n", "", s->unit, s->state,
               s->constants[0] ? "; constants: " : "", s->constants);
        printf("%-20s   source: %s\n", "", s->source);
    }
}

static void distributions(void)
{
    for (size_t i = 0; dist_kinds[i]; i++) {
        const struct dist_param *p = dist_kinds[i]->params;

        printf("%-18s %s {", dist_kinds[i]->name, dist_kinds[i]->summary);
        for (; p && p->name; p++)
            printf("%s%s", p == dist_kinds[i]->params ? "" : ", ", p->name);
        puts("}");
    }
}

static void failures(void)
{
    for (size_t i = 0; failure_modes[i]; i++)
        printf("%-12s %-5s %s\n", failure_modes[i]->name,
               failure_subjects[failure_modes[i]->subject],
               failure_modes[i]->summary);
}

static void metrics(void)
{
    static const char *const better[] = {"", "higher is better",
                                         "lower is better"};

    for (size_t i = 0; metric_infos[i].name; i++)
        printf("%-34s %-6s %-17s %s\n", metric_infos[i].name,
               metric_infos[i].unit, better[metric_infos[i].better],
               metric_infos[i].meaning);
}

static void figures(void)
{
    figures_list(stdout);
}

static void events(void)
{
    for (size_t i = 0; kubectl_verbs[i]; i++)
        printf("kubectl: %-18s %s\n", kubectl_verbs[i]->name,
               kubectl_verbs[i]->summary);
    puts("fail: TARGET               one of `podchurn list failures`, once");
    puts("traffic: {NAME: {rate: R}} another rate, for a while");
}

static void kinds(void)
{
    puts("Node Pod Deployment ReplicaSet Service PodDisruptionBudget\n"
         "Namespace PriorityClass List\n"
         "Scenario (podchurn/v1)\n"
         "Other kinds are passed over and counted in a note.");
}

static void defaults(void)
{
    enum { NEWEST_MINOR = 36 };

    puts("key\tdefault\tsince\tmeaning\tsource");
    scenario_document(NEWEST_MINOR, stdout);
}

static const struct {
    const char *name;
    void (*print)(void);
} lists[] = {{"strategies", strategies}, {"distributions", distributions},
             {"failures", failures},     {"metrics", metrics},
             {"figures", figures},       {"events", events},
             {"kinds", kinds},           {"defaults", defaults}};
enum { LISTS = sizeof lists / sizeof lists[0] };

static int list(const char *what)
{
    const char *names[LISTS + 1] = {NULL};
    const char *nearest;

    for (size_t i = 0; i < LISTS; i++) {
        names[i] = lists[i].name;
        if (strcmp(what, lists[i].name) == 0) {
            lists[i].print();
            return EXIT_DONE;
        }
    }
    nearest = diag_nearest(what, names);
    fprintf(stderr, "podchurn list: error: unknown list '%s'\n", what);
    if (nearest)
        fprintf(stderr, "  did you mean '%s'?\n", nearest);
    return EXIT_BAD_INPUT;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    int status = EXIT_BAD_INPUT;

    if (options_read(&o, command, argc, argv)) {
        if (o.words.count != 1)
            fputs("podchurn list: error: which list? strategies, "
                  "distributions, failures, metrics, figures, events, kinds "
                  "or defaults\n",
                  stderr);
        else
            status = list(o.words.items[0]);
    }
    options_release(&o);
    return status;
}

const struct command command_list = {
    .name = "list",
    .arguments = "WHAT",
    .summary = "strategies, distributions, failures, metrics, figures, ...",
    .details = "WHAT: strategies distributions failures metrics figures "
               "events kinds defaults",
    .options = " ",
    .run = run,
};
