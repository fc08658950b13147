/* The zone is cut off as a whole: what is in it reaches itself. */
#include "models/failures/failure.h"
#include "models/failures/partition.h"

static bool strike(struct simulation *s, uint32_t zone, const void *config,
                   incident_id origin)
{
    world_zone_cut(s->world, zone, partition_cuts(config), true, origin);
    return true;
}

static void mend(struct simulation *s, uint32_t zone, const void *config,
                 incident_id origin)
{
    world_zone_cut(s->world, zone, partition_cuts(config), false, origin);
}

const struct failure_mode failure_zone_partition = {
    .name = "partition",
    .subject = SUBJECT_ZONE,
    .summary = "cut off as a whole: within it all goes on",
    .has_repair = true,
    .params = partition_params,
    .config_size = sizeof(struct partition_config),
    .strike = strike,
    .mend = mend,
};
