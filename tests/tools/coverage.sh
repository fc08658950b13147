#!/bin/sh
# coverage.sh - lines that the tests ran, by file, the least covered first.
#
# usage: coverage.sh BUILD
# From the project's root, after the tests of a build with --coverage.
set -u

find "$1/obj/sim" "$1/obj/models" -name '*.gcda' 2>/dev/null |
    xargs ${GCOV:-gcov} -n 2>/dev/null |
    awk -F "'" '
        /^File/ { file = $2; next }
        /^Lines executed:/ && file ~ /^(sim|models)\/.*\.c$/ {
            split($0, word, /[:% ]+/)
            printf "%6.1f %% of %5d  %s\n", word[3], word[5], file | "sort -n"
            lines += word[5]
            ran += word[5] * word[3] / 100
        }
        { file = "" }
        END {
            close("sort -n")
            if (lines)
                printf "%6.1f %% of %5d  all\n", 100 * ran / lines, lines
        }'
