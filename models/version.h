/*
 * version - behaviour that changed with a Kubernetes version, by name: one
 * line in version.def. Defaults that changed stand with their setting
 * (sim/io/param.h, `since`).
 */
#ifndef MODELS_VERSION_H
#define MODELS_VERSION_H

#include <stdio.h>

/* VERSION_<word>: the minor version from which on it is so. */
enum {
#define VERSION(word, minor, what, source) VERSION_##word = (minor),
#include "models/version.def"
    VERSION_OLDEST = 26, /* versions that are modelled */
    VERSION_NEWEST = 36
};

/* A line each: version.<word>, whether it is so in 1.MINOR, and the rest as
 * param_document has it. */
void version_document(int minor, FILE *out);

#endif
