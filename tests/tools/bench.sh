#!/bin/sh
# bench.sh - run the benchmarks, gather their figures.
#
# usage: bench.sh OUTPUT.csv PROGRAM...
# Each program prints rows of `bench,parameter,metric,value,unit,target` (the
# header may stand above them) on standard output, and what else it has to say
# on standard error.
set -u

out=$1
shift
part=$out.part
status=0
mkdir -p "$(dirname "$out")"
echo 'bench,parameter,metric,value,unit,target' | tee "$part"
for program; do
    "$program" >"$part.rows" || {
        echo "bench: '$program' failed" >&2
        status=1
    }
    grep -v '^bench,parameter,' "$part.rows" | tee -a "$part"
done
rm -f "$part.rows"
mv "$part" "$out"
exit $status
