# Is what was asked for there? Pods desired and pods ready, over time.
dir = ARG1; format = ARG2; out = ARG3
load "_style.gp"
file = dir . "/timeseries.csv"
set table $None
stats file using (column("time")) nooutput
plot file using (gather(strcol("traffic") eq "" && \
    column("replication") == 0 ? strcol("service") : "")) with table
unset table
n = count_names(names)
if (n == 0) exit
end = STATS_max
unit = unit_of(end)
ours(name) = (strcol("service") eq name && strcol("traffic") eq "" && \
    column("replication") == 0)
top = 0
most(x) = (x > top ? (top = x, x) : x)
do for [i = 1:n] {
    name = name_at(names, i)
    eval sprintf("set table $G%d separator comma", i)
    plot file using (column("time") / unit):(most(column("desired"))):(most(column("ready"))) \
        with table if (ours(name))
    unset table
}
load "_incidents.gp"
unset datafile columnheaders

set title "Pods desired (thin) and ready (thick), by Service"
set xlabel unit_name(end)
set ylabel "pods"
set xrange [0:end / unit]
set yrange [-0.2:top * 1.15 + 0.5]
shift(i) = (n > 1 ? (i - 1) * top / 250.0 : 0)
plot for [i = 1:n] sprintf("$G%d", i) using 1:($2 + shift(i)) \
        with steps lw 1 dt 2 lc rgb colour(i - 1) notitle, \
    for [i = 1:n] sprintf("$G%d", i) using 1:($3 + shift(i)) \
        with steps lw 2.5 lc rgb colour(i - 1) title name_at(names, i)
