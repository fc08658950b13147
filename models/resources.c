#include "models/resources.h"

#include <string.h>

#include "sim/engine/mem.h"

static void account_extended(struct resources *sum,
                             const struct extended_resource *q, int sign)
{
    struct extended_resource *items = (struct extended_resource *)sum->items;
    size_t i = 0;

    while (i < sum->count && strcmp(items[i].name, q->name) < 0)
        i++;
    if (i == sum->count || strcmp(items[i].name, q->name) != 0) {
        items = mem_realloc(items, sum->count + 1, sizeof *items);
        memmove(items + i + 1, items + i, (sum->count - i) * sizeof *items);
        items[i] = (struct extended_resource){q->name, 0};
        sum->items = items;
        sum->count++;
    }
    items[i].quantity += sign * q->quantity;
}

void resources_account(struct resources *sum, const struct resources *requests,
                       int sign)
{
    sum->cpu += sign * requests->cpu;
    sum->memory += sign * requests->memory;
    sum->storage += sign * requests->storage;
    sum->pods += sign;
    for (size_t i = 0; i < requests->count; i++)
        account_extended(sum, &requests->items[i], sign);
}
