/*
 * store_io - checked bytes in files: what a store keeps its units with.
 */
#ifndef SIM_EXPERIMENT_STORE_IO_H
#define SIM_EXPERIMENT_STORE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* FNV-1a 64. */
uint64_t store_checksum(const void *bytes, size_t size);

/* All bytes, at a place of a file. False: errno. What lies beyond the end is
 * loaded as zeros. */
bool store_write(int file, const void *bytes, size_t size, off_t at);
bool store_load(int file, void *bytes, size_t size, off_t at);

/* Size and checksum of a stream, from its beginning. False: errno. */
bool store_measure(FILE *stream, uint64_t *size, uint64_t *sum);

#endif
