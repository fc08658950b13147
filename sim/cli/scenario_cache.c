#include "sim/cli/scenario_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "models/warm_up.h"
#include "sim/cli/progress.h"
#include "sim/cli/variant_load.h"

struct entry {
    size_t variant, users;
    uint64_t used; /* when last, in numbers of gets */
    bool loading;
    struct scenario *scenario; /* NULL: being loaded, or it failed */
};

struct scenario_cache {
    const struct plan *plan;
    const struct scenario_options *base;
    const struct scenario *only; /* scenario_cache_of */
    size_t room;
    uint64_t gets;
    VEC_OF(struct entry *) entries;
    pthread_mutex_t lock;
    pthread_cond_t loaded;
};

static struct scenario_cache *make(void)
{
    struct scenario_cache *cache = mem_zalloc(sizeof *cache);

    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->loaded, NULL);
    return cache;
}

struct scenario_cache *scenario_cache_new(const struct plan *plan,
                                          const struct scenario_options *base,
                                          size_t room)
{
    struct scenario_cache *cache = make();

    cache->plan = plan;
    cache->base = base;
    cache->room = room;
    return cache;
}

struct scenario_cache *scenario_cache_of(const struct scenario *scenario)
{
    struct scenario_cache *cache = make();

    cache->only = scenario;
    return cache;
}

static void drop(struct scenario_cache *cache, size_t index)
{
    struct entry *entry = cache->entries.items[index];

    scenario_free(entry->scenario);
    free(entry);
    cache->entries.items[index] = cache->entries.items[--cache->entries.count];
}

void scenario_cache_free(struct scenario_cache *cache)
{
    if (!cache)
        return;
    while (cache->entries.count > 0)
        drop(cache, cache->entries.count - 1);
    VEC_FREE(cache->entries);
    pthread_cond_destroy(&cache->loaded);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static struct entry *find(struct scenario_cache *cache, size_t variant)
{
    for (size_t i = 0; i < cache->entries.count; i++)
        if (cache->entries.items[i]->variant == variant)
            return cache->entries.items[i];
    return NULL;
}

/* Drops those unused for longest, beyond the room. */
static void tidy(struct scenario_cache *cache)
{
    for (;;) {
        size_t oldest = SIZE_MAX, unused = 0;

        for (size_t i = 0; i < cache->entries.count; i++) {
            const struct entry *entry = cache->entries.items[i];

            if (entry->users > 0)
                continue;
            unused++;
            if (oldest == SIZE_MAX ||
                entry->used < cache->entries.items[oldest]->used)
                oldest = i;
        }
        if (unused <= cache->room)
            return;
        drop(cache, oldest);
    }
}

static bool not_interrupted(void *self, double fraction)
{
    (void)self;
    (void)fraction;
    return !progress_interrupted();
}

bool scenario_find_warm_up(struct scenario *scenario)
{
    struct diag *diag = diag_new();
    bool ok = warm_up_detect(scenario, not_interrupted, NULL, diag);

    diag_print(diag, stderr);
    diag_free(diag);
    return ok;
}

static struct scenario *load(const struct scenario_cache *cache, size_t variant)
{
    const struct plan *plan = cache->plan;
    struct diag *diag = diag_new();
    struct scenario *scenario = variant_load(
        cache->base, &plan->factors,
        plan->variants.values + variant * plan->factors.list.count, diag);
    const char *changed;

    if (!scenario) {
        diag_print(diag, stderr);
    } else if (!plan_inputs_hold(plan, scenario, &changed)) {
        fprintf(stderr,
                "podchurn %s: error: the input '%s' changed while the study "
                "ran\n",
                plan->command, changed);
        scenario_free(scenario);
        scenario = NULL;
    } else if (!scenario_find_warm_up(scenario)) {
        scenario_free(scenario);
        scenario = NULL;
    }
    diag_free(diag);
    return scenario;
}

/* Loads without the lock: others go on. */
static void fill(struct scenario_cache *cache, struct entry *entry)
{
    struct scenario *scenario;

    entry->loading = true;
    pthread_mutex_unlock(&cache->lock);
    scenario = load(cache, entry->variant);
    pthread_mutex_lock(&cache->lock);
    entry->scenario = scenario;
    entry->loading = false;
    pthread_cond_broadcast(&cache->loaded);
}

const struct scenario *scenario_cache_get(struct scenario_cache *cache,
                                          size_t variant)
{
    struct entry *entry;
    const struct scenario *scenario;

    if (cache->only)
        return cache->only;
    pthread_mutex_lock(&cache->lock);
    entry = find(cache, variant);
    if (!entry) {
        entry = mem_zalloc(sizeof *entry);
        entry->variant = variant;
        VEC_PUSH(cache->entries, entry);
        entry->users++;
        fill(cache, entry);
    } else {
        entry->users++;
        while (entry->loading)
            pthread_cond_wait(&cache->loaded, &cache->lock);
    }
    entry->used = ++cache->gets;
    scenario = entry->scenario;
    if (!scenario)
        entry->users--;
    pthread_mutex_unlock(&cache->lock);
    return scenario;
}

void scenario_cache_put(struct scenario_cache *cache,
                        const struct scenario *scenario)
{
    if (cache->only)
        return;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < cache->entries.count; i++)
        if (cache->entries.items[i]->scenario == scenario)
            cache->entries.items[i]->users--;
    tidy(cache);
    pthread_mutex_unlock(&cache->lock);
}
