#include "models/failures/partition.h"

#include <stddef.h>

#include "models/world.h"

static const char *const words[] = {"control-plane", "clients", "both", NULL};

const struct param partition_params[] = {
    {.name = "from",
     .type = PARAM_ENUM,
     .offset = offsetof(struct partition_config, from),
     .text = "both",
     .choices = words,
     .help = "cut off from the API server; from all nodes and clients "
             "outside; or both"},
    {0}};

unsigned partition_cuts(const void *config)
{
    static const unsigned cuts[] = {CUT_CONTROL_PLANE, CUT_CLIENTS,
                                    CUT_CONTROL_PLANE | CUT_CLIENTS};

    return cuts[((const struct partition_config *)config)->from];
}
