#include <string.h>

#include "sim/io/doc.h"

/* Plain words stay plain where nothing in them means anything in flow. */
static bool is_word(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789._/+-")];
}

void doc_print_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if (*text == '\n')
            fputs("\\n", out);
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void flow_text(const char *text, bool plain, FILE *out)
{
    if (plain && is_word(text))
        fputs(text, out);
    else
        doc_print_quoted(text, out);
}

void doc_print_flow(const struct doc_node *node, FILE *out)
{
    const struct doc_node *child;

    switch (node->kind) {
    case DOC_NULL:
        fputs("null", out);
        return;
    case DOC_SCALAR:
        flow_text(node->text, node->plain, out);
        return;
    case DOC_SEQUENCE:
    case DOC_MAPPING:
        break;
    }
    fputc(node->kind == DOC_MAPPING ? '{' : '[', out);
    for (child = node->first; child; child = child->next) {
        if (child->key) {
            flow_text(child->key, true, out);
            fputs(": ", out);
        }
        doc_print_flow(child, out);
        if (child->next)
            fputs(", ", out);
    }
    fputc(node->kind == DOC_MAPPING ? '}' : ']', out);
}
