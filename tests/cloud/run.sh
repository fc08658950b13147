#!/bin/sh
# run.sh - scenarios/nlb-local-drain.yaml shows its problem, and what mends it.
#
# usage: PODCHURN=build/podchurn tests/cloud/run.sh
# From the project's root. A sixth of 100 requests/s is lost from the drain
# until the third failed check, 30 s apart: between 60 and 90 s. Then the load
# balancer resets what is under way there, be it well.
set -u

PODCHURN=${PODCHURN:-build/podchurn}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# lost [OPTIONS]: the mean of failed requests, of the drain alone.
lost() {
    "$PODCHURN" run scenarios/nlb-local-drain.yaml -q --no-plot --reps 4 \
        --duration 10m -o "$work/result" "$@" >"$work/out" 2>&1 ||
        cat "$work/out" >&2
    awk -F, '$3 == "default/web" && $4 == "" && $5 == "requests_failed" {
        print $7 }' "$work/result/metrics.csv"
}

# check WHAT VALUE LOW HIGH
check() {
    if awk -v x="$2" -v low="$3" -v high="$4" \
        'BEGIN { exit !(x != "" && x + 0 >= low && x + 0 <= high) }'; then
        passed=$((passed + 1))
    else
        echo "FAIL  $1: $2, want $3 to $4"
        failed=$((failed + 1))
    fi
}

cloud='spec.cloudLoadBalancers[0]'
grace='deployment/web:spec.template.spec.terminationGracePeriodSeconds=130'
check "30 s x 3" "$(lost)" 900 1700
check "10 s x 2" "$(lost --set "$cloud.provider=aws-nlb-local")" 100 450
check "pods as targets" "$(lost --set "$cloud.targets=ip")" 20 300
check "policy Cluster" \
    "$(lost --set service/web:spec.externalTrafficPolicy=Cluster)" 0 60
check "preStop, grace" "$(lost --set preStop=100s --set "$grace")" 0 4
check "and no reset" "$(lost --set preStop=100s --set "$grace" --set \
    "$cloud.unhealthyTermination=false")" 0 0
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
