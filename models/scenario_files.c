/*
 * Which documents there are: the files of the command line, what the
 * Scenario includes, copies.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "sim/io/units.h"

static bool is_scenario(struct doc_node *root)
{
    const char *kind = doc_text(root, "kind");

    return kind && strcmp(kind, "Scenario") == 0;
}

static bool is_ours(struct doc_node *root)
{
    const char *api = doc_text(root, "apiVersion");

    return api && strncmp(api, "podchurn/", 9) == 0;
}

/* A document of the command line, or of an included file. */
static bool sort_document(struct scenario_reader *r, struct doc_node *root,
                          bool included)
{
    const char *kind = doc_text(root, "kind");

    if (!is_scenario(root)) {
        if (kind && strcmp(kind, "Study") == 0) {
            diag_error(r->diag, root->place,
                       "a Study is not simulated by "
                       "itself: use 'podchurn batch'");
            return false;
        }
        VEC_PUSH(r->manifests, root);
        return true;
    }
    if (included) {
        diag_error(r->diag, root->place,
                   "a Scenario cannot be included in another");
        return false;
    }
    if (r->root) {
        diag_error(r->diag, root->place, "more than one Scenario");
        diag_hint(r->diag, "the first stands at %s:%d:%d", r->root->place.file,
                  r->root->place.line, r->root->place.column);
        return false;
    }
    r->root = root;
    if (is_ours(root) && strcmp(doc_text(root, "apiVersion"), "podchurn/v1"))
        diag_error(r->diag, doc_get(root, "apiVersion")->place,
                   "expected podchurn/v1 for 'apiVersion', got '%.60s'",
                   doc_text(root, "apiVersion"));
    else if (!is_ours(root))
        diag_error(r->diag, root->place,
                   "a Scenario needs 'apiVersion: podchurn/v1'");
    else
        return true;
    return false;
}

static const char *directory_of(struct intern *in, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (!slash)
        return intern(in, "");
    if (slash == path)
        return intern(in, "/");
    return intern_printf(in, "%.*s", (int)(slash - path), path);
}

/* "dir/shop.yaml" -> "shop"; "-" -> "stdin". */
static const char *base_name(struct intern *in, const char *path)
{
    size_t length = strlen(path);
    const char *name, *dot;

    if (strcmp(path, "-") == 0)
        return intern(in, "stdin");
    while (length > 1 && path[length - 1] == '/')
        length--;
    path = intern_printf(in, "%.*s", (int)length, path);
    name = strrchr(path, '/');
    name = name ? name + 1 : path;
    dot = strrchr(name, '.');
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !*name)
        return intern(in, "scenario");
    if (!dot || dot == name)
        return intern(in, name);
    return intern_printf(in, "%.*s", (int)(dot - name), name);
}

/* A Scenario that says nothing, where none was given. */
static void make_root(struct scenario_reader *r)
{
    struct place nowhere = {0};
    struct doc_set *set = r->l.docs;

    r->s->synthetic = true;
    r->root = doc_new_mapping(set, nowhere);
    doc_put(set, r->root, "apiVersion",
            doc_new_scalar(set, nowhere, "podchurn/v1"));
    doc_put(set, r->root, "kind", doc_new_scalar(set, nowhere, "Scenario"));
}

/* Names become folders and CSV fields. */
bool scenario_read_name(struct scenario_reader *r)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    struct doc_node *metadata = doc_get(r->root, "metadata");
    struct doc_node *name = doc_get(metadata, "name");

    if (metadata)
        doc_use_all(metadata);
    r->s->name = base_name(r->l.intern,
                           r->options->file_count ? r->options->files[0] : "-");
    if (!name)
        return true;
    if (name->kind != DOC_SCALAR || !*name->text || *name->text == '.' ||
        strspn(name->text, allowed) != strlen(name->text)) {
        diag_error(r->diag, name->place,
                   "expected letters, digits, '.', '_' and '-' for 'name', "
                   "got '%.60s'",
                   name->text);
        return false;
    }
    r->s->name = intern(r->l.intern, name->text);
    return true;
}

static bool read_file(struct scenario_reader *r, const char *path)
{
    const struct scenario_options *o = r->options;

    if (o->input && strcmp(path, "-") == 0)
        return doc_read_bytes(r->l.docs, path, o->input, o->input_size,
                              r->diag);
    return doc_read_path(r->l.docs, path, r->diag);
}

bool scenario_read_files(struct scenario_reader *r)
{
    size_t i;
    bool ok = r->options->file_count > 0;

    if (!ok)
        diag_error(r->diag, (struct place){0}, "no files to read");
    for (i = 0; i < r->options->file_count; i++)
        ok &= read_file(r, r->options->files[i]);
    for (i = 0; i < doc_count(r->l.docs); i++)
        ok &= sort_document(r, doc_root(r->l.docs, i), false);
    if (r->root)
        r->l.base = directory_of(r->l.intern, r->root->place.file);
    else
        make_root(r);
    return ok;
}

/* ---- includes ---- */

static bool include(struct scenario_reader *r, const struct doc_node *item,
                    const char *path, int64_t copies)
{
    size_t first = doc_count(r->l.docs), kept = r->manifests.count, i, end;
    struct diag *diag = r->diag;
    size_t errors = diag_errors(diag);
    bool ok = doc_read_path(r->l.docs, loader_path(&r->l, path), r->diag);

    if (!ok && diag_errors(diag) > errors)
        diag_hint(diag, "included at %s:%d:%d", item->place.file,
                  item->place.line, item->place.column);
    for (i = first; i < doc_count(r->l.docs); i++)
        ok &= sort_document(r, doc_root(r->l.docs, i), true);
    end = r->manifests.count;
    if (!ok || copies < 0)
        return ok;
    r->manifests.count = kept;
    for (i = kept; ok && i < end; i++) {
        /* The list grows while it is read: from its own end on. */
        struct doc_node *root = doc_root(r->l.docs, first + i - kept);

        ok = scenario_copies(r, root, copies);
    }
    return ok;
}

static bool include_item(struct scenario_reader *r, struct doc_node *item)
{
    struct doc_node *file, *copies;
    int64_t count = -1;

    if (item->kind == DOC_SCALAR)
        return include(r, item, item->text, -1);
    file = doc_get(item, "file");
    copies = doc_get(item, "copies");
    if (!file || file->kind != DOC_SCALAR ||
        item->count != (copies ? 2U : 1U)) {
        diag_error(r->diag, item->place,
                   "expected a path or {file: PATH, copies: N} in 'include'");
        return false;
    }
    if (copies &&
        (copies->kind != DOC_SCALAR || !units_int(copies->text, &count) ||
         count < 1 || count > 1000000)) {
        diag_error(r->diag, copies->place,
                   "expected a number from 1 to 1000000 for 'copies', got "
                   "'%.60s'",
                   copies->text);
        return false;
    }
    return include(r, item, file->text, count);
}

bool scenario_read_includes(struct scenario_reader *r)
{
    struct doc_node *list = doc_get(doc_get(r->root, "spec"), "include"), *item;
    bool ok = true;

    if (!list)
        return true;
    doc_use_all(list);
    if (list->kind == DOC_SCALAR)
        return include_item(r, list);
    if (list->kind != DOC_SEQUENCE) {
        diag_error(r->diag, list->place,
                   "expected a list of files for 'include'");
        return false;
    }
    for (item = list->first; item; item = item->next)
        ok &= include_item(r, item);
    return ok;
}
