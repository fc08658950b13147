#include "models/controller_client.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

enum { FIRST_ROOM = 64 };

/* client-go tools/record/events_cache.go: defaultSpamBurst, defaultSpamQPS. */
static const int64_t spam_burst = 25;
static const sim_time spam_interval = 300 * SIM_S;

struct token_bucket token_bucket_make(double rate, int64_t burst)
{
    struct token_bucket b = {0, burst < 1 ? 1 : burst, INT64_MIN};

    if (rate > 0 && rate < 1e18)
        b.interval = (sim_time)llround(1e9 / rate);
    return b;
}

sim_time token_bucket_take(struct token_bucket *b, sim_time now)
{
    sim_time at;

    if (b->interval == 0)
        return now;
    b->full_at = (b->full_at > now ? b->full_at : now) + b->interval;
    at = b->full_at - b->burst * b->interval;
    return at > now ? at : now;
}

bool token_bucket_try(struct token_bucket *b, sim_time now)
{
    struct token_bucket next = *b;

    if (token_bucket_take(&next, now) > now)
        return false;
    *b = next;
    return true;
}

void spam_filter_release(struct spam_filter *f)
{
    free(f->entries);
    *f = (struct spam_filter){0};
}

static struct spam_entry *probe(const struct spam_filter *f, uint64_t object)
{
    size_t mask = f->room - 1;
    size_t i = (size_t)((object * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & mask;

    while (f->entries[i].full_at != SIM_NEVER && f->entries[i].object != object)
        i = (i + 1) & mask;
    return &f->entries[i];
}

/* Makes room: objects whose bucket is full again are forgotten. */
static void rebuild(struct spam_filter *f, sim_time now)
{
    struct spam_filter old = *f;
    size_t live = 0;

    for (size_t i = 0; i < old.room; i++)
        live +=
            old.entries[i].full_at != SIM_NEVER && old.entries[i].full_at > now;
    f->room = FIRST_ROOM;
    while (f->room < 4 * live)
        f->room *= 2;
    f->entries = mem_calloc(f->room, sizeof *f->entries);
    for (size_t i = 0; i < f->room; i++)
        f->entries[i].full_at = SIM_NEVER;
    f->count = live;
    for (size_t i = 0; i < old.room; i++) {
        if (old.entries[i].full_at != SIM_NEVER && old.entries[i].full_at > now)
            *probe(f, old.entries[i].object) = old.entries[i];
    }
    free(old.entries);
}

bool spam_filter_pass(struct spam_filter *f, uint64_t object, sim_time now)
{
    struct spam_entry *entry;
    struct token_bucket b = {spam_interval, spam_burst, INT64_MIN};
    bool pass;

    if (4 * (f->count + 1) > 3 * f->room)
        rebuild(f, now);
    entry = probe(f, object);
    if (entry->full_at == SIM_NEVER) {
        f->count++;
        entry->object = object;
        entry->full_at = now;
    }
    b.full_at = entry->full_at;
    pass = token_bucket_try(&b, now);
    entry->full_at = b.full_at;
    return pass;
}
