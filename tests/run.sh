#!/bin/sh
# run.sh - run the tests that `make test` has built.
#
# usage: BUILD=dir TESTS=unit|all [PODCHURN_SHARED=dir] tests/run.sh
# From the project's root. Each program or script is one test: status 0 passes,
# 77 is skipped, any other fails. What a test prints is kept in
# $BUILD/tests/NAME.log and shown where it fails. The last line is
# `N passed, N failed, N skipped`; exits 1 where a test failed.
set -u

BUILD=${BUILD:-build}
TESTS=${TESTS:-all}
LIMIT=${LIMIT:-900} # seconds for one test
PODCHURN_SHARED=${PODCHURN_SHARED:-../shared}
PODCHURN=$BUILD/podchurn
export BUILD PODCHURN PODCHURN_SHARED

passed=0
failed=0
skipped=0
mkdir -p "$BUILD/tests"
limit=
command -v timeout >/dev/null && limit="timeout $LIMIT"

skip() { # NAME WHY
    skipped=$((skipped + 1))
    echo "skip  $1: $2"
}

try() { # NAME COMMAND...
    name=$1
    shift
    log=$BUILD/tests/$name.log
    begun=$(date +%s)
    $limit "$@" >"$log" 2>&1 </dev/null
    status=$?
    took=$(($(date +%s) - begun))
    case $status in
    0)
        passed=$((passed + 1))
        echo "pass  $name$(note "$took")"
        grep -i '^skipped' "$log" | sed 's/^/      /'
        ;;
    77)
        skip "$name" "$(tail -n 1 "$log")"
        ;;
    *)
        failed=$((failed + 1))
        echo "FAIL  $name (status $status, log $log)"
        tail -n 60 "$log" | sed 's/^/      /'
        ;;
    esac
}

note() { # SECONDS: say how long only where it was long
    [ "$1" -ge 2 ] && echo " ($1 s)"
}

# programs FOLDER PREFIX: a test for each source there; programs whose source
# is gone are not run.
programs() {
    for source in tests/"$1"/"$2"*.c; do
        [ -e "$source" ] || continue
        try "$(basename "$source" .c)" "$BUILD/${source%.c}"
    done
}

runner() { # NAME FOLDER: a runner of outside cases
    ls tests/"$1"/*.c >/dev/null 2>&1 || return
    if [ -d "$PODCHURN_SHARED/$2" ]; then
        try "$1" "$BUILD/tests/$1" "$PODCHURN_SHARED/$2"
        tail -n 1 "$BUILD/tests/$1.log" | sed 's/^/      /'
    else
        skip "$1" "no $PODCHURN_SHARED/$2"
    fi
}

programs unit test_
if [ "$TESTS" = all ]; then
    for script in tests/*/run.sh; do
        [ -x "$script" ] || continue
        name=$(basename "$(dirname "$script")")
        if [ -x "$PODCHURN" ]; then
            try "$name" "$script"
        else
            skip "$name" "no $PODCHURN yet"
        fi
    done
    programs swarm ''
    programs fuzz ''
    runner conformance cases
    runner validate cases
    runner oracle oracle
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
