/*
 * controller_client - the limits of a client of the API server: a token
 * bucket for its requests (client-go util/flowcontrol over
 * golang.org/x/time/rate) and the spam filter of its Events (client-go
 * tools/record: 25 of one object at once, then one in 300 s).
 */
#ifndef MODELS_CONTROLLER_CLIENT_H
#define MODELS_CONTROLLER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"

/* Holds up to `burst` tokens, one more every `interval`. */
struct token_bucket {
    sim_time interval; /* 0: no limit */
    int64_t burst;     /* >= 1 */
    sim_time full_at;  /* when it would be full again */
};

/* A full bucket. rate: tokens per second; <= 0 or infinite: no limit. */
struct token_bucket token_bucket_make(double rate, int64_t burst);
/* Takes a token, if need be one that comes later; returns when it is there:
 * >= now. First come, first served. */
sim_time token_bucket_take(struct token_bucket *b, sim_time now);
/* Takes a token only if there is one. */
bool token_bucket_try(struct token_bucket *b, sim_time now);

/* Buckets by object. Zeroed: empty. O(1) on average. */
struct spam_filter {
    struct spam_entry {
        uint64_t object;
        sim_time full_at; /* SIM_NEVER: free place */
    } * entries;
    size_t count, room;
};

void spam_filter_release(struct spam_filter *f);
/* Whether an Event of this object passes now. */
bool spam_filter_pass(struct spam_filter *f, uint64_t object, sim_time now);

#endif
