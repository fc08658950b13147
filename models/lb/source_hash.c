#include "models/lb/consistent.h"

static uint32_t pick_source_hash(const struct lb_pick *pick)
{
    return (uint32_t)(consistent_key(pick) % pick->count);
}

const struct lb_strategy lb_source_hash = {
    .name = "source-hash",
    .unit = "connection or request",
    .state = "none",
    .rule = "the client's hash modulo the number of endpoints: where that "
            "changes, most clients move",
    .constants = "",
    .source = "HAProxy balance source with map-based hash-type; nginx hash",
    .pick = pick_source_hash,
};
