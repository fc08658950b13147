#include "models/network/affinity.h"

#include <stdlib.h>

static struct affinity_entry *place_of(const struct affinity *a, node_id node,
                                       uint64_t client)
{
    size_t i = (size_t)rng_mix(client, node) & (a->room - 1);

    while (a->entries[i].last != SIM_NEVER &&
           (a->entries[i].node != node || a->entries[i].client != client))
        i = (i + 1) & (a->room - 1);
    return &a->entries[i];
}

static void grow(struct affinity *a)
{
    struct affinity_entry *old = a->entries;
    size_t room = a->room;

    a->room = room ? 2 * room : 16;
    a->entries = mem_calloc(a->room, sizeof *a->entries);
    for (size_t i = 0; i < a->room; i++)
        a->entries[i].last = SIM_NEVER;
    for (size_t i = 0; i < room; i++)
        if (old[i].last != SIM_NEVER)
            *place_of(a, old[i].node, old[i].client) = old[i];
    free(old);
}

void affinity_release(struct affinity *a)
{
    free(a->entries);
    *a = (struct affinity){.entries = NULL};
}

const struct endpoint *affinity_find(const struct affinity *a, node_id node,
                                     uint64_t client,
                                     const struct endpoint_set *set,
                                     sim_time now, sim_time timeout)
{
    const struct affinity_entry *entry;

    if (a->room == 0)
        return NULL;
    entry = place_of(a, node, client);
    if (entry->last == SIM_NEVER || now - entry->last >= timeout)
        return NULL;
    for (uint32_t i = 0; i < set->usable; i++)
        if (set->endpoints[i].pod == entry->pod)
            return &set->endpoints[i];
    return NULL;
}

void affinity_note(struct affinity *a, node_id node, uint64_t client,
                   pod_id pod, sim_time now)
{
    struct affinity_entry *entry;

    if (2 * (a->count + 1) > a->room)
        grow(a);
    entry = place_of(a, node, client);
    a->count += entry->last == SIM_NEVER;
    *entry = (struct affinity_entry){client, node, pod, now};
}
