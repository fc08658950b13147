#!/bin/sh
# one.sh - FILE...: each alone through podchurn; for run.sh. Leaves a line of
# verdict for each: pass or FAIL, the status, the file, why.
set -u
: "${work:?}"

why=
check() { # STATUS OUT LOG FILE: sets `why` where something is wrong
    why=
    case $1 in
    0 | 3)
        [ -s "$2/metrics.csv" ] || why='no result'
        ;;
    2)
        [ -e "$2" ] && why='a result after bad input'
        grep -F "$4:" "$3" | grep -qE ':[0-9]+:[0-9]+: error: .' ||
            why='no message with a place in the file'
        ;;
    124 | 137)
        why="not done after $LIMIT s"
        ;;
    *)
        why="status $1"
        ;;
    esac
    grep -qE 'Sanitizer|runtime error|Assertion' "$3" && why=$(grep -m 1 -E \
        'Sanitizer|runtime error|Assertion' "$3")
}

id=$$
for file; do
    out=$work/$id.out
    log=$work/$id.log
    (
        # shellcheck disable=SC3045  # dash and bash have it
        ulimit -v "$MEMORY" 2>/dev/null
        exec timeout -k 2 "$LIMIT" "$PODCHURN" run "$file" --reps 1 --jobs 1 \
            --duration "$DURATION" --no-plot -q -o "$out"
    ) >"$log" 2>&1 </dev/null
    status=$?
    check "$status" "$out" "$log" "$file"
    if [ -n "$why" ]; then
        echo "FAIL $status $file: $why"
        sed 's/^/      /' "$log" | head -5 >&2
    else
        echo "pass $status $file"
    fi
    rm -rf "$out" "$log"
done >"$work/$id.verdict"
