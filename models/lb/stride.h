/*
 * stride - gRPC's static stride schedule (grpc-go
 * balancer/weightedroundrobin/scheduler.go): weights scaled to 16 bits; in
 * generation g of the cycle an item is passed over in proportion to what it
 * lacks of the largest weight.
 */
#ifndef MODELS_LB_STRIDE_H
#define MODELS_LB_STRIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/engine/sim.h"

enum { STRIDE_MOST = 65535 };

/* Scales weights; those of 0 get the mean of the others. False: plain turns
 * (fewer than two have a weight, or all are equal), scaled is undefined. */
bool stride_scale(const double *weights, uint32_t count, uint16_t *scaled);
/* The item picked; moves *sequence on. scaled NULL: plain turns. */
uint32_t stride_next(const uint16_t *scaled, uint32_t count,
                     uint32_t *sequence);

/* What a balancer was told by one endpoint; zeroed: nothing. */
struct stride_told {
    double weight;
    sim_time since, last; /* of the first and the last report, if any */
    bool any;
};
/* A report; weight <= 0 is none. */
void stride_tell(struct stride_told *told, double weight, sim_time now);
/* 0: none that counts: too new (blackout; 0: never), or too old (expiry),
 * which makes the next one a first one. */
double stride_told_weight(struct stride_told *told, sim_time blackout,
                          sim_time expiry, sim_time now);

/* What a backend reports as a weight: requests/s over utilization and
 * penalised errors; 0 where it says nothing. */
double stride_weight(double qps, double utilization, double eps,
                     double penalty);

#endif
