/*
 * libcsv quotes and parses. Its parser is strict, so that a misplaced quote
 * is an error and not a guess; after one, reading goes on at the next line.
 */
#include "sim/io/csv.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"
#include "sim/io/units.h"

enum { BLOCK = 1 << 16, ROW_MAX = 16 << 20 };

/* ---- writing ---- */

static void begin_field(struct csv *out)
{
    if (out->in_row)
        fputc(',', out->file);
    out->in_row = true;
}

/* Blanks at the ends are lost on many readers where there are no quotes. */
static bool needs_quotes(const char *text, size_t length)
{
    return text[strcspn(text, "\",\r\n")] || *text == ' ' || *text == '\t' ||
           (length > 0 && strchr(" \t", text[length - 1]));
}

void csv_text(struct csv *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;

    begin_field(out);
    if (length > 0 && needs_quotes(text, length))
        csv_fwrite2(out->file, text, length, CSV_QUOTE);
    else if (length > 0)
        fwrite(text, 1, length, out->file);
}

void csv_int(struct csv *out, int64_t value)
{
    begin_field(out);
    fprintf(out->file, "%" PRId64, value);
}

void csv_double(struct csv *out, double value)
{
    char buffer[32];

    begin_field(out);
    fputs(units_format_double(value, buffer, sizeof buffer), out->file);
}

void csv_time(struct csv *out, sim_time t)
{
    char buffer[32];

    begin_field(out);
    if (t != SIM_NEVER)
        fputs(units_format_seconds(t, buffer, sizeof buffer), out->file);
}

void csv_end(struct csv *out)
{
    fputs("\r\n", out->file);
    out->in_row = false;
}

void csv_header(struct csv *out, const char *names)
{
    fputs(names, out->file);
    csv_end(out);
}

/* ---- reading ---- */

typedef bool row_function(void *, const struct csv_row *);

/* A file that is being read, and the row that is being gathered: texts one
 * behind the other, and where each begins. */
struct reader {
    struct place place; /* the line counts */
    row_function *header, *row;
    void *self;
    bool keep_going;
    size_t *skipped;
    struct diag *diag;
    struct csv_parser parser;
    VEC_OF(char) texts;
    VEC_OF(size_t) begins;
    VEC_OF(const char *) fields;
    size_t columns; /* of the header; 0: not read yet */
    size_t line;    /* where the reader is */
    size_t row_line;
    size_t row_bytes;
    bool ended;   /* a row did, in the line that is being parsed */
    bool passing; /* over the rest of a line after a bad quote */
    bool has_nul; /* the row */
    bool failed, stopped;
};

static void put_bytes(struct reader *r, const char *bytes, size_t size)
{
    size_t need = r->texts.count + size;

    if (need > r->texts.room) {
        r->texts.room = need > 2 * r->texts.room ? need : 2 * r->texts.room;
        r->texts.items = mem_realloc(r->texts.items, r->texts.room, 1);
    }
    if (size > 0)
        memcpy(r->texts.items + r->texts.count, bytes, size);
    r->texts.count += size;
}

static struct place line_place(const struct reader *r, size_t line)
{
    struct place place = r->place;

    place.line = (int)line;
    return place;
}

/* A bad row: counted where reading is to go on, else the end. */
static void bad_row(struct reader *r, const char *text)
{
    if (r->keep_going && r->columns > 0) {
        if (r->skipped)
            ++*r->skipped;
        return;
    }
    diag_error(r->diag, line_place(r, r->row_line), "%s", text);
    r->failed = r->stopped = true;
}

static void on_field(void *field, size_t size, void *data)
{
    struct reader *r = data;

    if (r->stopped)
        return;
    r->has_nul |= size > 0 && memchr(field, '\0', size) != NULL;
    VEC_PUSH(r->begins, r->texts.count);
    put_bytes(r, field, size);
    put_bytes(r, "", 1);
}

static void report_count(struct reader *r)
{
    char text[80];

    snprintf(text, sizeof text, "%zu fields, but the header has %zu",
             r->fields.count, r->columns);
    bad_row(r, text);
}

static void on_row_end(int terminator, void *data)
{
    struct reader *r = data;
    struct csv_row row;
    size_t i;

    (void)terminator;
    r->ended = true;
    if (r->stopped)
        return;
    r->fields.count = 0;
    for (i = 0; i < r->begins.count; i++)
        VEC_PUSH(r->fields, r->texts.items + r->begins.items[i]);
    row.count = r->fields.count;
    row.fields = r->fields.items;
    row.line = r->row_line;
    r->texts.count = r->begins.count = 0;
    if (r->has_nul) {
        r->has_nul = false;
        bad_row(r, "a NUL character");
    } else if (r->columns == 0) {
        r->columns = row.count;
        r->stopped = !r->header(r->self, &row);
    } else if (row.count != r->columns) {
        report_count(r);
    } else {
        r->stopped = !r->row(r->self, &row);
    }
}

/* RFC 4180: blanks are part of a field. */
static int is_no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void begin_parser(struct reader *r)
{
    int failed = csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);

    (void)failed; /* only where the parser is NULL */
    csv_set_space_func(&r->parser, is_no_space);
    csv_set_blk_size(&r->parser, 1 << 14);
}

static void drop_row(struct reader *r)
{
    csv_free(&r->parser);
    begin_parser(r);
    r->texts.count = r->begins.count = 0;
    r->row_bytes = 0;
    r->has_nul = false;
}

/* Parses bytes of one line; whole: they end with its end. */
static void parse_line(struct reader *r, const char *bytes, size_t size,
                       bool whole)
{
    bool empty = r->row_bytes == 0 && (*bytes == '\n' || *bytes == '\r');

    r->row_bytes += size;
    if (!r->passing &&
        csv_parse(&r->parser, bytes, size, on_field, on_row_end, r) != size) {
        bad_row(r, csv_error(&r->parser) == CSV_EPARSE
                       ? "a quote within a field"
                       : csv_strerror(csv_error(&r->parser)));
        drop_row(r);
        r->passing = true;
    }
    if (!r->passing && !r->ended && r->row_bytes > ROW_MAX) {
        diag_error(r->diag, line_place(r, r->row_line),
                   "a row of more than 16 MiB");
        diag_hint(r->diag, "is there a quote that is not closed?");
        r->failed = r->stopped = true;
    }
    if (!whole)
        return;
    r->line++;
    if (r->ended || r->passing || empty) {
        r->row_line = r->line;
        r->row_bytes = 0;
    }
    r->ended = r->passing = false;
}

static void parse_block(struct reader *r, const char *bytes, size_t size)
{
    while (size > 0 && !r->stopped) {
        const char *end = memchr(bytes, '\n', size);
        size_t length = end ? (size_t)(end - bytes) + 1 : size;

        parse_line(r, bytes, length, end != NULL);
        bytes += length;
        size -= length;
    }
}

static void parse_file(struct reader *r, FILE *file)
{
    char *block = mem_alloc(BLOCK);
    bool first = true;
    size_t size;

    while (!r->stopped && (size = fread(block, 1, BLOCK, file)) > 0) {
        size_t mark =
            first && size >= 3 && memcmp(block, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

        first = false;
        parse_block(r, block + mark, size - mark);
    }
    free(block);
    if (ferror(file)) {
        diag_error(r->diag, r->place, "cannot read: %s", strerror(errno));
        r->failed = r->stopped = true;
    }
    if (!r->stopped && csv_fini(&r->parser, on_field, on_row_end, r) != 0)
        bad_row(r, "a quote that is not closed");
    if (!r->stopped && r->columns == 0) {
        diag_error(r->diag, r->place, "no header");
        r->failed = true;
    }
}

bool csv_read(const char *path, bool (*header)(void *, const struct csv_row *),
              bool (*row)(void *, const struct csv_row *), void *self,
              bool keep_going, size_t *skipped, struct diag *diag)
{
    bool standard = strcmp(path, "-") == 0;
    struct reader r = {.header = header,
                       .row = row,
                       .self = self,
                       .keep_going = keep_going,
                       .skipped = skipped,
                       .diag = diag,
                       .line = 1,
                       .row_line = 1};
    FILE *file = standard ? stdin : fopen(path, "rb");

    r.place.file = standard ? "<stdin>" : path;
    if (!file) {
        diag_error(diag, r.place, "cannot read: %s", strerror(errno));
        return false;
    }
    begin_parser(&r);
    parse_file(&r, file);
    csv_free(&r.parser);
    VEC_FREE(r.texts);
    VEC_FREE(r.begins);
    VEC_FREE(r.fields);
    if (!standard)
        fclose(file);
    return !r.failed;
}
