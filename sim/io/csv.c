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

/* ---- files ---- */

/* What gzip made begins so (RFC 1952). */
static bool is_gzip(FILE *file)
{
    unsigned char magic[2];
    bool yes;

    if (fseek(file, 0, SEEK_SET) != 0)
        return false; /* a pipe: what is read is gone */
    yes = fread(magic, 1, sizeof magic, file) == sizeof magic &&
          magic[0] == 0x1f && magic[1] == 0x8b;
    rewind(file);
    return yes;
}

/* The path as one word of a shell. */
static FILE *unzip(const char *path)
{
    VEC_OF(char) text = {0};
    static const char before[] = "exec gzip -dc 2>/dev/null <'";
    FILE *pipe;

    for (const char *c = before; *c; c++)
        VEC_PUSH(text, *c);
    for (const char *c = path; *c; c++) {
        for (const char *q = *c == '\'' ? "'\\'" : ""; *q; q++)
            VEC_PUSH(text, *q);
        VEC_PUSH(text, *c);
    }
    VEC_PUSH(text, '\'');
    VEC_PUSH(text, '\0');
    pipe = popen(text.items, "r");
    VEC_FREE(text);
    return pipe;
}

struct csv_file {
    struct reader r;
    FILE *file; /* NULL: could not be opened */
    bool standard, piped, started, ended;
    char *block;
    size_t at, size;
    VEC_OF(char *) rows; /* read and not yet given: fields one by one */
    VEC_OF(size_t) counts, lines;
    size_t given;
    VEC_OF(const char *) fields;
};

static void open_file(struct csv_file *f, const char *path)
{
    f->standard = strcmp(path, "-") == 0;
    f->file = f->standard ? stdin : fopen(path, "rb");
    f->r.place.file = f->standard ? "<stdin>" : path;
    f->r.line = f->r.row_line = 1;
    if (f->file && !f->standard && is_gzip(f->file)) {
        fclose(f->file);
        f->file = unzip(path);
        f->piped = true;
    }
    if (!f->file) {
        diag_error(f->r.diag, f->r.place, "cannot read: %s", strerror(errno));
        f->r.failed = f->r.stopped = true;
        return;
    }
    f->block = mem_alloc(BLOCK);
    begin_parser(&f->r);
}

static void close_file(struct csv_file *f)
{
    int status = 0;

    if (f->file && f->piped)
        status = pclose(f->file);
    else if (f->file && !f->standard)
        fclose(f->file);
    if (status != 0 && f->ended && !f->r.failed) {
        diag_error(f->r.diag, f->r.place, "gzip cannot read it");
        f->r.failed = true;
    }
    if (f->file)
        csv_free(&f->r.parser);
    free(f->block);
    VEC_FREE(f->r.texts);
    VEC_FREE(f->r.begins);
    VEC_FREE(f->r.fields);
}

static void end_file(struct csv_file *f)
{
    struct reader *r = &f->r;

    f->ended = true;
    if (ferror(f->file)) {
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

/* The next bytes; false: there are none. */
static bool fill(struct csv_file *f)
{
    f->at = 0;
    f->size = fread(f->block, 1, BLOCK, f->file);
    if (!f->started && f->size >= 3 && memcmp(f->block, "\xef\xbb\xbf", 3) == 0)
        f->at = 3; /* a byte order mark */
    f->started = true;
    if (f->size > 0)
        return true;
    end_file(f);
    return false;
}

bool csv_read(const char *path, bool (*header)(void *, const struct csv_row *),
              bool (*row)(void *, const struct csv_row *), void *self,
              bool keep_going, size_t *skipped, struct diag *diag)
{
    struct csv_file f = {.r = {.header = header,
                               .row = row,
                               .self = self,
                               .keep_going = keep_going,
                               .skipped = skipped,
                               .diag = diag}};

    open_file(&f, path);
    while (!f.r.stopped && !f.ended && fill(&f))
        parse_block(&f.r, f.block + f.at, f.size - f.at);
    close_file(&f);
    return !f.r.failed;
}

/* ---- row by row ---- */

/* A line may hold several rows, where carriage returns end them. */
static bool keep_row(void *self, const struct csv_row *row)
{
    struct csv_file *f = self;
    size_t size = 0;
    char *copy;

    for (size_t i = 0; i < row->count; i++)
        size += strlen(row->fields[i]) + 1;
    copy = mem_alloc(size);
    VEC_PUSH(f->rows, copy);
    VEC_PUSH(f->counts, row->count);
    VEC_PUSH(f->lines, row->line);
    for (size_t i = 0; i < row->count; i++) {
        size = strlen(row->fields[i]) + 1;
        memcpy(copy, row->fields[i], size);
        copy += size;
    }
    return true;
}

struct csv_file *csv_open(const char *path, struct diag *diag)
{
    struct csv_file *f = mem_zalloc(sizeof *f);

    f->r.header = f->r.row = keep_row;
    f->r.self = f;
    f->r.diag = diag;
    open_file(f, path);
    return f;
}

static void parse_one_line(struct csv_file *f)
{
    const char *bytes = f->block + f->at;
    const char *end = memchr(bytes, '\n', f->size - f->at);
    size_t length = end ? (size_t)(end - bytes) + 1 : f->size - f->at;

    parse_line(&f->r, bytes, length, end != NULL);
    f->at += length;
}

static void drop_given(struct csv_file *f)
{
    if (f->given < f->rows.count)
        return;
    for (size_t i = 0; i < f->rows.count; i++)
        free(f->rows.items[i]);
    f->rows.count = f->counts.count = f->lines.count = f->given = 0;
}

bool csv_next(struct csv_file *f, struct csv_row *row)
{
    const char *text;

    drop_given(f);
    while (f->rows.count == 0 && !f->r.stopped && !f->ended) {
        if (f->at < f->size || fill(f))
            parse_one_line(f);
    }
    if (f->given == f->rows.count)
        return false;
    text = f->rows.items[f->given];
    f->fields.count = 0;
    for (size_t i = 0; i < f->counts.items[f->given]; i++) {
        VEC_PUSH(f->fields, text);
        text += strlen(text) + 1;
    }
    row->count = f->fields.count;
    row->fields = f->fields.items;
    row->line = f->lines.items[f->given++];
    return true;
}

bool csv_failed(const struct csv_file *f)
{
    return f->r.failed;
}

void csv_close(struct csv_file *f)
{
    if (!f)
        return;
    close_file(f);
    f->given = f->rows.count;
    drop_given(f);
    VEC_FREE(f->rows);
    VEC_FREE(f->counts);
    VEC_FREE(f->lines);
    VEC_FREE(f->fields);
    free(f);
}
