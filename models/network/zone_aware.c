#include "models/network/zone_aware.h"

#include <assert.h>

static double total_of(const uint32_t *numbers, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    return sum;
}

/* What other zones could take beyond the requests of their own instances. */
static double spare_of(const uint32_t *sources, const uint32_t *hosts,
                       double all_sources, double all_hosts, size_t zone)
{
    double spare = hosts[zone] / all_hosts - sources[zone] / all_sources;

    return spare > 0 ? spare : 0;
}

void zone_shares(const uint32_t *sources, const uint32_t *hosts, size_t zones,
                 size_t local, double *share)
{
    double from = total_of(sources, zones), to = total_of(hosts, zones);
    double mine, here, spare = 0;

    assert(local < zones && to > 0);
    if (from <= 0)
        from = 1;
    here = hosts[local] / to;
    mine = sources[local] / from;
    for (size_t z = 0; z < zones; z++)
        share[z] = 0;
    if (here >= mine || mine <= 0) {
        share[local] = hosts[local] ? 1 : 0;
        if (hosts[local])
            return;
    } else {
        share[local] = here / mine;
    }
    for (size_t z = 0; z < zones; z++)
        if (z != local)
            spare += spare_of(sources, hosts, from, to, z);
    for (size_t z = 0; z < zones; z++) {
        if (z == local)
            continue;
        /* Without any to spare (no hosts here, or none counted): by hosts. */
        share[z] = (1 - share[local]) *
                   (spare > 0 ? spare_of(sources, hosts, from, to, z) / spare
                              : hosts[z] / (to - hosts[local]));
    }
}
