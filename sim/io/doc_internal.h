/*
 * doc_internal - what the parts of doc share: the set with its arena, files
 * as bytes, tables by name. Nobody else includes this.
 */
#ifndef SIM_IO_DOC_INTERNAL_H
#define SIM_IO_DOC_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/mem.h"
#include "sim/io/doc.h"

#define DOC_FILE_MAX   ((size_t)1 << 30)
#define DOC_DEPTH_MAX  100
#define DOC_TEXT_MAX   ((size_t)4 << 20)
#define DOC_NODES_MAX  ((size_t)20000000)
#define DOC_COPIES_MAX ((size_t)1000000) /* nodes that aliases stand for */

struct doc_input {
    const char *name;
    uint64_t hash;
};

/* Nodes and texts come from chunks that are released together. */
struct doc_set {
    VEC_OF(void *) chunks;
    struct doc_node *nodes; /* the rest of the newest chunk of nodes */
    size_t nodes_left;
    char *texts;
    size_t texts_left;
    size_t node_count;
    bool lenient; /* keys may be given twice */
    VEC_OF(struct doc_node *) roots;
    VEC_OF(struct doc_input) inputs;
};

/* A zeroed node with text "". */
struct doc_node *doc_new_node(struct doc_set *set, enum doc_kind kind,
                              struct place place);
/* A copy of length bytes, with a 0 behind. */
const char *doc_new_text(struct doc_set *set, const char *text, size_t length);
/* Links a node in as the last child. */
void doc_link(struct doc_node *parent, struct doc_node *child);

/* A deep copy of a node and what is below. Adds the number of nodes to
 * *count and stops, NULL, above `most` or where the copy is deeper than
 * `depth` levels. */
struct doc_node *doc_copy_bounded(struct doc_set *set,
                                  const struct doc_node *node, size_t *count,
                                  size_t most, size_t depth);

/* ---- tables: nodes by name, in open addressing ---- */

struct doc_table {
    struct doc_entry {
        const char *name; /* borrowed; NULL: free */
        struct doc_node *node;
    } * entries;
    size_t room, count; /* room: a power of two, or 0 */
};

void doc_table_clear(struct doc_table *table);
void doc_table_release(struct doc_table *table);
struct doc_node *doc_table_get(const struct doc_table *table, const char *name);
/* Adds or replaces. */
void doc_table_put(struct doc_table *table, const char *name,
                   struct doc_node *node);

/* ---- files as bytes ---- */

struct doc_source {
    const char *name; /* for messages; owned by a set */
    char *bytes;      /* owned; not ended by 0 */
    size_t size;
    size_t begin; /* of the text: behind a byte order mark */
};

/* Reads a file, "-": standard input. False after an error. */
bool doc_source_read(struct doc_source *source, const char *path,
                     struct diag *diag);
/* Checks that it is UTF-8 without control characters and not empty; mends
 * what JSON allows and libyaml does not. False after an error. */
bool doc_source_prepare(struct doc_source *source, struct diag *diag);
void doc_source_release(struct doc_source *source);

/* ---- the parser ---- */

/* Adds the roots of a prepared source's documents to the set. */
bool doc_parse(struct doc_set *set, const struct doc_source *source,
               struct diag *diag);

#endif
