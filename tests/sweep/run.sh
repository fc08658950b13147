#!/bin/sh
# run.sh - many files, each alone: whatever they hold, podchurn runs them or
# says what is wrong and where.
#
# usage: PODCHURN=program PODCHURN_SHARED=dir tests/sweep/run.sh
#        DURATION=1h: of the runs; LIMIT=20: seconds for one; JOBS=2: at once;
#        MEMORY=4000000: kilobytes for one, or unlimited (sanitizers reserve
#        more than any machine has)
#
# Statuses 0 (done), 3 (an SLO is missed) and 2 (bad input: a message with
# a place) are right; 1, a signal, a sanitizer's report, time or memory
# used up are not; nor a result after bad input, or none without. First
# files.sh, which needs no data.
set -u

here=$(dirname "$0")
PODCHURN=${PODCHURN:-build/podchurn}
PODCHURN_SHARED=${PODCHURN_SHARED:-../shared}
DURATION=${DURATION:-30s}
LIMIT=${LIMIT:-20}
JOBS=${JOBS:-2}
MEMORY=${MEMORY:-4000000}
export PODCHURN DURATION LIMIT MEMORY

# Programs built with sanitizers reserve terabytes.
grep -q __asan_init "$PODCHURN" && MEMORY=unlimited

sh "$here/files.sh" || exit 1
folders=
for folder in manifests k8s-dumps workload-templates; do
    [ -d "$PODCHURN_SHARED/data/$folder" ] &&
        folders="$folders $PODCHURN_SHARED/data/$folder"
done
if [ -z "$folders" ]; then
    echo "no $PODCHURN_SHARED/data/manifests"
    exit 77
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export work
# shellcheck disable=SC2086  # a list of folders
find $folders -type f -print | sort >"$work/files"
tr '\n' '\0' <"$work/files" | xargs -0 -n 8 -P "$JOBS" sh "$here/one.sh"
cat "$work"/*.verdict >"$work/verdicts" 2>/dev/null
awk -v files="$(wc -l <"$work/files")" '
$1 == "FAIL" { print; failed++ }
{ of[$2]++; seen++ }
END {
    if (seen != files) {
        printf "FAIL  %d files, %d verdicts\n", files, seen
        failed++
    }
    printf "%d files: %d run, %d refused, %d wrong\n", files, of[0] + of[3],
           of[2], failed
    exit failed > 0
}' "$work/verdicts"
