/*
 * variant_data - what the figures that compare variants read, made from a
 * result directory's CSV files: nothing in it that these do not say.
 */
#ifndef SIM_CLI_VARIANT_DATA_H
#define SIM_CLI_VARIANT_DATA_H

#include <stdbool.h>
#include <stddef.h>

/* The variants of a result directory: of variants.csv; one without a name
 * where there is no such file. */
struct variant_list {
    size_t count;
    char *first; /* its name */
};

/*
 * Writes into DIR/plots:
 *
 * variants.csv: a row for each variant: its place in a chart with a line for
 * each value of the factor that has most of them (`row`, from 1, `label`) and
 * a colour for each combination of the others (`series`, `group`); share of
 * requests that failed and p99 latency with intervals, of the first Service
 * with traffic; whether no variant of its series is better in one of them
 * for sure and not worse in the other (`front`: as far as intervals tell).
 * Where few of these places are taken, as in sampled designs, each variant is a
 * row of its own. Rows are in order of their failures, the fewest first
 * (numbers: as they are).
 *
 * tails.csv: for up to eight rows of each series the share of requests that
 * took longer than `seconds`, of the first replication: the first, the best
 * and the worst rows.
 *
 * Neither where there are fewer than two variants; no rows where there is no
 * traffic. False: a message went to standard error. The caller releases
 * *list in any case.
 */
bool variant_data_write(const char *dir, struct variant_list *list);
void variant_list_release(struct variant_list *list);

#endif
