# How long do clients wait? Share of requests that took longer, log axes.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = dir . "/latency.csv"
set table $None
plot file using (gather(of_first(0) ? strcol("traffic") : "")) \
    with table
unset table
n = count_names(names)
if (n == 0) exit
array total[n]
array passed[n]
do for [i = 1:n] {
    total[i] = 0
    passed[i] = 0
}
ours(i) = (strcol("traffic") eq name_at(names, i) && of_first(0))
do for [i = 1:n] {
    set table $None
    plot file using (ours(i) ? total[i] = total[i] + column("count") : 0) \
        with table
    unset table
    eval block(i)
    plot file using (column("high")):(passed[i] = passed[i] + (ours(i) ? column("count") : 0), \
        1 - passed[i] / total[i]) \
        with table if (ours(i))
    unset table
}
unset datafile columnheaders

set title named("Latency of requests that succeeded, as clients see it")
set xlabel "seconds"
set ylabel "share of requests that took longer"
set logscale xy
set format y "10^{%L}"
set format x "%g"
set grid xtics ytics lc rgb "#DDDDDD" lt 1
set yrange [1e-6:1.3]
set autoscale xfixmin
array quantiles[3] = [0.5, 0.1, 0.01]
array labels[3] = ["p50", "p90", "p99"]
do for [i = 1:3] {
    set arrow from graph 0, first quantiles[i] to graph 1, first quantiles[i] \
        nohead dt 3 lc rgb "#999999" back
    set label labels[i] at graph 1, first quantiles[i] offset -4, 0.5 \
        font ",11" textcolor rgb "#666666"
}
eval place_key
plot for [i = 1:n] sprintf("$G%d", i) using ($2 < 0.995 ? $1 : NaN):($2 > 0 ? $2 : NaN) \
    with lines lw width(i) lc rgb colour(i - 1) title in_key(i)
