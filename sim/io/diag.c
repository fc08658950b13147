/*
 * Messages are kept as they come and sorted only when printed. Texts are
 * cleaned once, on the way in: they quote what users wrote, and a control
 * character must not reach a terminal.
 */
#include "sim/io/diag.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

enum {
    KEPT_MAX = 50,   /* messages kept of each severity */
    TEXT_MAX = 2000, /* bytes of a message */
    WORD_MAX = 64,   /* longer words are not compared */
    LISTED_MAX = 12  /* a longer list of words helps nobody */
};

enum severity { ERROR, WARNING, NOTE, SEVERITIES };

static const char *const severity_names[] = {"error", "warning", "note"};

struct message {
    enum severity severity;
    size_t file; /* index into files */
    int line, column;
    size_t order; /* of reporting */
    char *text;
    VEC_OF(char *) hints;
};

struct diag {
    VEC_OF(struct message) messages;
    VEC_OF(char *) files; /* in order of first mention; NULL: the program */
    size_t counts[SEVERITIES];
    size_t kept[SEVERITIES];
    bool open; /* the message reported last was kept and takes hints */
};

struct diag *diag_new(void)
{
    return mem_zalloc(sizeof(struct diag));
}

void diag_free(struct diag *diag)
{
    size_t i, j;

    if (!diag)
        return;
    for (i = 0; i < diag->messages.count; i++) {
        struct message *m = &diag->messages.items[i];

        for (j = 0; j < m->hints.count; j++)
            free(m->hints.items[j]);
        VEC_FREE(m->hints);
        free(m->text);
    }
    VEC_FREE(diag->messages);
    for (i = 0; i < diag->files.count; i++)
        free(diag->files.items[i]);
    VEC_FREE(diag->files);
    free(diag);
}

/* The length of the UTF-8 character at p; 0: it is none, or cut off. */
static size_t character(const char *p)
{
    size_t length = ((unsigned char)*p & 0xe0) == 0xc0   ? 2
                    : ((unsigned char)*p & 0xf0) == 0xe0 ? 3
                    : ((unsigned char)*p & 0xf8) == 0xf0 ? 4
                                                         : 0;
    size_t i;

    for (i = 1; i < length; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Formats, in at most TEXT_MAX bytes, without control characters and halves
 * of characters, which formats like %.60s leave. */
static char *clean_text(const char *format, va_list arguments)
{
    char buffer[TEXT_MAX];
    char *p = buffer;
    int length = vsnprintf(buffer, sizeof buffer, format, arguments);

    assert(length >= 0);
    while (*p) {
        size_t size = (unsigned char)*p < 0x80 ? 1 : character(p);

        if (size == 0)
            *p = '?';
        else if (*p == '\n' || *p == '\t')
            *p = ' ';
        else if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
        p += size > 0 ? size : 1;
    }
    return mem_strdup(buffer);
}

/* The file's index. Backwards, as most messages are about the last. */
static size_t find_file(struct diag *diag, const char *name)
{
    size_t i;

    for (i = diag->files.count; i-- > 0;) {
        const char *known = diag->files.items[i];

        if (known && name ? strcmp(known, name) == 0 : known == name)
            return i;
    }
    VEC_PUSH(diag->files, name ? mem_strdup(name) : NULL);
    return diag->files.count - 1;
}

static bool is_known(const struct diag *diag, const struct message *m)
{
    size_t i;

    for (i = 0; i < diag->messages.count; i++) {
        const struct message *k = &diag->messages.items[i];

        if (k->severity == m->severity && k->file == m->file &&
            k->line == m->line && k->column == m->column &&
            strcmp(k->text, m->text) == 0)
            return true;
    }
    return false;
}

static void report(struct diag *diag, enum severity severity,
                   struct place place, const char *format, va_list arguments)
{
    struct message m = {0};

    m.severity = severity;
    m.file = find_file(diag, place.file);
    m.line = place.line;
    m.column = place.column;
    m.order = diag->messages.count;
    m.text = clean_text(format, arguments);
    diag->open = false;
    if (is_known(diag, &m)) {
        free(m.text);
        return;
    }
    diag->counts[severity]++;
    if (diag->kept[severity] == KEPT_MAX) {
        free(m.text);
        return;
    }
    diag->kept[severity]++;
    VEC_PUSH(diag->messages, m);
    diag->open = true;
}

void diag_error(struct diag *diag, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(diag, ERROR, place, format, arguments);
    va_end(arguments);
}

void diag_warning(struct diag *diag, struct place place, const char *format,
                  ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(diag, WARNING, place, format, arguments);
    va_end(arguments);
}

void diag_note(struct diag *diag, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(diag, NOTE, place, format, arguments);
    va_end(arguments);
}

void diag_hint(struct diag *diag, const char *format, ...)
{
    struct message *m;
    va_list arguments;

    if (!diag->open)
        return;
    m = &diag->messages.items[diag->messages.count - 1];
    va_start(arguments, format);
    VEC_PUSH(m->hints, clean_text(format, arguments));
    va_end(arguments);
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Damerau-Levenshtein distance, restricted to swaps of neighbours (optimal
 * string alignment), by three rows of the matrix. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t i, j, length_b = strlen(b);

    for (j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (i = 1; a[i - 1]; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        const size_t *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (j = 1; j <= length_b; j++) {
            size_t change = same_letter(a[i - 1], b[j - 1]) ? 0 : 1;

            row[j] = min_size(above[j - 1] + change,
                              min_size(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                row[j] = min_size(row[j], above2[j - 2] + 1);
        }
    }
    return rows[(i - 1) % 3][length_b];
}

const char *diag_nearest(const char *wrong, const char *const *words)
{
    const char *nearest = NULL;
    size_t length = strlen(wrong);
    size_t least = length / 3 + 1;
    size_t i;

    if (length > WORD_MAX)
        return NULL;
    for (i = 0; words[i]; i++) {
        size_t d;

        if (strlen(words[i]) > WORD_MAX)
            continue;
        d = distance(wrong, words[i]);
        if (d < least) {
            least = d;
            nearest = words[i];
        }
    }
    return nearest;
}

void diag_suggest(struct diag *diag, const char *wrong,
                  const char *const *words)
{
    const char *nearest = diag_nearest(wrong, words);
    char list[TEXT_MAX] = "";
    size_t i, used = 0;

    if (nearest) {
        diag_hint(diag, "did you mean '%s'?", nearest);
        return;
    }
    for (i = 0; words[i]; i++) {
        size_t length = strlen(words[i]);

        if (i == LISTED_MAX || used + length + 3 > sizeof list)
            return;
        if (i > 0) {
            memcpy(list + used, ", ", 2);
            used += 2;
        }
        memcpy(list + used, words[i], length);
        used += length;
        list[used] = '\0';
    }
    if (i > 0)
        diag_hint(diag, "known: %s", list);
}

size_t diag_errors(const struct diag *diag)
{
    return diag->counts[ERROR];
}

const char *diag_first_error(const struct diag *diag)
{
    for (size_t i = 0; i < diag->messages.count; i++)
        if (diag->messages.items[i].severity == ERROR)
            return diag->messages.items[i].text;
    return NULL;
}

void diag_add_errors(struct diag *diag, const struct diag *from)
{
    for (size_t i = 0; i < from->messages.count; i++) {
        const struct message *m = &from->messages.items[i];
        struct place place = {from->files.items[m->file], m->line, m->column};

        if (m->severity != ERROR)
            continue;
        diag_error(diag, place, "%s", m->text);
        for (size_t j = 0; j < m->hints.count; j++)
            diag_hint(diag, "%s", m->hints.items[j]);
    }
}

size_t diag_warnings(const struct diag *diag)
{
    return diag->counts[WARNING];
}

static int by_place(const void *left, const void *right)
{
    const struct message *a = *(const struct message *const *)left;
    const struct message *b = *(const struct message *const *)right;

    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void print_message(const struct diag *diag, const struct message *m,
                          FILE *out)
{
    const char *file = diag->files.items[m->file];
    size_t i;

    fputs(file ? file : "podchurn", out);
    if (m->line > 0)
        fprintf(out, ":%d", m->line);
    if (m->line > 0 && m->column > 0)
        fprintf(out, ":%d", m->column);
    fprintf(out, ": %s: %s\n", severity_names[m->severity], m->text);
    for (i = 0; i < m->hints.count; i++)
        fprintf(out, "  %s\n", m->hints.items[i]);
}

void diag_print(const struct diag *diag, FILE *out)
{
    size_t count = diag->messages.count;
    const struct message **sorted = mem_calloc(count, sizeof *sorted);
    size_t i;

    for (i = 0; i < count; i++)
        sorted[i] = &diag->messages.items[i];
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, by_place);
    for (i = 0; i < count; i++)
        print_message(diag, sorted[i], out);
    free(sorted);
    for (i = 0; i < SEVERITIES; i++) {
        size_t dropped = diag->counts[i] - diag->kept[i];

        if (dropped > 0)
            fprintf(out, "podchurn: %zu more %s%s\n", dropped,
                    severity_names[i], dropped > 1 ? "s" : "");
    }
}
