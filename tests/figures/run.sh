#!/bin/sh
# run.sh - every figure is drawn without a word of gnuplot's: of a run, of a
# comparison over two factors, of a search, and where no requests were.
#
# usage: PODCHURN=build/podchurn tests/figures/run.sh
# From the project's root.
set -u

PODCHURN=${PODCHURN:-build/podchurn}
case $PODCHURN in
/*) ;;
*) PODCHURN=$PWD/$PODCHURN ;;
esac
cd "$(dirname "$0")" || exit 1
# However deep the program lies: these plot scripts.
export PODCHURN_DATADIR="$PWD/../.."
if ! command -v gnuplot >/dev/null; then
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

drawn() { # NAME 'FIGURE ...' ARGUMENT...
    name=$1
    figures=$2
    shift 2
    "$PODCHURN" "$@" -o "$work/$name" --plot >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq 3 ] && status=0 # of a search without an answer
    for figure in $figures; do
        [ -s "$work/$name/plots/$figure.png" ] || status="no $figure.png"
        [ -s "$work/$name/plots/$figure.svg" ] || status="no $figure.svg"
    done
    grep -q gnuplot "$work/err" && status="gnuplot complains"
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $name: $status"
        cat "$work/err"
    fi
}

in_time="addresses availability failures latency replicas"
drawn run "$in_time" run web.yaml
drawn compare "$in_time comparison dominance heatmap sensitivity tails" \
    compare web.yaml --vary strategy=random,p2c --vary replicas=2,3
drawn tune "tuning" tune web.yaml --vary replicas=1..3 --max-reps 10 \
    --slo 'request_availability >= 99%'
drawn silent "addresses" run web.yaml --set 'spec.traffic=[]'
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
