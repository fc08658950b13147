/*
 * units - texts to numbers and back.
 *
 * Durations: Go's and Kubernetes' "1h30m", "300ms", "1.5s", and d (24 h),
 * w (7 d), y (365 d); "0" needs no unit. Quantities: Kubernetes' "100m",
 * "1.5", "128Mi", "1e3", "12E". Each function: false, *out untouched: not
 * of this form or out of range.
 */
#ifndef SIM_IO_UNITS_H
#define SIM_IO_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/sim.h"

bool units_duration(const char *text, sim_time *out);
/* Quantity in units of 1/scale, rounded up as Kubernetes does: scale 1000
 * gives milli-units ("100m" -> 100), scale 1 whole ones. >= 0 or < 0. */
bool units_quantity(const char *text, int64_t scale, int64_t *out);
/* "25%" -> 0.25; "0.25" -> 0.25. */
bool units_ratio(const char *text, double *out);
/* "200/s", "12000/m", "5/h", or a plain number: per second. */
bool units_rate(const char *text, double *out);
bool units_double(const char *text, double *out); /* whole text, finite */
bool units_int(const char *text, int64_t *out);
bool units_bool(const char *text, bool *out); /* true false yes no on off */

/* Shortest text that reads back to the same double; "" for NaN; "inf".
 * Returns buffer. At least 32 bytes, here and below (asserted). */
char *units_format_double(double x, char *buffer, size_t size);
/* Short and exact: "1h30m", "250ms", "0s". Negative: "-5s". SIM_NEVER:
 * "never". */
char *units_format_duration(sim_time t, char *buffer, size_t size);
/* Seconds in decimals, exact, without zeros at the end: "1.5", "-0.25". */
char *units_format_seconds(sim_time t, char *buffer, size_t size);
/* For people: "12.3 M", "4.56 k"; three significant digits. */
char *units_format_count(double x, char *buffer, size_t size);

#endif
