# sizes.awk - functions of at most 70 lines, .c files of at most 500, lines of
# at most 80 columns (an address of the web may be longer); no tabs, no space
# at the end of a line.
#
# usage: awk -f sizes.awk FILE.c FILE.h ...
# Tells the sizes of the functions at the end. A function's body stands between
# a line `{` and a line `}`, as clang-format lays them out; the rows of a
# constant table in it are data and do not count.

function fail(place, why)
{
    printf "%s: %s\n", place, why
    failed = 1
}

function end_file()
{
    if (file ~ /\.c$/ && lines > 500)
        fail(file, lines " lines, want at most 500")
}

FNR == 1 {
    end_file()
    file = FILENAME
    begun = 0
}

{
    lines = FNR
    place = FILENAME ":" FNR
}

length($0) > 80 && !/https?:\/\// {
    fail(place, length($0) " columns, want at most 80")
}

/\t/ { fail(place, "a tab") }
/[ \t\r]$/ { fail(place, "space at the end of the line") }

/^\{/ {
    begun = FNR
    rows = 0
    table = 0
}

/^ +(static )?const .*\{$/ || /^ +\} .*\] = \{$/ { table = FNR }

/^ +\}.*;$/ && table {
    rows += FNR - table - 1
    table = 0
}

/^\}/ && begun {
    size = FNR - begun - 1 - rows
    begun = 0
    count[size]++
    functions++
    if (size > 70)
        fail(place, "a function of " size " lines ends, want at most 70")
    if (size > longest)
        longest = size
}

END {
    end_file()
    for (size = 0; size <= longest; size++) {
        seen += count[size]
        if (median == "" && seen >= functions / 2)
            median = size
        if (p95 == "" && seen >= functions * 0.95)
            p95 = size
    }
    if (functions)
        printf "functions: %d, lines: median %d, p95 %d, longest %d\n", \
            functions, median, p95, longest
    exit failed
}
