#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/command.h"
#include "sim/cli/study_command.h"

/* One shard's directory. */
struct shard {
    const char *dir;
    struct plan plan;
    bool read; /* the plan is there */
    struct store *store;
};

struct merge {
    const struct options *options;
    size_t count;
    struct shard *shards; /* as given */
    struct shard **order; /* by number */
    struct diag *diag;
};

static bool read_plan(struct merge *m, struct shard *shard)
{
    char *path = mem_printf("%s/units/plan.json", shard->dir);
    struct place place = {.file = shard->dir};
    bool ok = access(path, R_OK) == 0;

    if (!ok) {
        diag_error(m->diag, place, "is no shard of a batch: no '%s'", path);
    } else {
        ok = plan_read(&shard->plan, path, m->diag);
        shard->read = true;
        if (ok && (shard->plan.shard == 0 ||
                   shard->plan.shard > shard->plan.shards)) {
            diag_error(m->diag, place, "is a whole study, not a shard");
            ok = false;
        }
    }
    free(path);
    return ok;
}

/* Puts the shards in order of their number; says which are missing. */
static bool sort_shards(struct merge *m)
{
    const struct plan *first = &m->shards[0].plan;
    bool ok = true;

    m->order = mem_calloc(first->shards, sizeof *m->order);
    for (size_t i = 0; i < m->count; i++) {
        struct shard *shard = &m->shards[i];
        struct place place = {.file = shard->dir};
        struct shard **slot;

        if (i > 0 && plan_differs(first, &shard->plan, false, place, m->diag)) {
            diag_hint(m->diag, "compared with '%s'", m->shards[0].dir);
            ok = false;
            continue;
        }
        slot = &m->order[shard->plan.shard - 1];
        if (*slot) {
            diag_error(m->diag, place, "shard %zu/%zu is there already: '%s'",
                       shard->plan.shard, first->shards, (*slot)->dir);
            ok = false;
        }
        *slot = shard;
    }
    for (size_t k = 0; ok && k < first->shards; k++) {
        if (m->order[k])
            continue;
        diag_error(m->diag, (struct place){.file = first->name},
                   "shard %zu/%zu is missing", k + 1, first->shards);
    }
    return ok && diag_errors(m->diag) == 0;
}

static bool open_store(struct merge *m, struct shard *shard)
{
    const struct plan *plan = &shard->plan;
    const struct store_shape shape = {plan->variants.count, plan_room(plan),
                                      plan_rows(plan), plan->shard,
                                      plan->shards};
    struct place place = {.file = shard->dir};
    char *units = mem_printf("%s/units", shard->dir);

    shard->store = store_open_read(units, &shape);
    free(units);
    if (!shard->store) {
        diag_error(m->diag, place, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (store_count(shard->store) == store_units(shard->store))
        return true;
    diag_error(m->diag, place, "shard %zu/%zu has %zu of its %zu units",
               plan->shard, plan->shards, store_count(shard->store),
               store_units(shard->store));
    diag_hint(m->diag, "finish it with --resume");
    return false;
}

static bool read_shards(struct merge *m)
{
    bool ok = true;

    for (size_t i = 0; i < m->count; i++) {
        m->shards[i].dir = m->options->words.items[i];
        ok &= read_plan(m, &m->shards[i]);
    }
    if (!ok || !sort_shards(m))
        return false;
    for (size_t i = 0; i < m->count; i++)
        ok &= open_store(m, &m->shards[i]);
    return ok;
}

/* All shards as one store, which owns theirs. */
static struct store *join(struct merge *m)
{
    size_t count = m->shards[0].plan.shards;
    struct store **stores = mem_calloc(count, sizeof(struct store *));
    struct store *joined;

    for (size_t k = 0; k < count; k++) {
        stores[k] = m->order[k]->store;
        m->order[k]->store = NULL;
    }
    joined = store_join(stores, count);
    free(stores);
    return joined;
}

static int merge(struct merge *m)
{
    struct plan *plan = &m->shards[0].plan;
    struct diag *diag = diag_new();
    struct resultdir *dir = resultdir_open(m->options->output, diag);
    struct store *store;
    struct study study;
    int status;

    study_say(diag);
    if (!dir)
        return EXIT_BAD_INPUT;
    store = join(m);
    plan->shard = plan->shards = 0;
    progress_catch_signals();
    study_init(&study, plan, m->options, dir, store, NULL);
    study_take(&study);
    status = study_finish(&study, m->options->output, false);
    study_release(&study);
    return status;
}

static void release(struct merge *m)
{
    for (size_t i = 0; i < m->count; i++) {
        store_free(m->shards[i].store);
        if (m->shards[i].read)
            plan_release(&m->shards[i].plan);
    }
    free(m->shards);
    free(m->order);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options o;
    int status = EXIT_BAD_INPUT;

    if (!options_read(&o, command, argc, argv)) {
        /* said */
    } else if (o.words.count == 0 || !o.output) {
        fprintf(stderr,
                "podchurn merge: error: %s\n  see 'podchurn help merge'\n",
                o.words.count == 0 ? "which DIRs?" : "where to? (-o DIR)");
    } else {
        struct merge m = {.options = &o,
                          .count = o.words.count,
                          .shards =
                              mem_calloc(o.words.count, sizeof(struct shard)),
                          .diag = diag_new()};
        bool ok = read_shards(&m);

        ok = study_say(m.diag) && ok;
        if (ok)
            status = merge(&m);
        release(&m);
    }
    options_release(&o);
    return status;
}

const struct command command_merge = {
    .name = "merge",
    .arguments = "DIR... -o DIR",
    .summary = "join the shards of a batch",
    .details =
        "Each DIR is what 'podchurn batch --shard K/N' wrote; all N must be\n"
        "there. The result is what the batch would have written in one\n"
        "piece, byte for byte.\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 bad input, 3 no variant meets all\n"
        "targets.",
    .options = " output plot no-plot format quiet ",
    .run = run,
};
