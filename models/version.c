#include "models/version.h"

static const struct {
    const char *word;
    int minor;
    const char *what, *source;
} rows[] = {
#define VERSION(word, minor, what, source) {#word, minor, what, source},
#include "models/version.def"
};

void version_document(int minor, FILE *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fprintf(out, "version.%s\t%s\t\t1.%d: true\t%s\t%s\n", rows[i].word,
                minor >= rows[i].minor ? "true" : "false", rows[i].minor,
                rows[i].what, rows[i].source);
}
