/* Tables of settings: read, refused, printed, documented. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/io/param.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct inner {
    bool on;
    sim_time every;
};

struct item {
    char *name;
    int64_t port;
};

struct all {
    bool flag;
    int64_t count, small;
    double number, ratio, rate;
    sim_time duration, bounded;
    int64_t cpu, memory, limit;
    char *text;
    struct param_strings strings;
    struct param_map map;
    int mode;
    struct dist dist;
    struct inner inner;
    struct param_list items;
    int64_t custom;
};

static const struct param inner_table[] = {
    {.name = "on",
     .type = PARAM_BOOL,
     .offset = offsetof(struct inner, on),
     .text = "true",
     .help = "switch"},
    {.name = "every",
     .type = PARAM_DURATION,
     .offset = offsetof(struct inner, every),
     .text = "10s"},
    {0},
};

static const struct param item_table[] = {
    {.name = "name",
     .type = PARAM_STRING,
     .offset = offsetof(struct item, name),
     .required = true},
    {.name = "port",
     .type = PARAM_INT,
     .offset = offsetof(struct item, port),
     .text = "80",
     .min = 1,
     .max = 65535},
    {0},
};

static const char *const modes[] = {"iptables", "ipvs", "nftables", NULL};
static const struct param_since count_since[] = {
    {27, "20"}, {30, "50"}, {0, NULL}};

static bool read_custom(const struct param *row, void *field,
                        struct doc_node *node, struct diag *diag)
{
    assert_string_equal(row->name, "custom");
    if (node->kind != DOC_SCALAR || strcmp(node->text, "seven") != 0) {
        diag_error(diag, node->place, "not seven");
        return false;
    }
    *(int64_t *)field = 7;
    return true;
}

static void print_custom(const struct param *row, const void *field, FILE *out,
                         int indent)
{
    (void)row;
    (void)indent;
    fputs(*(const int64_t *)field == 7 ? "seven\n" : "null\n", out);
}

#define ROW(field, kind, ...)                                                  \
    {                                                                          \
        .name = #field, .type = kind, .offset = offsetof(struct all, field),   \
        __VA_ARGS__                                                            \
    }

static const struct param table[] = {
    ROW(flag, PARAM_BOOL, .text = "no"),
    ROW(count, PARAM_INT, .text = "5", .since = count_since, .help = "how many",
        .source = "v1.36 here"),
    ROW(small, PARAM_INT, .min = -3, .max = 3),
    ROW(number, PARAM_DOUBLE, .text = "-1.5"),
    ROW(ratio, PARAM_RATIO, .text = "20%", .max = 1),
    ROW(rate, PARAM_RATE, .text = "120/m"),
    ROW(duration, PARAM_DURATION, .text = "forever"),
    ROW(bounded, PARAM_DURATION, .text = "1s", .min = 0.5, .max = 3600),
    ROW(cpu, PARAM_MILLI, .text = "1500m"),
    ROW(memory, PARAM_QUANTITY, .text = "128Mi"),
    ROW(limit, PARAM_LIMIT, .text = "unlimited"),
    ROW(text, PARAM_STRING, .text = "hello"),
    ROW(strings, PARAM_STRINGS, .text = "[a, \"b c\"]"),
    ROW(map, PARAM_MAP, .text = "{app: web, \"true\": \"1\"}"),
    ROW(mode, PARAM_ENUM, .text = "ipvs", .choices = modes),
    ROW(dist, PARAM_DIST, .text = "{exponential: {mean: 20ms}}"),
    ROW(inner, PARAM_TABLE, .table = inner_table),
    ROW(items, PARAM_LIST, .table = item_table,
        .item_size = sizeof(struct item)),
    ROW(custom, PARAM_CUSTOM, .text = "seven", .read = read_custom,
        .print = print_custom),
    {0},
};

/* The text that a function prints to a stream; the caller frees it. */
static char *printed(void (*print)(const void *, FILE *), const void *what)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    print(what, out);
    fclose(out);
    return text;
}

static void print_diag(const void *diag, FILE *out)
{
    diag_print(diag, out);
}

static void print_all(const void *all, FILE *out)
{
    param_print(table, all, out, 2);
}

static void defaults(void **state)
{
    struct all all;

    (void)state;
    memset(&all, 0xff, sizeof all);
    param_defaults(table, &all, 36);
    assert_false(all.flag);
    assert_int_equal(all.count, 50);
    assert_int_equal(all.small, 0);
    assert_true(all.number == -1.5);
    assert_true(all.ratio == 0.2);
    assert_true(all.rate == 2);
    assert_true(all.duration == SIM_NEVER);
    assert_true(all.bounded == SIM_S);
    assert_int_equal(all.cpu, 1500);
    assert_int_equal(all.memory, 128 << 20);
    assert_true(all.limit == INT64_MAX);
    assert_string_equal(all.text, "hello");
    assert_int_equal(all.strings.count, 2);
    assert_string_equal(all.strings.items[1], "b c");
    assert_int_equal(all.map.count, 2);
    assert_string_equal(all.map.items[1].name, "true");
    assert_int_equal(all.mode, 1);
    assert_true(dist_mean(&all.dist) == 0.02);
    assert_true(all.inner.on);
    assert_true(all.inner.every == 10 * SIM_S);
    assert_int_equal(all.items.count, 0);
    assert_int_equal(all.custom, 7);
    param_release(table, &all);
    assert_null(all.text);

    param_defaults(table, &all, 26);
    assert_int_equal(all.count, 5);
    param_release(table, &all);
    param_defaults(table, &all, 27);
    assert_int_equal(all.count, 20);
    param_release(table, &all);
}

static const char document[] = "flag: on\n"
                               "count: 12\n"
                               "small: -3\n"
                               "number: 1e-3\n"
                               "ratio: 0.5\n"
                               "rate: 30\n"
                               "duration: 1h30m\n"
                               "bounded: 1h\n"
                               "cpu: 2\n"
                               "memory: 1e9\n"
                               "limit: 7\n"
                               "text: 'null'\n"
                               "strings: [x]\n"
                               "map: {k: v}\n"
                               "mode: nftables\n"
                               "dist: {weibull: {shape: 0.8, mean: 12h}}\n"
                               "inner: {on: off}\n"
                               "items:\n"
                               "- name: web\n"
                               "- {name: db, port: 5432}\n"
                               "custom: ~\n";

static bool read_text(struct all *all, const char *text, struct diag *diag)
{
    struct doc_set *set = doc_set_new();
    bool ok = doc_read_text(set, "t", text, diag);

    param_defaults(table, all, 36);
    if (ok)
        ok = param_read(table, all, doc_root(set, 0), 36, diag);
    doc_set_free(set);
    return ok;
}

static void check_document(const struct all *all)
{
    const struct item *items = all->items.items;

    assert_true(all->flag);
    assert_int_equal(all->count, 12);
    assert_int_equal(all->small, -3);
    assert_true(all->number == 1e-3);
    assert_true(all->ratio == 0.5);
    assert_true(all->rate == 30);
    assert_true(all->duration == 90 * SIM_MIN);
    assert_true(all->bounded == SIM_HOUR);
    assert_int_equal(all->cpu, 2000);
    assert_int_equal(all->memory, 1000000000);
    assert_int_equal(all->limit, 7);
    assert_string_equal(all->text, "null");
    assert_int_equal(all->strings.count, 1);
    assert_string_equal(all->strings.items[0], "x");
    assert_int_equal(all->map.count, 1);
    assert_string_equal(all->map.items[0].value, "v");
    assert_int_equal(all->mode, 2);
    assert_true(fabs(dist_mean(&all->dist) - 43200) < 1e-6);
    assert_false(all->inner.on);
    assert_true(all->inner.every == 10 * SIM_S);
    assert_int_equal(all->items.count, 2);
    assert_string_equal(items[0].name, "web");
    assert_int_equal(items[0].port, 80);
    assert_int_equal(items[1].port, 5432);
    assert_int_equal(all->custom, 7);
}

static void reads(void **state)
{
    struct diag *diag = diag_new();
    struct all all;

    (void)state;
    assert_true(read_text(&all, document, diag));
    assert_int_equal(diag_errors(diag), 0);
    check_document(&all);
    assert_true(param_read(table, &all, NULL, 36, diag));
    check_document(&all);
    param_release(table, &all);
    diag_free(diag);
}

/* What is printed reads back to the same. */
static void prints(void **state)
{
    struct diag *diag = diag_new();
    struct all all, back;
    char *text, *again;

    (void)state;
    assert_true(read_text(&all, document, diag));
    text = printed(print_all, &all);
    assert_non_null(strstr(text, "  duration: 1h30m\n"));
    assert_non_null(strstr(text, "  text: \"null\"\n"));
    assert_non_null(
        strstr(text, "  dist: {weibull: {shape: 0.8, mean: 12h}}\n"));
    assert_non_null(strstr(text, "  inner:\n    on: false\n    every: 10s\n"));
    assert_non_null(strstr(text, "  items:\n  - name: web\n    port: 80\n"
                                 "  - name: db\n    port: 5432\n"));
    assert_true(read_text(&back, text, diag));
    check_document(&back);
    again = printed(print_all, &back);
    assert_string_equal(text, again);
    free(text);
    free(again);
    param_release(table, &all);
    param_release(table, &back);
    diag_free(diag);
}

static void refuses(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"flag: 2", "t:1:7: error: expected true or false for 'flag', got "
                    "'2'\n"},
        {"count: ten", "t:1:8: error: expected a whole number for 'count', "
                       "got 'ten'\n"},
        {"count: 1.5", "t:1:8: error: expected a whole number for 'count', "
                       "got '1.5'\n"},
        {"count: -1", "t:1:8: error: 'count' must not be below 0, got "
                      "'-1'\n"},
        {"count: 99999999999999999999",
         "t:1:8: error: expected a whole number for 'count', got "
         "'99999999999999999999'\n"},
        {"count: [1]",
         "t:1:8: error: expected a whole number for 'count', got a list\n"},
        {"small: 4", "t:1:8: error: 'small' must be from -3 to 3, not '4'\n"},
        {"ratio: 120%", "t:1:8: error: 'ratio' must be from 0 to 1, not "
                        "'120%'\n"},
        {"rate: fast", "t:1:7: error: expected a rate for 'rate', got 'fast'\n"
                       "  a number and /s, /m, /h or /d: 200/s\n"},
        {"duration: 10 minutes",
         "t:1:11: error: expected a duration for 'duration', got '10 "
         "minutes'\n"
         "  a number and a unit: ns, us, ms, s, m, h, d, w or y, as in "
         "1h30m\n"},
        {"bounded: 2h", "t:1:10: error: 'bounded' must be from 500ms to 1h, "
                        "not '2h'\n"},
        {"bounded: never", "t:1:10: error: expected a duration for 'bounded', "
                           "got 'never'\n"
                           "  a number and a unit: ns, us, ms, s, m, h, d, w "
                           "or y, as in 1h30m\n"},
        {"cpu: -1", "t:1:6: error: 'cpu' must not be below 0, got '-1'\n"},
        {"memory: 1KB", "t:1:9: error: expected a quantity for 'memory', got "
                        "'1KB'\n"
                        "  a number and maybe a suffix: 128Mi, 1.5G, 1e9\n"},
        {"limit: none", "t:1:8: error: expected a whole number or "
                        "'unlimited' for 'limit', got 'none'\n"},
        {"text: {a: b}",
         "t:1:7: error: expected a text for 'text', got a mapping\n"},
        {"strings: x", "t:1:10: error: expected a list of texts for "
                       "'strings', got 'x'\n"
                       "  as in [a, b]\n"},
        {"map:\n  a: [b]", "t:2:6: error: expected a mapping of texts for "
                           "'a', got a list\n"
                           "  as in {app: web}\n"},
        {"mode: ipvz", "t:1:7: error: unknown value 'ipvz' for 'mode'\n"
                       "  did you mean 'ipvs'?\n"},
        {"mode: userspace",
         "t:1:7: error: unknown value 'userspace' for 'mode'\n"
         "  known: iptables, ipvs, nftables\n"},
        {"inner: 5", "t:1:8: error: expected a mapping for 'inner', got "
                     "'5'\n"},
        {"inner: {evry: 5s}", "t:1:9: error: unknown key 'evry' in 'inner'\n"
                              "  did you mean 'every'?\n"},
        {"cuont: 5", "t:1:1: error: unknown key 'cuont'\n"
                     "  did you mean 'count'?\n"},
        {"items: [{port: 1}]", "t:1:9: error: missing key 'name' in 'items'\n"},
        {"items: [5]", "t:1:9: error: expected a mapping for 'items', got "
                       "'5'\n"},
        {"items:\n-", "t:2:2: error: missing key 'name' in 'items'\n"},
        {"items:\n- name:\n", "t:2:3: error: missing key 'name' in "
                              "'items'\n"},
        {"custom: 8", "t:1:9: error: not seven\n"},
        {"- 5", "t:1:1: error: expected a mapping, got a list\n"},
        {"count: x\nflag: y",
         "t:1:8: error: expected a whole number for 'count', got 'x'\n"
         "t:2:7: error: expected true or false for 'flag', got 'y'\n"},
        {"dist: soon",
         "t:1:7: error: expected a distribution for 'dist', got 'soon'\n"
         "  a number of seconds, a duration, 'never', or a kind as in "
         "{exponential: {mean: 20ms}}\n"},
        {"dist: -5", "t:1:7: error: 'dist' must not be negative, got '-5'\n"},
        {"dist: {wiebull: 5}", "t:1:8: error: unknown distribution "
                               "'wiebull'\n  did you mean 'weibull'?\n"},
        {"dist: {weibull: {shape: 1}}",
         "t:1:17: error: bad distribution: 'weibull' needs shape, and scale "
         "or mean\n"},
        {"dist: {weibull: {shap: 1}}",
         "t:1:18: error: unknown key 'shap' in 'weibull'\n"
         "  did you mean 'shape'?\n"},
        {"dist: {exponential: {mean: x}}",
         "t:1:28: error: expected a duration for 'mean', got 'x'\n"},
        {"dist: {exponential: [5]}",
         "t:1:21: error: expected a mapping for 'exponential', got a list\n"},
        {"dist: {hyperexponential: {probabilities: 1, means: [1]}}",
         "t:1:42: error: expected a list of numbers for 'probabilities', got "
         "'1'\n"},
        {"dist: {hyperexponential: {probabilities: [x], means: [1]}}",
         "t:1:43: error: expected a number for 'probabilities', got 'x'\n"},
        {"dist: {empirical: {file: x.csv}}",
         "t:1:19: error: 'empirical' needs a file and the name of a "
         "column\n"},
        {"dist: {empirical: {file: absent.csv, column: c}}",
         "absent.csv: error: cannot read: No such file or directory\n"},
        {"dist: {uniform: {min: 2, max: 1}, weibull: 1}",
         "t:1:7: error: expected a distribution for 'dist', got a mapping\n"
         "  a number of seconds, a duration, 'never', or a kind as in "
         "{exponential: {mean: 20ms}}\n"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        struct diag *diag = diag_new();
        struct all all;
        char *text;

        assert_false(read_text(&all, cases[i].text, diag));
        text = printed(print_diag, diag);
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("%s:\ngot  %swant %s", cases[i].text, text, cases[i].want);
        free(text);
        param_release(table, &all);
        diag_free(diag);
    }
}

static void print_documents(const void *unused, FILE *out)
{
    (void)unused;
    param_document(table, "spec.", 36, out);
}

static void looks_up(void **state)
{
    char *text;

    (void)state;
    assert_ptr_equal(param_find(table, "inner"), &table[16]);
    assert_ptr_equal(param_find(table, "inner.every"), &inner_table[1]);
    assert_ptr_equal(param_find(table, "items[web].port"), &item_table[1]);
    assert_ptr_equal(param_find(table, "items.port"), &item_table[1]);
    assert_null(param_find(table, ""));
    assert_null(param_find(table, "inner."));
    assert_null(param_find(table, "inne"));
    assert_null(param_find(table, "inner.every.x"));
    assert_null(param_find(table, "nothing"));

    text = printed(print_documents, NULL);
    assert_non_null(strstr(text, "spec.count\t50\t1\t1.27: 20; 1.30: 50\t"
                                 "how many\tv1.36 here\n"));
    assert_non_null(strstr(text, "spec.inner.on\ttrue\t\t\tswitch\t\n"));
    assert_non_null(strstr(text, "spec.items[].port\t80\t1\t\t\t\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(reads),
        cmocka_unit_test(prints),   cmocka_unit_test(refuses),
        cmocka_unit_test(looks_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
