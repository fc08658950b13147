#include "sim/io/json.h"

#include <math.h>

#include "sim/io/units.h"

void json_text(const char *text, FILE *out)
{
    fputc('"', out);
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 32)
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

void json_number(double x, FILE *out)
{
    char text[32];

    if (isfinite(x))
        fputs(units_format_double(x, text, sizeof text), out);
    else
        fputs("null", out);
}
