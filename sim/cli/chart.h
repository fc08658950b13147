/*
 * chart - the address chart in characters: one row for a Service's virtual
 * IP, one for each pod IP, time from left to right.
 */
#ifndef SIM_CLI_CHART_H
#define SIM_CLI_CHART_H

#include <stdio.h>

#include "sim/cli/study.h"

/* Draws the Service (id in the first replication's world) in at most `rows`
 * rows of 80 columns. Returns the lines printed. */
size_t chart_draw(const struct study *study, service_id service, size_t rows,
                  FILE *out);

/* Addresses and pods that the Service listed in the first replication. */
void chart_count(const struct study *study, service_id service, size_t *ips,
                 size_t *pods);

#endif
