#!/bin/bash
# run.sh - a study gives the same bytes however it was run: on one thread and
# on several, in shards, killed and resumed, and over MPI where that is there;
# and what can go wrong with it is said.
#
# usage: PODCHURN=build/podchurn tests/batch/run.sh
# From the project's root. Exits 1 where something differs.
set -u

PODCHURN=${PODCHURN:-build/podchurn}
case $PODCHURN in
/*) ;;
*) PODCHURN=$PWD/$PODCHURN ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp "$here"/*.yaml "$work"
cd "$work" || exit 1
failed=0

fail() {
    echo "FAIL  $*"
    failed=$((failed + 1))
}

batch() { # OUTPUT OPTIONS...: runs the study; the status is the program's
    out=$1
    shift
    "$PODCHURN" batch study.yaml -o "$out" --no-plot -q "$@"
}

same() { # A B: but for run.json, which says when and how long
    diff -rq --exclude run.json "$1" "$2" || fail "$1 and $2 differ"
}

expect() { # STATUS WORDS COMMAND...: its status, and words of what it says
    status=$1
    words=$2
    shift 2
    "$@" >said 2>&1
    got=$?
    [ $got -eq "$status" ] || { fail "status $got, not $status: $*"; cat said; }
    grep -qF -e "$words" said || { fail "'$words' is not said by: $*"; cat said; }
}

# ---- the same bytes ----

batch one --jobs 1 || fail "one thread: status $?"
batch two --jobs 2 || fail "two threads: status $?"
same one two
for k in 1 2 3; do
    batch shard-$k --shard $k/3 --jobs 1 || fail "shard $k: status $?"
done
"$PODCHURN" merge shard-2 shard-3 shard-1 -o merged --no-plot -q ||
    fail "merge: status $?"
same one merged

# Killed at whatever moment, again and again.
tries=0
rm -rf killed killed.partial
for after in 0.05 0.1 0.15 0.2 0.3 0.4; do
    "$PODCHURN" batch study.yaml -o killed --no-plot -q --resume --jobs 2 &
    pid=$! # the program's own: a function would be a shell's
    sleep $after
    if kill -9 $pid 2>/dev/null; then
        tries=$((tries + 1))
    fi
    wait $pid 2>/dev/null
    [ -d killed ] && break
done
batch killed --resume --jobs 1 || fail "resumed: status $?"
same one killed
[ $tries -gt 0 ] || fail "it was never killed"

# Nothing that was finished is done again; nothing is lost.
rm -rf half half.partial
batch half --shard 1/2 --jobs 1 || fail "half: status $?"
mv half half.partial
touch half.partial/.lock
before=$(cksum <half.partial/units/values)
batch half --shard 1/2 --resume --jobs 1 || fail "half again: status $?"
[ "$before" = "$(cksum <half/units/values)" ] || fail "units were written again"

# The rule is one on the prefix: shards run the maximum, merge truncates.
batch precise --precision 30% --max-reps 20 --jobs 2 2>/dev/null
for k in 1 2; do
    batch part-$k --precision 30% --max-reps 20 --shard $k/2 --jobs 1
done
"$PODCHURN" merge part-1 part-2 -o joined --no-plot -q 2>/dev/null
same precise joined

# It is about Services that have traffic.
cat >idle.yaml <<'END'
apiVersion: v1
kind: Service
metadata: {name: idle}
spec: {selector: {app: web}, ports: [{port: 80}]}
END
"$PODCHURN" run rollout.yaml idle.yaml --precision 50% --max-reps 40 -o idle \
    --no-plot -q 2>said || fail "a Service without traffic: status $?"
[ ! -s said ] || fail "a Service without traffic: $(cat said)"

# Other processes.
mpi() { # OUTPUT RANKS
    mpirun -n "$2" "$PODCHURN" batch study.yaml -o "$1" --no-plot -q --jobs 1
}
if ! command -v mpirun >/dev/null; then
    echo "skipped: MPI: no mpirun"
elif ! "$PODCHURN" --version | grep -q MPI; then
    echo "skipped: MPI: not built with MPI=1"
else
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1
    for ranks in 2 4; do
        mpi mpi-$ranks $ranks || fail "$ranks ranks: status $?"
        same one mpi-$ranks
    done
fi

# ---- the same random numbers ----

# Arrivals and failures do not depend on the strategy.
"$PODCHURN" compare rollout.yaml --vary strategy=random,round-robin,p2c \
    --reps 3 --set spec.output.detail=all -o crn --no-plot -q ||
    fail "compare: status $?"
counts() { # VARIANT: requests of each replication and second, crashes of each
    tr -d '\r' <crn/replications.csv | awk -F, -v v="strategy=$1" \
        '$2 == v && $6 == "requests" { print $3, $4, $5, $8 }'
    tr -d '\r' <crn/timeseries.csv | awk -F, -v v="strategy=$1" \
        '$1 == v { print $2, $3, $4, $5, $9 }'
    tr -d '\r' <crn/incidents.csv | awk -F, -v v="strategy=$1" \
        '$1 == v && $3 ~ /crash/ { print $2, $3, $4, $7 }'
}
counts random >expected
[ "$(grep -c crash expected)" -gt 0 ] || fail "nothing crashed"
for strategy in round-robin p2c; do
    counts $strategy | diff -q expected - >/dev/null ||
        fail "$strategy has other arrivals or failures than random"
done

# ---- what can go wrong ----

expect 2 "did you mean 'replicas'?" "$PODCHURN" compare rollout.yaml \
    --vary deployment/web:spec.replcas=2,3 -o bad
expect 2 "did you mean 'replicas'?" "$PODCHURN" compare rollout.yaml \
    --vary replcas=2,3 -o bad
expect 2 "no object 'deployment/wep'" "$PODCHURN" compare rollout.yaml \
    --vary deployment/wep:spec.replicas=2,3 -o bad
expect 2 "--vary replicas=2,many" "$PODCHURN" compare rollout.yaml \
    --vary replicas=2,many -o bad
expect 2 "is no value of 'replicas'" "$PODCHURN" compare rollout.yaml \
    --vary replicas=2,3 --baseline replicas=4 -o bad
expect 2 "2000000 units" "$PODCHURN" compare rollout.yaml \
    --vary replicas=1,2 --reps 1000000 -o bad
expect 2 "--max-units 2000000" "$PODCHURN" compare rollout.yaml \
    --vary replicas=1,2 --reps 1000000 -o bad
expect 2 "--baseline" "$PODCHURN" batch rollout.yaml --baseline x=1
expect 2 "kind: Study" "$PODCHURN" batch rollout.yaml -o bad
expect 2 "shard 3/3 is missing" "$PODCHURN" merge shard-1 shard-2 -o bad
expect 2 "is there already" "$PODCHURN" merge shard-1 shard-2 shard-2 -o bad
expect 2 "number of shards" "$PODCHURN" merge shard-1 half -o bad
expect 2 "is no shard" "$PODCHURN" merge one -o bad
[ ! -e bad ] || fail "something was written for bad input"

# No variant meets the target: status 3. One does: 0.
expect 3 "0 of 2 variants meet all" "$PODCHURN" compare rollout.yaml \
    --vary replicas=2,4 --reps 2 --slo 'latency_p99 < 1us' -o slo --no-plot
expect 0 "of 2 variants meet all" "$PODCHURN" compare rollout.yaml \
    --vary replicas=2,4 --reps 2 --slo 'latency_p99 < 1h' -o slo --no-plot

# A resume with other inputs is refused, and says what changed.
mv shard-1 changed.partial
touch changed.partial/.lock
expect 2 "the seed was '1', and is '2'" "$PODCHURN" batch study.yaml \
    -o changed --shard 1/3 --resume --seed 2
sed -i 's/50\/s/60\/s/' rollout.yaml
expect 2 "the input 'rollout.yaml' has changed" "$PODCHURN" batch study.yaml \
    -o changed --shard 1/3 --resume
cp "$here/rollout.yaml" rollout.yaml
expect 0 "" "$PODCHURN" batch study.yaml -o changed --shard 1/3 --resume

# A disk that is full (a limit on the size of files stands for it): what is
# finished stays, and with room again the rest is done.
(
    ulimit -f 20
    "$PODCHURN" batch study.yaml -o full --no-plot -q --jobs 1 \
        --set spec.output.detail=none
) >said 2>&1
[ $? -eq 1 ] || fail "a full disk: status $?, not 1"
grep -q 'units are kept in full.partial; go on with --resume' said ||
    { fail "a full disk is not said"; cat said; }
"$PODCHURN" batch study.yaml -o full --no-plot -q --jobs 1 --resume \
    --set spec.output.detail=none || fail "after a full disk: status $?"
cmp -s one/metrics.csv full/metrics.csv || fail "after a full disk: differs"

# Two processes never write one directory.
"$PODCHURN" batch study.yaml -o both --no-plot -q --jobs 1 --reps 400 &
pid=$!
while [ ! -e both.partial/units/plan.json ]; do sleep 0.02; done
expect 2 "another process is writing it" "$PODCHURN" batch study.yaml -o both \
    --no-plot -q --resume
kill -INT $pid
wait $pid
[ $? -eq 130 ] || fail "interrupted: status $?, not 130"

[ $failed -eq 0 ] && echo "all the same"
[ $failed -eq 0 ]
