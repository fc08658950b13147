/*
 * A file is read whole and checked before libyaml sees it: so a bad byte
 * gets its place, and JSON that libyaml would refuse can be mended in place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/doc_internal.h"

bool doc_source_read(struct doc_source *source, const char *path,
                     struct diag *diag)
{
    struct place place = {source->name, 0, 0};
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    size_t room = 1 << 16;
    bool ok = file != NULL;

    if (!ok) {
        diag_error(diag, place, "cannot read: %s", strerror(errno));
        return false;
    }
    source->bytes = mem_alloc(room);
    while (source->size <= DOC_FILE_MAX) {
        size_t got =
            fread(source->bytes + source->size, 1, room - source->size, file);

        source->size += got;
        if (got == 0)
            break;
        if (source->size == room) {
            room *= 2;
            source->bytes = mem_realloc(source->bytes, room, 1);
        }
    }
    if (ferror(file)) {
        diag_error(diag, place, "cannot read: %s", strerror(errno));
        ok = false;
    } else if (source->size > DOC_FILE_MAX) {
        diag_error(diag, place, "more than 1 GiB");
        ok = false;
    }
    if (!standard)
        fclose(file);
    return ok;
}

void doc_source_release(struct doc_source *source)
{
    free(source->bytes);
    source->bytes = NULL;
}

static bool starts_with(const struct doc_source *source, const char *bytes,
                        size_t size)
{
    return source->size >= size && memcmp(source->bytes, bytes, size) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- characters ---- */

/* The length of the UTF-8 character at p, before end, and its code; 0: it
 * is none. */
static size_t decode(const unsigned char *p, const unsigned char *end,
                     uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *p < 0x80             ? 1
                    : (*p & 0xe0) == 0xc0 ? 2
                    : (*p & 0xf0) == 0xe0 ? 3
                    : (*p & 0xf8) == 0xf0 ? 4
                                          : 0;
    size_t i;

    if (length == 0 || (size_t)(end - p) < length)
        return 0;
    *code = length == 1 ? *p : *p & (0x7fU >> length);
    for (i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3fU);
    }
    if (*code < least[length] || (*code >= 0xd800 && *code <= 0xdfff) ||
        *code > 0x10ffff)
        return 0;
    return length;
}

/* YAML 1.1, section 4.1.1, c-printable. */
static bool is_printable(uint32_t code)
{
    if (code < 0x80)
        return code == '\t' || code == '\n' || code == '\r' ||
               (code >= 0x20 && code < 0x7f);
    if (code < 0xa0)
        return code == 0x85;
    return code != 0xfeff && code != 0xfffe && code != 0xffff;
}

/* The place of an offset; columns count characters. */
static struct place place_at(const struct doc_source *source, size_t offset)
{
    struct place place = {source->name, 1, 1};
    size_t i;

    for (i = source->begin; i < offset; i++) {
        char c = source->bytes[i];

        if (c == '\n' || (c == '\r' && source->bytes[i + 1] != '\n')) {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)c & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static bool check_characters(const struct doc_source *source, struct diag *diag)
{
    const unsigned char *begin = (const unsigned char *)source->bytes;
    const unsigned char *end = begin + source->size;
    const unsigned char *p = begin + source->begin;
    uint32_t code = 0;

    while (p < end) {
        size_t length = 1;

        if (*p < 0x20 || *p >= 0x7f) {
            length = decode(p, end, &code);
            if (length == 0 || !is_printable(code))
                break;
        } else {
            code = *p;
        }
        p += length;
    }
    if (p == end)
        return true;
    if (decode(p, end, &code) == 0)
        diag_error(diag, place_at(source, (size_t)(p - begin)),
                   "not UTF-8: byte 0x%02x", *p);
    else
        diag_error(diag, place_at(source, (size_t)(p - begin)),
                   "control character U+%04X", (unsigned)code);
    return false;
}

/* ---- JSON ---- */

/* The value of \uXXXX at p, or -1. */
static long json_escape(const char *p, const char *end)
{
    long value = 0;
    int i;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (i = 2; i < 6; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = p[i] ? strchr(digits, p[i]) : NULL;

        if (!digit)
            return -1;
        value = value * 16 + (digit - digits) % 16;
    }
    return value;
}

/* Writes the escape at *from as libyaml reads it: a pair of surrogates as
 * one \UXXXXXXXX (which is shorter), a single surrogate, which is no
 * character, as U+FFFD. Copies any other. */
static void mend_escape(const char **from, const char *end, char **to)
{
    long high = json_escape(*from, end);
    long low = high < 0 ? -1 : json_escape(*from + 6, end);
    char buffer[16];

    if (high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
        snprintf(buffer, sizeof buffer, "\\U%08lX",
                 0x10000UL + ((unsigned long)(high - 0xd800) << 10) +
                     (unsigned long)(low - 0xdc00));
        memcpy(*to, buffer, 10);
        *to += 10;
        *from += 12;
    } else if (high >= 0xd800 && high <= 0xdfff) {
        memcpy(*to, "\\uFFFD", 6);
        *to += 6;
        *from += 6;
    } else {
        *(*to)++ = *(*from)++;
        if (*from < end)
            *(*to)++ = *(*from)++;
    }
}

/* Tabs between tokens become blanks; escapes become YAML's. */
static void mend_json(struct doc_source *source)
{
    const char *from = source->bytes + source->begin;
    const char *end = source->bytes + source->size;
    char *to = source->bytes + source->begin;
    bool quoted = false;

    while (from < end) {
        if (quoted && *from == '\\') {
            mend_escape(&from, end, &to);
            continue;
        }
        if (*from == '"')
            quoted = !quoted;
        *to++ = *from == '\t' && !quoted ? ' ' : *from;
        from++;
    }
    source->size = (size_t)(to - source->bytes);
}

bool doc_source_prepare(struct doc_source *source, struct diag *diag)
{
    struct place place = {source->name, 0, 0};
    size_t i;

    if (starts_with(source, "\xff\xfe", 2) ||
        starts_with(source, "\xfe\xff", 2)) {
        diag_error(diag, place, "not UTF-8: this is UTF-16");
        return false;
    }
    source->begin = starts_with(source, "\xef\xbb\xbf", 3) ? 3 : 0;
    for (i = source->begin; i < source->size; i++)
        if (!is_blank(source->bytes[i]))
            break;
    if (i == source->size) {
        diag_error(diag, place, "file is empty");
        return false;
    }
    if (!check_characters(source, diag))
        return false;
    if (source->bytes[i] == '{' || source->bytes[i] == '[')
        mend_json(source);
    return true;
}
