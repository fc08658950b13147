# What failed, when, and why? Failed attempts by cause, at their incidents.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = dir . "/failures.csv"
set table $None
plot file using (gather(of_first(0) ? strcol("cause") : "")) \
    with table
eval find_end
unset table
n = count_names(names)
if (n == 0) exit
unit = unit_of(end)
top = 1
most_failed(x) = (x > top ? (top = x, x) : x)
do for [i = 1:n] {
    name = name_at(names, i)
    eval block(i)
    plot file using (column("first") / unit):(column("last") / unit): \
        (most_failed(column("attempts"))) \
        with table if (strcol("cause") eq name && of_first(0))
    unset table
}
load "_incidents.gp"
unset datafile columnheaders

set title named("Failed attempts by cause: a bar from the first to the last of one incident")
set xlabel unit_name(end)
set ylabel "attempts failed"
set logscale y
set format y "10^{%L}"
set xrange [0:end / unit]
# Room for the labels above the highest.
set yrange [0.7:2 * top ** (1.1 + 0.05 * depth)]
eval place_key
plot for [i = 1:n] sprintf("$G%d", i) using 1:3:1:2 \
        with xerrorbars pt 7 ps 0.9 lw 3 lc rgb colour(i - 1) \
        title in_key(i)
