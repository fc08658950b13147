#!/bin/sh
# run.sh - the contract with users, by a stranger's own sums: every file of a
# result against the others, exit statuses, and what Kubernetes promises.
#
# usage: PODCHURN=build/podchurn tests/contract/run.sh
# From the project's root. Exits 77 where python3 is missing.
set -u

PODCHURN=${PODCHURN:-build/podchurn}
case $PODCHURN in
/*) ;;
*) PODCHURN=$PWD/$PODCHURN ;;
esac
export PODCHURN
if ! python3 -c 'import csv, json, subprocess' 2>/dev/null; then
    echo "skipped: no python3"
    exit 77
fi
cd "$(dirname "$0")" || exit 1
PYTHONDONTWRITEBYTECODE=1 exec python3 contract.py
