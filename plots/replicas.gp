# Is what was asked for there? Pods desired and pods ready, over time.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = intervals
set table $None
eval find_end
plot file using (gather(strcol("traffic") eq "" ? strcol("service") : "")) with table
unset table
n = count_names(names)
if (n == 0) exit
unit = unit_of(end)
ours(name) = (strcol("service") eq name && strcol("traffic") eq "")
top = 0
most(x) = (x > top ? (top = x, x) : x)
do for [i = 1:n] {
    name = name_at(names, i)
    eval block(i)
    plot file using (column("time") / unit):(most(column("desired"))): \
        (most(column("ready"))) \
        with table if (ours(name))
    unset table
}
load "_incidents.gp"
unset datafile columnheaders

set title named("Pods desired (dashed) and ready, by Service" . \
    (n < 30 ? "" : ": those in most trouble"))
set xlabel unit_name(end)
set ylabel "pods"
set xrange [0:end / unit]
set yrange [-0.03 * top:top * 1.2 + 0.5]
if (top <= 12) { set ytics 0, 1 }
eval place_key
plot for [i = 1:n] sprintf("$G%d", i) using 1:3 \
        with steps lw width(i) lc rgb colour(i - 1) title in_key(i), \
    for [i = 1:n] sprintf("$G%d", i) using 1:2 \
        with steps lw 1 dt 2 lc rgb "#000000" notitle
