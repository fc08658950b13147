#include "models/lb/ranks.h"

#include <assert.h>
#include <stdlib.h>

void ranks_release(struct ranks *r)
{
    free(r->order);
    free(r->place);
    free(r->number);
    VEC_FREE(r->first);
}

/* first[0..number + 1] exist. */
static void make_room(struct ranks *r, uint32_t number)
{
    while (r->first.count <= (size_t)number + 1)
        VEC_PUSH(r->first, r->count);
}

void ranks_start(struct ranks *r, const uint32_t *numbers, uint32_t count)
{
    r->count = count;
    r->order = mem_realloc(r->order, count, sizeof *r->order);
    r->place = mem_realloc(r->place, count, sizeof *r->place);
    r->number = mem_realloc(r->number, count, sizeof *r->number);
    r->first.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        r->order[i] = r->place[i] = i;
        r->number[i] = 0;
    }
    VEC_PUSH(r->first, 0);
    make_room(r, 0);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t n = 0; n < numbers[i]; n++)
            ranks_up(r, i);
}

static void move(struct ranks *r, uint32_t item, uint32_t to)
{
    uint32_t from = r->place[item], other = r->order[to];

    r->order[to] = item;
    r->place[item] = to;
    r->order[from] = other;
    r->place[other] = from;
}

void ranks_up(struct ranks *r, uint32_t item)
{
    uint32_t number = r->number[item]++;

    make_room(r, number + 1);
    move(r, item, --r->first.items[number + 1]);
}

void ranks_down(struct ranks *r, uint32_t item)
{
    uint32_t number = r->number[item]--;

    assert(number > 0);
    move(r, item, r->first.items[number]++);
}
