/* Pods leave nodes that are tainted NoExecute when their toleration ends. */
#include "models/controllers/tainteviction_rules.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_tainteviction;

static const struct controller *const one[] = {&controller_tainteviction, NULL};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TOLERATE(k, s)                                                         \
    {                                                                          \
        .key = (k), .exists = true, .value = "", .effect = -1, .seconds = (s)  \
    }

/* --- rules --- */

static void test_min_toleration(void **state)
{
    static const struct {
        size_t count;
        sim_time seconds[3], least;
    } cases[] = {
        {0, {0}, 0},
        {1, {SIM_NEVER}, SIM_NEVER},
        {2, {1, 2}, 1},
        {2, {1, SIM_NEVER}, 1},
        {3, {5, 0, SIM_NEVER}, 0},
        {2, {-1, 5}, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (tainteviction_min_toleration(cases[i].seconds, cases[i].count) !=
            cases[i].least)
            fail_msg("case %zu", i);
    }
}

static const struct taint gone = {"gone", "", TAINT_NO_EXECUTE};
static const struct taint sick = {"sick", "", TAINT_NO_EXECUTE};
static const struct taint full = {"full", "", TAINT_NO_SCHEDULE};

static void test_delay(void **state)
{
    static const struct {
        struct taint taints[2];
        size_t taint_count;
        struct toleration tolerations[2];
        size_t toleration_count;
        sim_time delay;
    } cases[] = {
        {{{"gone", "", TAINT_NO_EXECUTE}}, 0, {{0}}, 0, SIM_NEVER},
        {{{"gone", "", TAINT_NO_EXECUTE}}, 1, {{0}}, 0, 0},
        {{{"gone", "", TAINT_NO_SCHEDULE}}, 1, {{0}}, 0, SIM_NEVER},
        {{{"gone", "", TAINT_NO_EXECUTE}},
         1,
         {TOLERATE("sick", SIM_NEVER)},
         1,
         0},
        {{{"gone", "", TAINT_NO_EXECUTE}}, 1, {TOLERATE("gone", 300)}, 1, 300},
        {{{"gone", "", TAINT_NO_EXECUTE}, {"sick", "", TAINT_NO_EXECUTE}},
         2,
         {TOLERATE("gone", 300), TOLERATE("sick", 60)},
         2,
         60},
        {{{"gone", "", TAINT_NO_EXECUTE}, {"sick", "", TAINT_NO_EXECUTE}},
         2,
         {TOLERATE("gone", 300)},
         1,
         0},
        {{{"gone", "", TAINT_NO_EXECUTE}}, /* the first that matches */
         1,
         {TOLERATE("gone", 300), TOLERATE(NULL, 5)},
         2,
         300},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        sim_time delay = tainteviction_delay(
            cases[i].taints, cases[i].taint_count, cases[i].tolerations,
            cases[i].toleration_count);

        if (delay != cases[i].delay)
            fail_msg("case %zu: %lld", i, (long long)delay);
    }
}

/* --- the controller --- */

static const struct toleration tolerations[] = {TOLERATE("gone", 300 * SIM_S),
                                                TOLERATE("sick", SIM_NEVER)};
static const struct pod_template patient = {.grace_period = 30 * SIM_S,
                                            .toleration_count = 2,
                                            .tolerations = tolerations};
static const struct pod_template plain = {.grace_period = 30 * SIM_S};

static pod_id bound(struct control *c, const struct pod_template *template)
{
    pod_id id = control_pod(c, template, "p");

    world_pod_bind(c->s.world, id, 0);
    control_ready(c, id);
    return id;
}

static struct control *begin(void)
{
    struct control *c = control_new(one);

    c->manual = true;
    control_add_nodes(c, 1, "");
    control_run(c, 1);
    return c;
}

static bool terminating(const struct control *c, pod_id id)
{
    return world_pod(c->s.world, id)->deletion != SIM_NEVER;
}

static void test_evicted_when_it_ends(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    pod_id soon = bound(c, &plain), late = bound(c, &patient);

    (void)state;
    world_node_set_up(w, 0, false,
                      world_incident(w, "x", "crash", "node/n0", NO_ID));
    control_run(c, 10);
    world_node_taint(w, 0, full);
    control_run(c, 20);
    assert_false(terminating(c, soon));
    world_node_taint(w, 0, gone);
    control_run(c, 20.1);
    assert_true(terminating(c, soon));
    assert_false(terminating(c, late));
    control_run(c, 319.9);
    assert_false(terminating(c, late));
    control_run(c, 320.1);
    assert_true(terminating(c, late));
    assert_string_equal(world_pod(w, late)->reason, "TaintEviction");
    assert_int_equal(world_pod_origin(w, late), world_node(w, 0)->origin);
    control_free(c);
}

static void test_cancelled(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    pod_id late = bound(c, &patient);

    (void)state;
    world_node_taint(w, 0, gone);
    control_run(c, 200);
    world_node_untaint(w, 0, "gone", TAINT_NO_EXECUTE);
    control_run(c, 250);
    world_node_taint(w, 0, gone); /* the clock starts anew */
    control_run(c, 549.9);
    assert_false(terminating(c, late));
    control_run(c, 550.1);
    assert_true(terminating(c, late));
    control_free(c);
}

/* Another taint that is tolerated for ever leaves the first's clock; one
 * that is not ends it. */
static void test_second_taint(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    pod_id late = bound(c, &patient);

    (void)state;
    world_node_taint(w, 0, gone);
    control_run(c, 100);
    world_node_taint(w, 0, sick);
    control_run(c, 200);
    assert_false(terminating(c, late));
    world_node_taint(w, 0, (struct taint){"other", "", TAINT_NO_EXECUTE});
    control_run(c, 200.1);
    assert_true(terminating(c, late));
    control_free(c);
}

/* A pod that comes to a tainted node. */
static void test_bound_later(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    pod_id late, soon;

    (void)state;
    world_node_taint(w, 0, gone);
    control_run(c, 50);
    late = bound(c, &patient);
    soon = bound(c, &plain);
    control_run(c, 50.1);
    assert_true(terminating(c, soon));
    control_run(c, 349.9);
    assert_false(terminating(c, late));
    control_run(c, 350.1);
    assert_true(terminating(c, late));
    control_free(c);
}

/* A controller that starts again counts from then. */
static void test_restart(void **state)
{
    struct control *c = begin();
    struct controller_run *run =
        controllers_find(c->s.controllers, "tainteviction");
    pod_id late = bound(c, &patient);

    (void)state;
    world_node_taint(c->s.world, 0, gone);
    control_run(c, 200);
    controller_set_stopped(run, true);
    control_run(c, 210);
    controller_set_stopped(run, false);
    control_run(c, 509.9);
    assert_false(terminating(c, late));
    control_run(c, 510.1);
    assert_true(terminating(c, late));
    control_free(c);
}

/* 100 pods: three requests and an Event each, 20 a second. */
static void test_many(void **state)
{
    struct control *c = begin();
    size_t count = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        bound(c, &plain);
    world_node_taint(c->s.world, 0, gone);
    control_run(c, 10);
    for (pod_id id = 0; id < 100; id++)
        count += terminating(c, id);
    assert_in_range(count, 50, 75);
    control_run(c, 30);
    for (pod_id id = 0; id < 100; id++)
        assert_true(terminating(c, id));
    control_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_min_toleration),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_evicted_when_it_ends),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_second_taint),
        cmocka_unit_test(test_bound_later),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
