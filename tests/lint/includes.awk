# includes.awk - includes go one way, and no plug-in includes another.
#
# usage: awk -f includes.awk models/catalog.def FILE.c FILE.h ...
#
#   tests -> sim/cli -> models -> sim/experiment -> sim/io -> sim/engine
#
# A plug-in is a file models/KIND/NAME.c whose NAME stands in the catalog.

function fail(why)
{
    printf "%s:%d: %s\n", FILENAME, FNR, why
    failed = 1
}

function rank(path)
{
    if (path ~ /^sim\/engine\//)
        return 1
    if (path ~ /^sim\/io\//)
        return 2
    if (path ~ /^sim\/experiment\//)
        return 3
    if (path ~ /^models\//)
        return 4
    if (path ~ /^sim\/cli\//)
        return 5
    if (path ~ /^tests\//)
        return 6
    return 0
}

# The name of the plug-in that a file belongs to; "" where it is none's.
function plugin(path,    part, count)
{
    count = split(path, part, "/")
    if (count != 3 || part[1] != "models")
        return ""
    sub(/\.[ch]$/, "", part[3])
    return (part[3] in names) ? part[3] : ""
}

FILENAME ~ /catalog\.def$/ {
    if (match($0, /^[A-Z_]+\([a-z0-9_]+/)) {
        name = substr($0, RSTART, RLENGTH)
        sub(/^[A-Z_]+\(/, "", name)
        names[name] = 1
    }
    next
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, word, "\"")
    from = rank(FILENAME)
    to = rank(word[2])
    own = plugin(FILENAME)
    other = plugin(word[2])
    if (to == 0)
        fail("include '" word[2] "' from the project's root, or by <>")
    else if (to > from)
        fail("includes '" word[2] "', which stands above it")
    if (own != "" && other != "" && own != other)
        fail("plug-in '" own "' includes plug-in '" other "'")
}

/^[ \t]*#[ \t]*include[ \t]*<cmocka/ && FILENAME !~ /^tests\// {
    fail("cmocka is for tests")
}

END { exit failed }
