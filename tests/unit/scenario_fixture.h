/*
 * scenario_fixture - scenarios of a test: from a text, through a file.
 */
#ifndef TESTS_UNIT_SCENARIO_FIXTURE_H
#define TESTS_UNIT_SCENARIO_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "models/scenario.h"

struct fixture {
    char path[64];
    struct scenario *s;
    char *messages;
};

static const struct scenario_options no_options;

/* Loads a text through a file, with options (their files are replaced). */
static inline void load_with(struct fixture *f, const char *text,
                             struct scenario_options options)
{
    struct diag *diag = diag_new();
    const char *files[1];
    FILE *stream;
    size_t size;
    int fd;

    snprintf(f->path, sizeof f->path, "/tmp/podchurn-test-XXXXXX");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    stream = fdopen(fd, "w");
    fputs(text, stream);
    fclose(stream);
    files[0] = f->path;
    options.files = files;
    options.file_count = 1;
    f->s = scenario_load(&options, diag);
    unlink(f->path);
    stream = open_memstream(&f->messages, &size);
    diag_print(diag, stream);
    fclose(stream);
    diag_free(diag);
}

static inline void load(struct fixture *f, const char *text)
{
    load_with(f, text, no_options);
}

static inline void loads(struct fixture *f, const char *text)
{
    load(f, text);
    if (!f->s)
        fail_msg("%s", f->messages);
}

static inline void end(struct fixture *f)
{
    scenario_free(f->s);
    free(f->messages);
}

#define WEB                                                                    \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"      \
    "spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: "      \
    "{metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "   \
    "i:1, resources: {requests: {cpu: 500m}}}]}}}\n"                           \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"              \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"
#define SCENARIO(spec)                                                         \
    "apiVersion: podchurn/v1\nkind: Scenario\nmetadata: {name: t}\nspec:\n"    \
    "  description: x\n" spec

#endif
