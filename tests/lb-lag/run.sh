#!/bin/sh
# run.sh - strategies that know late, or only their own: the orderings that
# are known.
#
# usage: PODCHURN=build/podchurn tests/lb-lag/run.sh
# From the project's root. One balancer; a hundred, each with its own counters
# (field.md P8); loads that are as old as T (Mitzenmacher, How useful is old
# information, 2000; Brooker, two-random, 2012): the staler, the fewer choices
# are best. Prequal (NSDI 2024): below two choices by own counts, in the mean
# and in the tail. Each comparison wants a tenth of difference.
set -u

PODCHURN=${PODCHURN:-build/podchurn}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# measure NAME CLIENTS ENTRY: mean and p99 of latency into $work/NAME.
measure() {
    "$PODCHURN" run tests/lb-lag/lag.yaml -q --no-plot -o "$work/result" \
        --set "spec.traffic[0].clients.count=$2" \
        --set "spec.loadBalancing=[{service: web, at: client, $3}]" \
        >"$work/out" 2>&1 || cat "$work/out"
    for metric in latency_mean latency_p99; do
        awk -F, -v m="$metric" \
            '$3 == "default/web" && $4 == "" && $5 == m { print $7 }' \
            "$work/result/metrics.csv" >"$work/$1.$metric"
    done
}

# below A B [METRIC]: A is below B by a tenth at least.
below() {
    metric=${3:-latency_mean}
    a=$(cat "$work/$1.$metric")
    b=$(cat "$work/$2.$metric")
    if awk -v a="$a" -v b="$b" 'BEGIN { exit !(a + 0 > 0 && a < 0.9 * b) }'
    then
        passed=$((passed + 1))
    else
        echo "FAIL  $metric: $1 ($a s) is not below $2 ($b s)"
        failed=$((failed + 1))
    fi
}

for strategy in random round-robin p2c least-connections jsq prequal; do
    measure "one-$strategy" 1 "strategy: $strategy"
    measure "many-$strategy" 100 "strategy: $strategy"
done
for age in 10ms 100ms 1s 5s; do
    for choices in 2 3 10; do
        measure "$age-$choices" 100 \
            "strategy: {p2c: {choices: $choices}}, view: {every: $age}"
    done
    measure "$age-all" 100 "strategy: least-connections, view: {every: $age}"
done

# One balancer knows all: the fewest open is the shortest queue.
below one-least-connections one-p2c
below one-jsq one-prequal
below one-prequal one-round-robin
below one-p2c one-round-robin
below one-round-robin one-random
# A hundred know a hundredth each.
below many-p2c many-least-connections
below many-p2c many-random
below many-round-robin many-random
below many-prequal many-p2c
below many-prequal many-p2c latency_p99
below many-p2c many-random latency_p99
for other in random round-robin p2c least-connections prequal; do
    below many-jsq "many-$other"
done
# Fresh loads: the more choices the better.
below 10ms-10 10ms-3
below 10ms-3 10ms-2
below 10ms-all 10ms-2
# Older ones: three, then two are best, and the best of all herds.
below 100ms-3 100ms-2
below 100ms-3 100ms-10
below 1s-2 1s-3
below 1s-3 1s-10
below 1s-10 1s-all
below many-random 1s-all
# Too old for any use: at random is best.
below 5s-2 5s-3
below many-random 5s-2
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
