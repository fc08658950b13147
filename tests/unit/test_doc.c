/* Documents: what is read, where it stands, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/io/doc.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A tree on one line: 'quoted', plain, ~, [a, b], {k: v}; with_places adds
 * @line:column to each value and key. */
static void show(const struct doc_node *node, bool with_places, FILE *out)
{
    const struct doc_node *child;

    switch (node->kind) {
    case DOC_NULL:
        fputc('~', out);
        break;
    case DOC_SCALAR:
        fprintf(out, node->plain ? "%s" : "'%s'", node->text);
        break;
    case DOC_SEQUENCE:
    case DOC_MAPPING:
        fputc(node->kind == DOC_MAPPING ? '{' : '[', out);
        for (child = node->first; child; child = child->next) {
            assert_ptr_equal(child->parent, node);
            if (child->key)
                fprintf(out, "%s", child->key);
            if (child->key && with_places)
                fprintf(out, "@%d:%d", child->key_place.line,
                        child->key_place.column);
            if (child->key)
                fputs(": ", out);
            show(child, with_places, out);
            if (child->next)
                fputs(", ", out);
            else
                assert_ptr_equal(child, node->last);
        }
        fputc(node->kind == DOC_MAPPING ? '}' : ']', out);
        break;
    }
    if (with_places)
        fprintf(out, "@%d:%d", node->place.line, node->place.column);
}

/* All documents, each ended by ";", then the messages. */
static char *show_all(const struct doc_set *set, const struct diag *diag,
                      bool with_places)
{
    char *text = NULL;
    size_t size = 0, i;
    FILE *out = open_memstream(&text, &size);

    for (i = 0; i < doc_count(set); i++) {
        show(doc_root(set, i), with_places, out);
        fputc(';', out);
    }
    diag_print(diag, out);
    fclose(out);
    return text;
}

static void assert_read(const char *text, bool with_places, const char *want)
{
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();
    bool ok = doc_read_text(set, "t", text, diag);
    char *got = show_all(set, diag, with_places);

    if (strcmp(got, want) != 0)
        fail_msg("%s:\ngot  %s\nwant %s", text, got, want);
    assert_int_equal(ok, diag_errors(diag) == 0);
    free(got);
    doc_set_free(set);
    diag_free(diag);
}

static void reads(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a: 1", "{a: 1};"},
        {"a: '1'\nb: \"2\"\n", "{a: '1', b: '2'};"},
        {"a:\nb: ~\nc: null\nd: Null\ne: 'null'\nf: NULL\ng: nil\n",
         "{a: ~, b: ~, c: ~, d: ~, e: 'null', f: ~, g: nil};"},
        {"- a\n- [b, {c: d}]\n-\n", "[a, [b, {c: d}], ~];"},
        {"a: {}\nb: []\n", "{a: {}, b: []};"},
        {"a: !!str 5\nb: !!int '5'\nc: !!null ''\nd: !mine x\n",
         "{a: '5', b: 5, c: ~, d: 'x'};"},
        {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a: 'x\ny\n', b: 'x y'};"},
        {"a: 1\n---\nb: 2\n...\n---\nc: 3\n", "{a: 1};{b: 2};{c: 3};"},
        {"---\n---\n# nothing\n---\na: 1\n---\n", "{a: 1};"},
        {"# only a comment\n", ""},
        {"---\n", ""},
        {"~", ""},
        {"hello", "hello;"},
        {"\xef\xbb\xbf"
         "a: 1\r\nb: 2\r\n",
         "{a: 1, b: 2};"},
        {"a: gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80",
         "{a: gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80};"},
        /* JSON */
        {"{\"a\":1,\"b\":[true,null,\"x\"]}", "{a: 1, b: [true, ~, 'x']};"},
        {"{\n\t\"a\":\t1,\n\t\"b\t\":\t\"x\ty\"\n}\n", "{a: 1, b\t: 'x\ty'};"},
        {"{\"a\": \"\\ud83d\\ude00 \\u00fc \\/ \\\" \\\\ \\n\"}",
         "{a: '\xf0\x9f\x98\x80 \xc3\xbc / \" \\ \n'};"},
        {"{\"a\": \"\\ud83d x\", \"b\": \"\\ude00\"}",
         "{a: '\xef\xbf\xbd x', b: '\xef\xbf\xbd'};"},
        {"{\"a\": \"\\\\ud83d\"}", "{a: '\\ud83d'};"},
        /* anchors */
        {"a: &x {b: 1}\nc: *x\nd: *x\n", "{a: {b: 1}, c: {b: 1}, d: {b: 1}};"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2};"},
        {"&k key: *k\n", "{key: key};"},
        {"a: &x k\n*x : 2\n", "{a: k, k: 2};"},
        {"base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n",
         "{base: {x: 1, y: 2}, c: {y: 3, x: 1}};"},
        {"a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\n",
         "{a: {x: 1}, b: {x: 2, y: 2}, c: {z: 3, x: 1, y: 2}};"},
        {"a: {<<: {x: 1}, <<: {y: 2}}", "{a: {x: 1, y: 2}};"},
        {"a: {<<: ~, x: 1}", "{a: {x: 1}};"},
        {"a: 2\n---\nb: 3 # end", "{a: 2};{b: 3};"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++)
        assert_read(cases[i].text, false, cases[i].want);
}

static void knows_places(void **state)
{
    (void)state;
    assert_read("# x\na:\n  b: 1\n  c:\n  - x\n  -   'y'\n", true,
                "{a@2:1: {b@3:3: 1@3:6, c@4:3: [x@5:5, 'y'@6:7]@5:3}@3:3}"
                "@2:1;");
    assert_read("{\"a\":\r\n\t\"b\"}", true, "{a@1:2: 'b'@2:2}@1:1;");
    assert_read("\xef\xbb\xbf\xc3\xbc: \xc3\xbc", true,
                "{\xc3\xbc@1:1: \xc3\xbc@1:4}@1:1;");
    assert_read("a: |\n  x\n---\nb: c", true,
                "{a@1:1: 'x\n'@1:4}@1:1;{b@4:1: c@4:4}@4:1;");
}

static void refuses(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "t: error: file is empty\n"},
        {"  \n\t\n", "t: error: file is empty\n"},
        {"\xef\xbb\xbf", "t: error: file is empty\n"},
        {"\xff\xfe"
         "a",
         "t: error: not UTF-8: this is UTF-16\n"},
        {"a: 1\na: 2\n",
         "{a: 1, a: 2};t:2:1: error: key 'a' is given twice, first in line "
         "1\n"},
        {"a: 1\nb: \xff\n", "t:2:4: error: not UTF-8: byte 0xff\n"},
        {"a: \xc3", "t:1:4: error: not UTF-8: byte 0xc3\n"},
        {"\xc0\x80", "t:1:1: error: not UTF-8: byte 0xc0\n"},
        {"\xed\xa0\x80", "t:1:1: error: not UTF-8: byte 0xed\n"},
        {"\xc3\xbc\x01", "t:1:2: error: control character U+0001\n"},
        {"\x7f"
         "ELF",
         "t:1:1: error: control character U+007F\n"},
        {"a: \"\\0\"", "t:1:4: error: a text with a NUL character\n"},
        {"a: [1, 2", "t:2:1: error: not YAML: did not find expected ',' or "
                     "']'\n  while parsing a flow sequence that begins at "
                     "line 1, column 4\n"},
        {"a: 1\n  b: 2\n", "t:2:4: error: not YAML: mapping values are not "
                           "allowed in this context\n"},
        {"a:\n\tb: 1\n", "t:2:1: error: not YAML: found character that cannot "
                         "start any token\n"
                         "  while scanning for the next token that begins at "
                         "line 2, column 1\n"
                         "  it has a tab: YAML is indented by blanks\n"},
        {"a: {{ .Values.x }}\n",
         "t:1:5: error: a key is a text, not a mapping or a sequence\n"
         "  it has {{ }}: a template is to be rendered first, for instance "
         "by helm template\n"},
        {"{{- if .x }}\na: 1\n{{- end }}\n",
         "t:1:2: error: a key is a text, not a mapping or a sequence\n"
         "  it has {{ }}: a template is to be rendered first, for instance "
         "by helm template\n"},
        {"a: *x\n", "t:1:4: error: alias '*x' has no anchor before it\n"},
        {"a: &x 1\n---\nb: *x\n",
         "{a: 1};t:3:4: error: alias '*x' has no anchor before it\n"},
        {"a: &x [1, *x]\n",
         "t:1:11: error: alias '*x' stands within its own anchor\n"},
        {"&x a: {b: *x, c: *y}\n",
         "t:1:18: error: alias '*y' has no anchor before it\n"},
        {"? [a]\n: b\n",
         "t:1:3: error: a key is a text, not a mapping or a sequence\n"},
        {"a: {<<: 5, b: 1}",
         "{a: {b: 1}};t:1:9: error: '<<' takes a mapping or a sequence of "
         "mappings\n"},
        {"a: 1\n---\nb: ]\n",
         "{a: 1};t:3:4: error: not YAML: did not find expected node "
         "content\n  while parsing a block node that begins at line 3, "
         "column 4\n"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++)
        assert_read(cases[i].text, false, cases[i].want);
}

static void lenient(void **state)
{
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();
    char text[4096] = "", *got;
    int i;

    (void)state;
    doc_set_lenient(set);
    for (i = 0; i < 40; i++) /* enough for a table */
        snprintf(text + strlen(text), 32, "k%d: %d\n", i % 20, i);
    assert_true(doc_read_text(set, "t", "a: 1\nb: 2\na: 3\na: 4\n", diag));
    assert_true(doc_read_text(set, "u", text, diag));
    assert_int_equal(diag_warnings(diag), 22);
    assert_int_equal(doc_root(set, 1)->count, 20);
    assert_string_equal(doc_text(doc_root(set, 1), "k7"), "27");
    diag_free(diag);
    diag = diag_new();
    got = show_all(set, diag, false);
    assert_memory_equal(got, "{b: 2, a: 4};", 13);
    free(got);
    doc_set_free(set);
    diag_free(diag);
}

/* ---- access and editing ---- */

static void gets(void **state)
{
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();
    struct doc_node *root;
    char *got;

    (void)state;
    assert_true(doc_read_text(
        set, "t", "a: {b: {c: d, x: 1}}\ne: ~\nf: [{g: 1}]\nh: {i: {j: 1}}",
        diag));
    root = doc_root(set, 0);
    assert_string_equal(doc_path(root, "a", "b", "c", NULL)->text, "d");
    assert_null(doc_path(root, "a", "z", "c", NULL));
    assert_null(doc_get(root, "e"));
    assert_null(doc_get(NULL, "e"));
    assert_null(doc_get(doc_get(root, "f"), "e"));
    assert_null(doc_text(root, "a"));
    doc_unused(root, diag);
    got = show_all(set, diag, false);
    assert_non_null(strchr(got, ';'));
    assert_string_equal(strchr(got, ';'),
                        ";t:1:15: error: unknown key 'x' in 'b'\n"
                        "t:3:6: error: unknown key 'g' in 'f'\n"
                        "t:4:1: error: unknown key 'h'\n");
    free(got);
    doc_use_all(root);
    diag_free(diag);
    diag = diag_new();
    doc_unused(root, diag);
    assert_int_equal(diag_errors(diag), 0);
    diag_free(diag);
    doc_set_free(set);
}

static const char base[] = "a: {b: 1}\nlist: [{name: x, v: 1}, {name: y}]\n"
                           "'k.d': 1\nnothing:\n";

static void edits(void **state)
{
    static const struct {
        const char *path, *value, *want;
    } cases[] = {
        {"a.b", "2", "{a: {b: 2}, "},
        {"a.c", "2", "{a: {b: 1, c: 2}, "},
        {"a.c.d", "{e: [1, 2]}", "{a: {b: 1, c: {d: {e: [1, 2]}}}, "},
        {"a", "", "{a: ~, "},
        {"a.b", "'x: y'", "{a: {b: 'x: y'}, "},
        {"list[x].v", "7", "{a: {b: 1}, list: [{name: x, v: 7}, {name: y}], "},
        {"list[1].v", "7",
         "{a: {b: 1}, list: [{name: x, v: 1}, {name: y, v: 7}], "},
        {"list[y]", "z", "{a: {b: 1}, list: [{name: x, v: 1}, z], "},
        {"list[0]", "{w: 1}", "{a: {b: 1}, list: [{w: 1}, {name: y}], "},
        {"'k.d'", "2",
         "{a: {b: 1}, list: [{name: x, v: 1}, {name: y}], k.d: 2, "},
        {"\"k.d\".e", "2",
         "t: error: no 'e' for '\"k.d\".e': what is there "
         "is not a mapping\n"},
        {"a[b]", "2", "{a: {b: 2}, "},
        {"a['x.y'].z", "2", "{a: {b: 1, x.y: {z: 2}}, "},
        {"nothing.x", "2",
         "{a: {b: 1}, list: [{name: x, v: 1}, {name: y}], k.d: 1, "
         "nothing: {x: 2}};"},
        {"list[z].v", "7",
         "t: error: no item 'z' for 'list[z].v'\n"
         "  known: x, y\n"},
        {"list[2]", "7", "t: error: no item '2' for 'list[2]'\n"},
        {"list.x", "7",
         "t: error: no 'x' for 'list.x': what is there is not a mapping\n"
         "  it is a list: write [NAME] or [INDEX]\n"},
        {"new[x].v", "7", "t: error: no list 'new' for 'new[x].v'\n"},
        {"nothing[x]", "7",
         "t: error: no 'x' for 'nothing[x]': what is "
         "there is not a list\n"},
        {"a.b.c", "7",
         "t: error: no 'c' for 'a.b.c': what is there is not a mapping\n"},
        {"a.b", "[1", "t: error: bad value '[1' for 'a.b'\n"},
        {"a.b", "1\n---\n2", "t: error: bad value '1 --- 2' for 'a.b'\n"},
        {"", "1", "t: error: bad path ''\n"},
        {".a", "1", "t: error: bad path '.a'\n"},
        {"a.", "1", "t: error: bad path 'a.'\n"},
        {"a..b", "1", "t: error: bad path 'a..b'\n"},
        {"a[", "1", "t: error: bad path 'a['\n"},
        {"a[]", "1", "t: error: bad path 'a[]'\n"},
        {"a[x", "1", "t: error: bad path 'a[x'\n"},
        {"a[x]b", "1", "t: error: bad path 'a[x]b'\n"},
        {"a.'b", "1", "t: error: bad path 'a.'b'\n"},
        {"[a]", "1", "t: error: bad path '[a]'\n"},
    };
    struct place place = {"t", 0, 0};
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        struct doc_set *set = doc_set_new();
        struct diag *diag = diag_new();
        bool ok;
        char *got;

        assert_true(doc_read_text(set, "base", base, diag));
        ok = doc_set_path(set, doc_root(set, 0), cases[i].path, cases[i].value,
                          place, diag);
        assert_int_equal(ok, diag_errors(diag) == 0);
        assert_int_equal(doc_count(set), 1);
        got = show_all(set, diag, false);
        if (!strstr(got, cases[i].want))
            fail_msg("%s: got %s, want %s", cases[i].path, got, cases[i].want);
        free(got);
        doc_set_free(set);
        diag_free(diag);
    }
}

static void builds(void **state)
{
    struct doc_set *set = doc_set_new(), *other = doc_set_new();
    struct diag *diag = diag_new();
    struct place place = {"t", 3, 4};
    struct doc_node *map, *copy;
    char *got;

    (void)state;
    assert_true(doc_read_text(other, "o", "x: [1, {y: 'z'}]", diag));
    copy = doc_copy(set, doc_root(other, 0));
    doc_set_free(other);
    assert_true(doc_read_text(set, "t", "a: 1\nb: 2\nc: []\n", diag));
    map = doc_root(set, 0);
    doc_put(set, map, "b", copy);
    doc_put(set, map, "c", doc_new_mapping(set, place));
    doc_put(set, map, "d", doc_new_scalar(set, place, "s"));
    doc_append(doc_path(map, "b", "x", NULL),
               doc_new_scalar(set, place, "end"));
    got = show_all(set, diag, false);
    assert_string_equal(got, "{a: 1, b: {x: [1, {y: 'z'}, end]}, c: {}, "
                             "d: s};");
    free(got);
    doc_set_free(set);
    diag_free(diag);
}

/* ---- files ---- */

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void reads_folders(void **state)
{
    char folder[] = "/tmp/test_doc_XXXXXX", path[128], command[64];
    struct doc_set *set = doc_set_new();
    struct diag *diag = diag_new();
    unsigned long long hash;
    const char *name;
    char *got;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m", folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/.git", folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/loop.yaml", folder);
    assert_int_equal(symlink(".", path), 0);
    put(folder, "z.json", "{\"z\": 1}");
    put(folder, "a.yaml", "a");
    put(folder, "m/b.yml", "b: 1\n---\nc: 1\n");
    put(folder, "m/readme.txt", "{{{");
    put(folder, ".git/x.yaml", "{{{");
    put(folder, ".hidden.yaml", "{{{");
    assert_true(doc_read_path(set, folder, diag));
    got = show_all(set, diag, false);
    assert_string_equal(got, "a;{b: 1};{c: 1};{z: 1};");
    free(got);
    assert_true(doc_input(set, 0, &name, &hash));
    assert_true(hash == 0xaf63dc4c8601ec8cULL); /* FNV-1a of "a" */
    assert_non_null(strstr(name, "/a.yaml"));
    assert_true(doc_input(set, 2, &name, &hash));
    assert_false(doc_input(set, 3, &name, &hash));

    put(folder, "bad.yaml", "[");
    assert_false(doc_read_path(set, folder, diag));
    assert_int_equal(diag_errors(diag), 1);
    assert_int_equal(doc_count(set), 8);
    snprintf(path, sizeof path, "%s/absent", folder);
    assert_false(doc_read_path(set, path, diag));
    snprintf(path, sizeof path, "%s/.git", folder);
    assert_int_equal(unlink(strcat(path, "/x.yaml")), 0);
    *strrchr(path, '/') = '\0';
    assert_false(doc_read_path(set, path, diag));
    assert_int_equal(diag_errors(diag), 3);
    doc_set_free(set);
    diag_free(diag);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),   cmocka_unit_test(knows_places),
        cmocka_unit_test(refuses), cmocka_unit_test(lenient),
        cmocka_unit_test(gets),    cmocka_unit_test(edits),
        cmocka_unit_test(builds),  cmocka_unit_test(reads_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
