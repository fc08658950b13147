#!/bin/sh
# run.sh - wrong inputs, one for each message, with the exact text expected.
#
# usage: PODCHURN=build/podchurn tests/bad/run.sh
# From the project's root. `NAME.yaml` is the input, `NAME.expected` what
# standard error must be; exit status 2. UPDATE=1 writes the expected texts
# anew: review them as a diff. A file without an expected text fails.
set -u

PODCHURN=${PODCHURN:-build/podchurn}
case $PODCHURN in
/*) ;;
*) PODCHURN=$PWD/$PODCHURN ;;
esac
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

for input in *.yaml; do
    name=${input%.yaml}
    "$PODCHURN" check "$input" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ -z "${UPDATE:-}" ] || cp "$work/err" "$name.expected"
    if [ "$status" -ne 2 ]; then
        echo "FAIL  $name: exit status $status, not 2"
        failed=$((failed + 1))
    elif [ -s "$work/out" ]; then
        echo "FAIL  $name: something on standard output"
        failed=$((failed + 1))
    elif ! diff -u "$name.expected" "$work/err"; then
        echo "FAIL  $name"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
