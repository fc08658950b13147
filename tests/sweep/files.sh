#!/bin/sh
# files.sh - input that is no YAML, output that cannot be had, interruptions:
# the status, a message, and nothing half done.
#
# usage: PODCHURN=program tests/sweep/files.sh
# Quick: a few seconds. What wrong YAML is told is in tests/bad.
set -u

PODCHURN=$(cd "$(dirname "${PODCHURN:-build/podchurn}")" && pwd)/$(basename \
    "${PODCHURN:-build/podchurn}")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

fail() { # WHAT WHY
    echo "FAIL  $1: $2"
    [ ! -s log ] || head -3 log
    failed=$((failed + 1))
}

# expect STATUS PATTERN WHAT COMMAND...: the status, and a message like that
# on standard error ('' for none at all).
expect() {
    status=$1
    pattern=$2
    what=$3
    shift 3
    "$@" >out 2>log </dev/null
    got=$?
    if [ $got -ne "$status" ]; then
        fail "$what" "status $got, want $status"
    elif [ -z "$pattern" ] && [ -s log ]; then
        fail "$what" "a message, want none"
    elif ! grep -q -- "$pattern" log && [ -n "$pattern" ]; then
        fail "$what" "no message like '$pattern'"
    fi
}

absent() { # WHAT PATH...
    what=$1
    shift
    for path; do
        [ ! -e "$path" ] || fail "$what" "left $path"
    done
}

whole() { # WHAT DIR: a result of ours, and nothing beside it
    if [ ! -s "$2/metrics.csv" ] || [ ! -s "$2/run.json" ]; then
        fail "$1" "no result"
    fi
    absent "$1" "$2.partial" "$2.partial-old" "$2/.lock"
}

run() { # FILE OUTPUT [OPTIONS...]
    file=$1
    output=$2
    shift 2
    "$PODCHURN" run "$file" --no-plot -q -o "$output" --jobs 1 "$@"
}

cat >good.yaml <<'END'
apiVersion: podchurn/v1
kind: Scenario
metadata: {name: good}
spec:
  duration: 1m
  replications: 2
  timeline:
  - kubectl: create deployment web --image=nginx --replicas=2
  - kubectl: expose deployment web --port=80
END
sed 's/duration: .*/duration: 1y/; s/replications: .*/replications: 9/' \
    good.yaml >long.yaml

# --- input that is no YAML ---

head -c 50000 "$PODCHURN" >program.yaml
awk 'BEGIN { for (i = 0; i < 5000; i++) printf "%c%c\377", i % 256, i / 7 }' \
    >noise.yaml
: >empty.yaml
mkdir nothing
awk 'BEGIN { while (i++ < 200000) printf "[" }' >deep.yaml
awk 'BEGIN { while (i++ < 5000000) printf "a" }' >wide.yaml
awk 'BEGIN {
    print "a: &a [x, x, x, x, x, x, x, x, x]"
    for (i = 1; i < 10; i++) {
        printf "%c: &%c [*%c", 97 + i, 97 + i, 96 + i
        for (k = 1; k < 9; k++)
            printf ", *%c", 96 + i
        print "]"
    }
}' >laughs.yaml
printf 'a: &x [*x]\n' >cycle.yaml

expect 2 '^program.yaml:1:[0-9]*: error: ' 'a program' run program.yaml r
expect 2 '^noise.yaml:1:[0-9]*: error: ' 'noise' run noise.yaml r
expect 2 '^empty.yaml: error: ' 'an empty file' run empty.yaml r
expect 2 '^nothing: error: ' 'an empty folder' run nothing r
expect 2 '^none.yaml: error: .*No such file' 'no file' run none.yaml r
expect 2 '^deep.yaml:1:[0-9]*: error: .*deep' 'brackets' run deep.yaml r
expect 2 '^wide.yaml:1:[0-9]*: error: ' 'one long word' run wide.yaml r
expect 2 '^laughs.yaml:[0-9]*:[0-9]*: error: .*alias' 'a billion laughs' \
    run laughs.yaml r
expect 2 '^cycle.yaml:1:8: error: .*alias' 'an alias in itself' run cycle.yaml r
expect 2 '^<stdin>: error: ' 'empty standard input' run - r
if [ "$(id -u)" -ne 0 ]; then
    cp good.yaml secret.yaml
    chmod 000 secret.yaml
    expect 2 '^secret.yaml: error: .*denied' 'a secret' run secret.yaml r
fi
absent 'bad input' r r.partial

# --- output that cannot be had ---

mkdir other
echo keep >other/file
echo keep >plain
ln -s nowhere link
expect 2 '^other: error: ' 'a folder that is not ours' run good.yaml other
[ "$(cat other/file)" = keep ] || fail 'a folder that is not ours' 'changed'
absent 'a folder that is not ours' other.partial other/run.json
expect 2 '^plain: error: ' 'a file in the way' run good.yaml plain
expect 2 '^link: error: ' 'a link in the way' run good.yaml link
expect 2 'error: ' 'a file for a parent' run good.yaml plain/r
[ "$(cat plain)" = keep ] || fail 'a file in the way' 'changed'
expect 2 'error: ' 'the root' run good.yaml /
[ ! -d /proc/self ] ||
    expect 2 '^/proc/r.*error: ' 'a parent that takes nothing' \
        run good.yaml /proc/r
if [ "$(id -u)" -ne 0 ]; then
    mkdir shut
    chmod 500 shut
    expect 2 '^shut/r.*error: .*denied' 'a shut parent' run good.yaml shut/r
fi

# A limit on sizes of files stands for a disk that is full.
full() {
    (
        trap '' XFSZ
        ulimit -f 2
        run good.yaml "$1"
    )
}
expect 1 "error: writing 'r': " 'a full disk' full r
absent 'a full disk' r r.partial
expect 0 '' 'then another' run good.yaml r
whole 'then another' r
cp r/metrics.csv before.csv
expect 1 "error: writing 'r': " 'a full disk, and an older result' full r
whole 'a full disk, and an older result' r
cmp -s r/metrics.csv before.csv ||
    fail 'a full disk, and an older result' 'changed it'

# --- standard output that cannot be had ---

closed() {
    "$PODCHURN" run good.yaml --no-plot -o closed >&-
}
expect 1 'standard output' 'closed standard output' closed
whole 'closed standard output' closed
if [ -c /dev/full ]; then
    expect 1 'standard output' 'full standard output' sh -c \
        "'$PODCHURN' run good.yaml --no-plot -o full >/dev/full"
    whole 'full standard output' full
fi

# --- interruptions ---

await() { # PATH: appears within 10 s
    tries=0
    while [ ! -e "$1" ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

interrupt() { # SIGNAL OUTPUT: sets got
    "$PODCHURN" run long.yaml --no-plot -q -o "$2" --jobs 2 >/dev/null \
        2>log &
    pid=$!
    await "$2.partial/.lock"
    sleep 0.3
    kill -s "$1" $pid
    wait $pid 2>/dev/null
    got=$?
}

for signal in TERM INT; do
    interrupt $signal i
    [ $got -eq 130 ] || fail "SIG$signal" "status $got, want 130"
    absent "SIG$signal" i i.partial
    [ -s log ] || fail "SIG$signal" 'no message'
done

interrupt KILL k
[ $got -eq 137 ] || fail SIGKILL "status $got, want 137"
absent SIGKILL k
expect 0 '' 'a run after one that was killed' run good.yaml k
whole 'a run after one that was killed' k

"$PODCHURN" run long.yaml --no-plot -q -o k --jobs 1 >/dev/null 2>&1 &
pid=$!
await k.partial/.lock
expect 2 'another process' 'two at once' run good.yaml k
[ -s k/metrics.csv ] || fail 'two at once' 'the older result is gone'
kill $pid
wait $pid 2>/dev/null
absent 'two at once' k.partial

if [ $failed -gt 0 ]; then
    echo "files: $failed wrong"
    exit 1
fi
echo 'files: all as it should be'
