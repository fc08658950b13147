#!/bin/sh
# run.sh - podchurn tune: answers that are known, what is refused, and the
# same bytes on any number of threads.
#
# usage: PODCHURN=build/podchurn tests/tune/run.sh
# From the project's root.
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

verdict() { # STATUS NAME
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $2"
        cat "$work/out" "$work/err"
    fi
}

tune() { # ARGUMENT...
    "$PODCHURN" tune web.yaml --no-plot --seed 1 "$@" \
        >"$work/out" 2>"$work/err" </dev/null
}

# finds NAME STATUS ANSWER ARGUMENT...: the first line of the summary.
finds() {
    name=$1 want=$2 answer=$3
    shift 3
    tune -o "$work/result" "$@"
    [ $? -eq "$want" ] && head -n 1 "$work/out" | grep -q "^$answer"
    verdict $? "$name: status $want and '$answer'"
}

# refuses NAME TEXT ARGUMENT...: status 2, the text, nothing written.
refuses() {
    name=$1 text=$2
    shift 2
    tune -o "$work/refused" "$@"
    [ $? -eq 2 ] && grep -qF -- "$text" "$work/err" &&
        [ ! -s "$work/out" ] && [ ! -e "$work/refused" ]
    verdict $? "$name: refused with '$text'"
}

slo='request_availability >= 99.9%'
finds 'the shortest sleep' 0 'preStop=[1-9]s is the smallest of 0s..20s' \
    --vary preStop=0s..20s --slo "$slo" --max-reps 60

rows=$(tail -n +2 "$work/result/tune.csv" | tr -d '\r')
header='variant,value,number,unit,service,metric,during,target,mean,ci_low,ci_high,replications,verdict,answer'
head -n 1 "$work/result/tune.csv" | tr -d '\r' | grep -qxF "$header"
verdict $? 'tune.csv: header'
[ "$(echo "$rows" | grep -c ',met,1$')" -eq 1 ]
verdict $? 'tune.csv: one answer, which meets'
echo "$rows" | sort -c -t , -k 3n
verdict $? 'tune.csv: in order of values'
# The value below the answer was tried, and does not meet.
below=$(echo "$rows" | awk -F , '$14 == 1 { print last } { last = $13 }')
[ "$below" = missed ] || [ "$below" = 'not proven' ]
verdict $? 'tune.csv: the value below the answer does not meet'
# The other files hold a study of the values tried, with equal replications.
tried=$(echo "$rows" | wc -l)
[ "$(tail -n +2 "$work/result/variants.csv" | wc -l)" -eq "$tried" ]
verdict $? 'variants.csv: the values tried'
answer=$(echo "$rows" | awk -F , '$14 == 1 { print $1, $9, $10, $11, $12 }')
same=$(tr -d '\r' <"$work/result/slo.csv" |
    awk -F , -v a="${answer%% *}" '$1 == a { print $1, $6, $7, $8 }')
[ "${answer% *}" = "$same" ]
verdict $? 'slo.csv: the same figures of the answer'

mv "$work/result" "$work/two"
tune -o "$work/result" --vary preStop=0s..20s --slo "$slo" --max-reps 60 \
    --jobs 1
(
    cd "$work/two" && for file in *.csv; do
        cmp "$file" "../result/$file" || exit 1
    done
) >"$work/out"
verdict $? 'the same bytes on one thread'

finds 'the fewest replicas' 0 'replicas=[3-6] is the smallest of 1..12' \
    --vary replicas=1..12 --slo 'latency_p99 <= 0.5' --max-reps 40
finds 'two targets' 0 'replicas=[3-6] is the smallest of 1..12' \
    --vary replicas=1..12 --slo 'latency_p99 <= 0.5' --slo 'requests >= 10' \
    --max-reps 40
finds 'the longest service time' 0 \
    'spec.workloads\[0\].serviceTime=[1-9]*ms is the largest of 1ms..90ms' \
    --vary 'spec.workloads[0].serviceTime=1ms..90ms' \
    --slo 'latency_p99 <= 0.5' --max-reps 20
finds 'what cannot be had' 3 'no value of 1..4 was proven' \
    --vary replicas=1..4 --slo 'latency_p99 <= 0.001' --max-reps 20
finds 'one replication proves nothing' 3 'no value of 4..6 was proven' \
    --vary replicas=4..6 --slo 'latency_p99 <= 5' --reps 1 --max-reps 1
! grep -q '+-' "$work/out"
verdict $? 'one replication: no interval'

refuses 'low above high' 'LOW is above HIGH' --vary replicas=9..3 --slo "$slo"
refuses 'no number' "bad range 'a..b'" --vary replicas=a..b --slo "$slo"
refuses 'a list' "bad range '1,2'" --vary replicas=1,2 --slo "$slo"
refuses 'no equals sign' 'expected PATH=LOW..HIGH' --vary replicas --slo "$slo"
refuses 'too many values' 'more than 1000000 values' \
    --vary preStop=0s..30s:1ns --slo "$slo"
refuses 'unknown path' "unknown path 'replica'" --vary replica=1..3 \
    --slo "$slo"
grep -q "did you mean 'replicas'" "$work/err"
verdict $? 'unknown path: did you mean'
refuses 'unknown object' "no object 'deployment/web'" \
    --vary deployment/web:spec.replicas=1..3 --slo "$slo"
refuses 'a value that the key does not take' 'replicas' --vary replicas=-3..3 \
    --slo "$slo"
refuses 'no target' 'no target to meet' --vary replicas=1..3
refuses 'unknown metric' "request_availabilty" --vary replicas=1..3 \
    --slo 'request_availabilty >= 99%'
refuses 'nothing to vary' 'tune what?' --slo "$slo"
refuses 'two factors' 'tune what?' --vary replicas=1..3 --vary preStop=0s..3s \
    --slo "$slo"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
