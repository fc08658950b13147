/*
 * intern - one copy of each text, so that equal texts are equal pointers,
 * and the memory that loaded objects live in.
 *
 * Used while loading only (not safe for threads); what it holds is read by
 * all replications.
 */
#ifndef MODELS_INTERN_H
#define MODELS_INTERN_H

#include <stddef.h>

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *in); /* frees all texts and memory too */

/* The one copy. NULL gives NULL. */
const char *intern(struct intern *in, const char *text);
const char *intern_printf(struct intern *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Zeroed memory that lives as long as `in`. */
void *intern_alloc(struct intern *in, size_t size);
/* A copy of count items of size bytes; NULL where count is 0. */
void *intern_copy(struct intern *in, const void *items, size_t count,
                  size_t size);

#endif
