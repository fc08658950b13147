#!/bin/sh
# lint.sh - the rules of the house that a machine can check, in seconds.
#
# usage: tests/lint/lint.sh
# From the project's root. Prints each breach with its place, a line for each
# rule, and `N passed, N failed, N skipped`; exits 1 on a breach.
set -u

here=tests/lint
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

verdict() { # STATUS RULE
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "pass  $2"
    else
        failed=$((failed + 1))
        echo "FAIL  $2"
    fi
}

skip() { # RULE WHY
    skipped=$((skipped + 1))
    echo "skip  $1: $2"
}

code=$(find sim models tests -name '*.[ch]' | sort)
[ -n "$code" ] || exit 0
program=$(echo "$code" | grep -v '^tests/')

# Code without comments, to look for words in.
for file in $program; do
    mkdir -p "$work/$(dirname "$file")"
    awk -f $here/strip.awk "$file" >"$work/$file"
done

# absent RULE PATTERN FOLDER...: no line of code there matches.
absent() {
    rule=$1
    pattern=$2
    shift 2
    (
        cd "$work" || exit 2
        for folder; do
            [ ! -d "$folder" ] || grep -rnE "$pattern" "$folder"
        done
    ) >"$work/found"
    cat "$work/found"
    [ ! -s "$work/found" ]
    verdict $? "$rule"
}

catalog=$(ls models/catalog.def 2>/dev/null)
# shellcheck disable=SC2086  # $code and $catalog are lists of paths
awk -f $here/includes.awk $catalog $code
verdict $? "includes go one way"

# shellcheck disable=SC2086
awk -f $here/sizes.awk $code
verdict $? "functions <= 70 lines, files <= 500, lines <= 80 columns"

low='(^|[^A-Za-z])'
high='([^a-z]|$)'
absent "engine, io and experiment know no Kubernetes" \
    "$low([Kk]8s|[Kk]ubernetes|[Kk]ubelet|[Kk]ube_?[Pp]roxy|[Pp]ods?)$high|\
([Ee]ndpoint_?[Ss]lice|([Rr]eplica|[Dd]aemon|[Ss]tateful)_?[Ss]et|\
[Dd]eployment)s?$high" \
    sim/engine sim/io sim/experiment

absent "the engine knows no files" '[^a-z_](f?open|fdopen|printf|scanf) *\(' \
    sim/engine

absent "nothing but the seed decides" \
    "(^|[^a-z_])(s?rand(_r)?|s?random|[delmnj]rand48|arc4random) *\(|\
(^|[^a-z_.>])(gettimeofday|time|clock) *\( *[A-Z&)]|clock_gettime|\
GSL_RNG_SEED|gsl_rng_env_setup" \
    sim/engine sim/io models

absent "no thread-locals, no attributes that hide state" \
    '_Thread_local|__thread|__attribute__ *\(\( *(con|de)structor' sim models

absent "no alloca, no parsing that hides errors" \
    '(^|[^a-z_])(alloca|gets|strtok|atoi|atol|atof) *\(' sim models

# Words that have no place in anything kept. The rules themselves name them.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard
else
    find . -type f ! -path './.git/*' ! -path './build/*' \
        ! -path './results/*' | sed 's|^\./||'
fi | grep -v "^$here/" >"$work/files"
tr '\n' '\0' <"$work/files" |
    xargs -0 grep -InE '(^|[^A-Za-z0-9_./$}-])/(work|root|home)/|/tmp/bash|(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)' \
        2>/dev/null
verdict $(($? == 0)) "nothing left to do, no path of one machine"

status=0
for file in $(grep -E '\.sh$|^\.ci/run$' "$work/files"); do
    shell=sh
    head -n 1 "$file" | grep -q bash && shell=bash
    $shell -n "$file" || status=1
done
verdict $status "scripts parse"

# The layout of other releases differs in details.
layout="clang-format"
version=$(clang-format --version 2>/dev/null | grep -o '[0-9]*' | head -n 1)
if [ "${version:-none}" = 14 ]; then
    # shellcheck disable=SC2086
    clang-format --dry-run -Werror --ferror-limit=3 $code
    verdict $? "$layout"
else
    skip "$layout" "needs release 14, here is ${version:-none}"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
