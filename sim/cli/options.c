#include "sim/cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/units.h"

/* One option: its row says all, but for what it sets (see apply). */
static const struct row {
    const char *name;
    int letter;           /* short option; above 255: none */
    const char *argument; /* NULL: takes none */
    const char *help;
} rows[] = {
    {"output", 'o', "DIR", "result directory [results/NAME]"},
    {"seed", 256, "N", "master seed [the scenario's, else 1]"},
    {"reps", 257, "N", "replications [the scenario's, else 10]"},
    {"precision", 258, "P",
     "replicate until the headline intervals are this tight, e.g. 5%"},
    {"max-reps", 259, "N", "but at most so often [200]"},
    {"jobs", 260, "N", "worker threads [all cores]"},
    {"duration", 261, "D", "measured time, e.g. 2h"},
    {"set", 262, "PATH=VALUE", "override one value; repeatable"},
    {"slo", 263, "EXPR",
     "a target, e.g. 'request_availability >= 99.9%'; repeatable"},
    {"strict", 264, NULL, "a target that is not proven counts as missed"},
    {"drill", 265, "LIST", "rollout,drain,node,zone or none"},
    {"plot", 266, NULL, "draw the figures"},
    {"no-plot", 267, NULL, "draw none"},
    {"format", 268, "table|csv|json", "the summary on standard output"},
    {"events", 269, NULL, "also write the event log"},
    {"quiet", 'q', NULL, "no summary, no progress"},
    {"verbose", 'v', NULL, "say all that was read and assumed"},
    {"progress", 270, "auto|always|never", "progress bar on standard error"},
    {"print", 271, NULL, "the completed scenario, with every default"},
    {"figure", 272, "NAME,..", "only these figures"},
    {"vary", 273, "PATH=V1,V2..", "a factor and its values; repeatable"},
    {"baseline", 274, "PATH=V",
     "what differences are taken to [each factor's first]"},
    {"shard", 275, "K/N", "do only the K-th of N parts: see merge"},
    {"resume", 276, NULL, "keep what is finished, do the rest"},
    {"max-units", 277, "N", "variants x replications, at most [1000000]"},
    {"version", 290, "1.N", "defaults of this Kubernetes version"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool takes(const struct command *command, const char *name)
{
    char word[64];

    snprintf(word, sizeof word, " %s ", name);
    return strstr(command->options, word) != NULL;
}

static bool complain(const struct command *command, const char *name,
                     const char *value, const char *expected)
{
    fprintf(stderr,
            "podchurn %s: error: bad value '%s' for --%s: expected %s\n",
            command->name, value, name, expected);
    return false;
}

static bool positive(const char *text, size_t *out)
{
    int64_t n;

    if (!units_int(text, &n) || n < 1 || n > 1000000000)
        return false;
    *out = (size_t)n;
    return true;
}

/* "2/8" */
static bool shard_read(const char *text, size_t *shard, size_t *shards)
{
    const char *slash = strchr(text, '/');
    char *first = slash ? mem_strndup(text, (size_t)(slash - text)) : NULL;
    size_t k, n;
    bool ok = first && positive(first, &k) && positive(slash + 1, &n) && k <= n;

    free(first);
    if (ok) {
        *shard = k;
        *shards = n;
    }
    return ok;
}

static bool one_of(const char *text, const char *const *words, int *out)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool set_number(struct options *o, const struct command *command,
                       const struct row *row, const char *value)
{
    int64_t seed;
    size_t n;
    double p;

    switch (row->letter) {
    case 256:
        if (!units_int(value, &seed))
            return complain(command, row->name, value, "a whole number");
        o->seed = value;
        return true;
    case 257:
        if (!positive(value, &n))
            return complain(command, row->name, value,
                            "a whole number of at least 1");
        o->reps = value;
        return true;
    case 258:
        if (!units_ratio(value, &p) || !(p > 0) || p >= 1)
            return complain(command, row->name, value,
                            "a share above 0 and below 1, such as 5%");
        o->precision = p;
        return true;
    case 275:
        if (!shard_read(value, &o->shard, &o->shards))
            return complain(command, row->name, value,
                            "K/N, K from 1 to N, such as 2/8");
        return true;
    default:
        o->max_reps_given |= row->letter == 259;
        if (!positive(value, row->letter == 259   ? &o->max_reps
                             : row->letter == 277 ? &o->max_units
                                                  : &o->jobs))
            return complain(command, row->name, value,
                            "a whole number of at least 1");
        return true;
    }
}

static bool set_word(struct options *o, const struct command *command,
                     const struct row *row, const char *value)
{
    static const char *const formats[] = {"table", "csv", "json", NULL};
    static const char *const whens[] = {"auto", "always", "never", NULL};
    sim_time t;
    int word = 0;

    switch (row->letter) {
    case 261:
        if (!units_duration(value, &t) || t <= 0)
            return complain(command, row->name, value,
                            "a duration above 0, such as 90m");
        o->duration = value;
        return true;
    case 262:
        if (!strchr(value, '='))
            return complain(command, row->name, value, "PATH=VALUE");
        VEC_PUSH(o->sets, value);
        return true;
    case 268:
        if (!one_of(value, formats, &word))
            return complain(command, row->name, value, row->argument);
        o->format = (enum summary_format)word;
        return true;
    default:
        if (!one_of(value, whens, &word))
            return complain(command, row->name, value, row->argument);
        o->progress = (enum progress_when)word;
        return true;
    }
}

static bool apply(struct options *o, const struct command *command,
                  const struct row *row, const char *value)
{
    switch (row->letter) {
    case 'o':
        o->output = value;
        return true;
    case 263:
        VEC_PUSH(o->slos, value);
        return true;
    case 264:
        o->strict = true;
        return true;
    case 265:
        o->drills = value;
        return true;
    case 266:
        o->plot = 1;
        return true;
    case 267:
        o->plot = 0;
        return true;
    case 269:
        o->events = true;
        return true;
    case 'q':
        o->quiet = true;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    case 271:
        o->print = true;
        return true;
    case 272:
        o->figures = value;
        return true;
    case 273:
        VEC_PUSH(o->varies, value);
        return true;
    case 274:
        VEC_PUSH(o->baselines, value);
        return true;
    case 276:
        o->resume = true;
        return true;
    case 290:
        o->version = value;
        return true;
    case 261:
    case 262:
    case 268:
    case 270:
        return set_word(o, command, row, value);
    default:
        return set_number(o, command, row, value);
    }
}

static void fill_long(const struct command *command, struct option *longs,
                      char *shorts)
{
    size_t n = 0, m = 0;

    for (size_t i = 0; i < ROWS; i++) {
        if (!takes(command, rows[i].name))
            continue;
        longs[n++] = (struct option){
            rows[i].name, rows[i].argument ? required_argument : no_argument,
            NULL, rows[i].letter};
        if (rows[i].letter < 256) {
            shorts[m++] = (char)rows[i].letter;
            if (rows[i].argument)
                shorts[m++] = ':';
        }
    }
    longs[n] = (struct option){0};
    shorts[m] = '\0';
}

static const struct row *find_row(int letter)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].letter == letter)
            return &rows[i];
    }
    return NULL;
}

static char *join(int argc, char **argv)
{
    char *line = mem_strdup("podchurn");

    for (int i = 0; i < argc; i++) {
        char *longer = mem_printf("%s %s", line, argv[i]);

        free(line);
        line = longer;
    }
    return line;
}

bool options_read(struct options *o, const struct command *command, int argc,
                  char **argv)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 1], name[64];
    bool ok = true;
    int letter;

    *o = (struct options){.max_reps = 200, .plot = -1, .max_units = 1000000};
    o->command_line = join(argc, argv);
    fill_long(command, longs, shorts);
    snprintf(name, sizeof name, "podchurn %s", command->name);
    argv[0] = name;
    optind = 1;
    while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct row *row = find_row(letter);

        ok = row && apply(o, command, row, optarg) && ok;
    }
    for (; optind < argc; optind++)
        VEC_PUSH(o->words, argv[optind]);
    if (!ok)
        fprintf(stderr, "see 'podchurn help %s'\n", command->name);
    return ok;
}

void options_release(struct options *o)
{
    VEC_FREE(o->words);
    VEC_FREE(o->sets);
    VEC_FREE(o->slos);
    VEC_FREE(o->varies);
    VEC_FREE(o->baselines);
    free(o->input);
    free(o->command_line);
}

void options_read_input(struct options *o)
{
    VEC_OF(char) bytes = {0};
    bool wanted = false;
    int c;

    for (size_t i = 0; i < o->words.count; i++)
        wanted |= strcmp(o->words.items[i], "-") == 0;
    if (!wanted || o->input)
        return;
    while ((c = getchar()) != EOF)
        VEC_PUSH(bytes, (char)c);
    o->input_size = bytes.count;
    VEC_PUSH(bytes, '\0');
    o->input = bytes.items;
}

struct scenario_options options_for_scenario(const struct options *o)
{
    return (struct scenario_options){.files = o->words.items,
                                     .file_count = o->words.count,
                                     .input = o->input,
                                     .input_size = o->input_size,
                                     .sets = o->sets.items,
                                     .set_count = o->sets.count,
                                     .slos = o->slos.items,
                                     .slo_count = o->slos.count,
                                     .drills = o->drills,
                                     .duration = o->duration,
                                     .seed = o->seed,
                                     .reps = o->reps};
}

void options_help(const struct command *command, FILE *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        char left[64], letter[8] = "    ";

        if (!takes(command, rows[i].name))
            continue;
        if (rows[i].letter < 256)
            snprintf(letter, sizeof letter, "-%c, ", (char)rows[i].letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, rows[i].name,
                 rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        fprintf(out, "  %-28s %s\n", left, rows[i].help);
    }
}
