# Which clients notice? Availability over time, one line a group of clients.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = intervals
set table $None
eval find_end
plot file using (gather(strcol("traffic"))) with table
unset table
n = count_names(names)
if (n == 0) exit
unit = unit_of(end)
ended(u) = column("succeeded") + column("failed")

# A block of (time, %) for each group; times without an answer are left out.
do for [i = 1:n] {
    name = name_at(names, i)
    eval block(i)
    plot file \
        using (column("time") / unit):(100.0 * column("succeeded") / ended(0)) \
        with table if (strcol("traffic") eq name && ended(0) > 0)
    unset table
}
load "_incidents.gp"
unset datafile columnheaders

set title named("Availability over time, by group of clients")
set xlabel unit_name(end)
set ylabel "requests that succeeded, %"
set xrange [0:end / unit]
set yrange [-3:116]
set ytics 0, 20, 100
eval place_key
plot for [i = 1:n] sprintf("$G%d", i) using 1:2 \
    with lines lw width(i) lc rgb colour(i - 1) title in_key(i)
