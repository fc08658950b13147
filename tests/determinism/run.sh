#!/bin/sh
# The same scenario and seed give the same bytes: twice, on one thread and on
# several, with the details of one replication or of all; and another seed
# does not.
set -u
here=$(dirname "$0")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

run() { # NAME OPTIONS...
    name=$1
    shift
    "$PODCHURN" run "$here/churn.yaml" -o "$work/$name" --no-plot -q "$@" ||
        { echo "$name: exit status $?"; status=1; }
    rm -f "$work/$name/run.json" # says when and how long
}

run one --jobs 1
run again --jobs 1
run two --jobs 2
run many --jobs 7
run seed --jobs 2 --seed 2
run all --jobs 3 --set spec.output.detail=all
run details --jobs 1 --set spec.output.detail=all
for other in again two many; do
    diff -r "$work/one" "$work/$other" >"$work/diff" ||
        { echo "one and $other differ:"; head -5 "$work/diff"; status=1; }
done
diff -r "$work/all" "$work/details" >"$work/diff" ||
    { echo "all details differ:"; head -5 "$work/diff"; status=1; }
cmp -s "$work/all/metrics.csv" "$work/one/metrics.csv" ||
    { echo "keeping details changed the metrics"; status=1; }
cmp -s "$work/seed/metrics.csv" "$work/one/metrics.csv" &&
    { echo "another seed gave the same metrics"; status=1; }
exit $status
