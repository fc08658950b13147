#!/bin/sh
# Short scenarios against the results they gave when somebody last looked at
# them. UPDATE=1 (make golden) writes the results anew, for review as a diff.
set -u
here=$(dirname "$0")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
for scenario in "$here"/*.yaml; do
    name=$(basename "$scenario" .yaml)
    "$PODCHURN" run "$scenario" -o "$work/$name" --no-plot -q --jobs 2
    code=$?
    if [ $code -ne 0 ] && [ $code -ne 3 ]; then
        echo "$name: exit status $code"
        status=1
        continue
    fi
    for file in metrics.csv endpoints.csv pods.csv incidents.csv failures.csv \
                slo.csv; do
        expected=$here/$name/$file
        if [ "${UPDATE:-}" = 1 ]; then
            mkdir -p "$here/$name"
            cp "$work/$name/$file" "$expected"
        elif ! cmp -s "$work/$name/$file" "$expected"; then
            echo "$name/$file differs:"
            diff "$expected" "$work/$name/$file" | head -10
            status=1
        fi
    done
done
exit $status
