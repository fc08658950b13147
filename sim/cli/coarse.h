/*
 * coarse - a time series with as many intervals as a picture can show.
 */
#ifndef SIM_CLI_COARSE_H
#define SIM_CLI_COARSE_H

#include <stdbool.h>

/* As many as a picture can name. */
enum { COARSE_SERVICES = 30 };

/* Reads DIR/timeseries.csv and writes DIR/plots/timeseries.csv: the first
 * replication's rows of the first variant in at most 480 intervals, with the
 * columns time,service,traffic,desired,ready,requests,succeeded,failed.
 * Requests are sums, `desired` is the largest and `ready` the least, so that
 * a dip shows however short. False: a message went to standard error. */
bool coarse_write(const char *dir);

#endif
