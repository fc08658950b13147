/*
 * lb_cases - what the files of load-balancing cases share.
 */
#ifndef TESTS_CONFORMANCE_LB_CASES_H
#define TESTS_CONFORMANCE_LB_CASES_H

#include "tests/conformance/conformance.h"

enum { LB_CASE_MOST = 64 };

/* Numbers under key, at most LB_CASE_MOST; how many. */
uint32_t lb_case_numbers(struct test_case *c, struct doc_node *map,
                         const char *key, double *out);
/* Weights of `count` items; 1 where there are none. */
void lb_case_weights(struct test_case *c, struct doc_node *map, double *out,
                     uint32_t count);
/* Compares the i-th of expect.sequence; no item there: nothing. */
void lb_case_sequence(struct test_case *c, const uint32_t *picked,
                      uint32_t count);
/* Compares counts under key. */
void lb_case_counts(struct test_case *c, const char *key,
                    const uint32_t *counts, uint32_t count, double tolerance);

#endif
