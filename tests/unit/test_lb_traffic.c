/* test_lb_traffic - every strategy at work in a cluster where pods come and
 * go: it ends, it is the same each time, and it serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/traffic_fixture.h"

static void churn(struct fixture *f, struct rng *rng)
{
    struct pod *pod = world_pod(f->s.world, f->pods[rng_below(rng, 8)]);

    if (server_listens(pod) && rng_below(rng, 3) == 0) {
        server_reset(f->s.servers, pod);
    } else if (!server_listens(pod)) {
        server_reset(f->s.servers, pod);
        server_open(f->s.servers, pod);
    }
}

static uint64_t storm(const struct lb_strategy *strategy, enum lb_at at)
{
    struct fixture f;
    struct rng rng;
    uint64_t hash;

    fixture_defaults(&f);
    f.traffic[0].timeout = 50 * SIM_MS;
    f.traffic[0].retries_max = 2;
    f.traffic[0].retry_budget = 0.5;
    f.traffic[0].backoff_base = 5 * SIM_MS;
    f.traffic[0].backoff_max = 20 * SIM_MS;
    f.traffic[0].rate = 300;
    f.workload.error_rate = 0.01;
    fixture_balance(&f, strategy, at);
    fixture_make(&f, 1);
    fixture_pods(&f, 8);
    rng_init(&rng, (struct rng_root){1, 0}, "storm", NULL, 0);
    for (int i = 1; i <= 500; i++) {
        run_to(&f, i * 10 * SIM_MS);
        check_conservation(&f);
        churn(&f, &rng);
    }
    let_end(&f);
    assert_true(f.metrics.succeeded > 20);
    hash = f.metrics.hash;
    fixture_release(&f);
    return hash;
}

/* Named one by one: the catalog would bring parts that the fixture is. */
static const struct lb_strategy *const all[] = {
#define LB(file) &lb_##file,
#include "models/catalog.def"
    NULL};

static void test_storm(void **state)
{
    (void)state;
    for (size_t i = 0; all[i]; i++)
        for (int at = LB_PROXY; at <= LB_GATEWAY; at++)
            assert_int_equal(storm(all[i], (enum lb_at)at),
                             storm(all[i], (enum lb_at)at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_storm)};

    return cmocka_run_group_tests_name("lb_traffic", tests, NULL, NULL);
}
