#include <stdio.h>
#include <string.h>

#include "models/failures/failure.h"
#include "models/kubectl/verb.h"
#include "models/lb/lb.h"
#include "models/metrics/metrics.h"
#include "models/version.h"
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
    for (size_t i = 0; failure_modes[i]; i++) {
        const struct param *p = failure_modes[i]->params;

        printf("%-12s %-13s %s", failure_modes[i]->name,
               failure_subjects[failure_modes[i]->subject],
               failure_modes[i]->summary);
        for (const char *before = " {"; p && p->name; p++, before = ", ")
            printf("%s%s: %s%s", before, p->name, p->text,
                   p[1].name ? "" : "}");
        puts("");
    }
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
    puts("Node Pod Deployment ReplicaSet StatefulSet DaemonSet Job Service\n"
         "PodDisruptionBudget HorizontalPodAutoscaler Namespace\n"
         "PriorityClass List\n"
         "Scenario (podchurn/v1)\n"
         "Other kinds are passed over and counted in a note.");
}

static void defaults(int minor)
{
    puts("key\tdefault\tunit\tsince\tmeaning\tsource");
    scenario_document(minor, stdout);
}

static const struct {
    const char *name;
    void (*print)(void);
    void (*print_at)(int minor); /* of a Kubernetes version */
} lists[] = {
    {"strategies", strategies, NULL}, {"distributions", distributions, NULL},
    {"failures", failures, NULL},     {"metrics", metrics, NULL},
    {"figures", figures, NULL},       {"events", events, NULL},
    {"kinds", kinds, NULL},           {"defaults", NULL, defaults}};
enum { LISTS = sizeof lists / sizeof lists[0] };

static int complain(const char *text)
{
    fprintf(stderr, "podchurn list: error: %s\n", text);
    return EXIT_BAD_INPUT;
}

/* The minor number; 0: an error was reported. */
static int minor_of(const char *version)
{
    int minor = VERSION_NEWEST;

    if (version && (!scenario_parse_version(version, &minor) ||
                    minor < VERSION_OLDEST || minor > VERSION_NEWEST)) {
        fprintf(stderr,
                "podchurn list: error: bad value '%.40s' for --version: "
                "expected 1.%d to 1.%d\n",
                version, VERSION_OLDEST, VERSION_NEWEST);
        return 0;
    }
    return minor;
}

static int list(const char *what, const char *version)
{
    const char *names[LISTS + 1] = {NULL};
    const char *nearest;

    for (size_t i = 0; i < LISTS; i++) {
        names[i] = lists[i].name;
        if (strcmp(what, lists[i].name) != 0)
            continue;
        if (version && !lists[i].print_at)
            return complain("--version goes with 'defaults' alone");
        if (minor_of(version) == 0)
            return EXIT_BAD_INPUT;
        if (lists[i].print_at)
            lists[i].print_at(minor_of(version));
        else
            lists[i].print();
        return EXIT_DONE;
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
            status = complain("which list? strategies, distributions, "
                              "failures, metrics, figures, events, kinds or "
                              "defaults");
        else
            status = list(o.words.items[0], o.version);
    }
    options_release(&o);
    return status;
}

const struct command command_list = {
    .name = "list",
    .arguments = "WHAT [--version 1.N]",
    .summary = "strategies, distributions, failures, metrics, figures, ...",
    .details = "WHAT: strategies distributions failures metrics figures "
               "events kinds defaults",
    .options = " version ",
    .run = run,
};
