/*
 * doc - YAML and JSON documents (libyaml) as trees that know their places.
 *
 * Limits, so that no input can exhaust memory: a file of 1 GiB, 100 levels,
 * a scalar of 4 MiB, 20 million nodes, aliases that expand to a million
 * nodes. An alias within its own anchor (a cycle) is an error. Duplicate
 * keys are an error. Merge keys (<<) are honoured.
 */
#ifndef SIM_IO_DOC_H
#define SIM_IO_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/io/diag.h"

enum doc_kind { DOC_NULL, DOC_SCALAR, DOC_SEQUENCE, DOC_MAPPING };

/* A node. Read its fields; the tree owns all it points to. */
struct doc_node {
    enum doc_kind kind;
    bool plain; /* scalar without quotes: may be a number or bool */
    bool used;  /* set by param_read and doc_get: unknown keys are
                   found by its absence */
    struct place place;
    const char *text; /* scalar's text; "" otherwise */
    const char *key;  /* in a mapping: its key; else NULL */
    struct place key_place;
    struct doc_node *parent, *next;
    struct doc_node *first, *last; /* children: first, its next.. */
    size_t count;                  /* children */
};

/* One or more documents of one or more files. */
struct doc_set;

struct doc_set *doc_set_new(void);
void doc_set_free(struct doc_set *set);

/* From now on, a key that is given twice is a warning and the last one
 * counts, as with kubectl --validate=false. */
void doc_set_lenient(struct doc_set *set);

/* Reads every document of a file ("-": standard input), of each file below
 * a directory (*.yaml, *.yml, *.json, sorted by name; result directories in
 * it are passed over), or of a text. Errors go to diag: unreadable, empty,
 * not UTF-8, not YAML. Returns false after an error. Documents read before
 * it stay in the set. */
bool doc_read_path(struct doc_set *set, const char *path, struct diag *diag);
bool doc_read_text(struct doc_set *set, const char *name, const char *text,
                   struct diag *diag);

/* As doc_read_path of a file that holds these bytes: standard input can be
 * read but once. */
bool doc_read_bytes(struct doc_set *set, const char *path, const char *bytes,
                    size_t size, struct diag *diag);

/* The documents, in order. Empty documents ("---" alone) are left out. */
size_t doc_count(const struct doc_set *set);
struct doc_node *doc_root(const struct doc_set *set, size_t index);

/* Fingerprint of a file read: FNV-1a 64 of its bytes, and its name, in
 * order of reading. Returns false beyond the last. */
bool doc_input(const struct doc_set *set, size_t index, const char **name,
               unsigned long long *hash);

/* A mapping's value, marked used; NULL where absent or null, or map is NULL
 * or no mapping. */
struct doc_node *doc_get(struct doc_node *map, const char *key);
/* As doc_get along keys: doc_path(n, "spec", "template", NULL). */
struct doc_node *doc_path(struct doc_node *map, ...) __attribute__((sentinel));
/* A scalar's text; NULL where absent. No error for other kinds: NULL. */
const char *doc_text(struct doc_node *map, const char *key);

/* The key of a node, or of the nearest one above it that has any; "" where
 * there is none: for messages. */
const char *doc_name(const struct doc_node *node);

/* Marks a whole subtree used. */
void doc_use_all(struct doc_node *node);

/* The text in double quotes, escaped as YAML has it. */
void doc_print_quoted(const char *text, FILE *out);
/* Prints a tree on one line, in flow style; it reads back the same. */
void doc_print_flow(const struct doc_node *node, FILE *out);

/* Editing, for --set: a new node that belongs to the set. */
struct doc_node *doc_new_mapping(struct doc_set *set, struct place place);
struct doc_node *doc_new_scalar(struct doc_set *set, struct place place,
                                const char *text);
/* A deep copy, owned by the set. */
struct doc_node *doc_copy(struct doc_set *set, const struct doc_node *node);
/* Puts value under key in map, in place of what was there. */
void doc_put(struct doc_set *set, struct doc_node *map, const char *key,
             struct doc_node *value);
void doc_append(struct doc_node *sequence, struct doc_node *value);
/* Puts value before one of the items. */
void doc_insert(struct doc_node *item, struct doc_node *value);
/* Takes a node out of its mapping or sequence; the set still owns it. */
void doc_remove(struct doc_node *node);

/*
 * Follows "spec.cluster.kubeProxy", "spec.traffic[users].timeout",
 * "a.'key.with.dots'" or "a.b[2]" from a root and puts a value there; keys
 * that are missing are made. [name] picks the item whose `name` is that.
 * The value is YAML text. Errors carry the whole text of the path.
 */
bool doc_set_path(struct doc_set *set, struct doc_node *root, const char *path,
                  const char *value, struct place place, struct diag *diag);

/* Reports each key of the tree's mappings that was not used, at its place,
 * with a suggestion from words (may be NULL). For trees without a table. */
void doc_unused(const struct doc_node *node, struct diag *diag);

#endif
