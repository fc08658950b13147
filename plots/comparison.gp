# Which variant is best, and how sure is that? Failures and latency, side by side.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
if (!many) exit
load "_variants.gp"
if (rows == 0) exit
# A line of text each, and room for the dots of its series.
line = (series > 3 ? 9 + 5 * series : 24)
high = (rows * line + 190 > 675 ? rows * line + 190 : 675)
load "_style.gp"
dodge(s) = (series > 1 ? 0.72 * ((s - 1.0) / (series - 1) - 0.5) : 0)
y(u) = column("row") + dodge(column("series"))
is(s) = (int(column("series")) == s)

set yrange [rows + 0.6:0.4]
set border 1
unset grid
set grid xtics lc rgb "#DDDDDD" lt 1
longest = 0
do for [r = 1:rows] { longest = most(longest, strlen(labels[r])) }
face = (longest > 34 ? ",8" : rows > 40 ? ",9" : ",11")
set ytics scale 0 font face noenhanced
set ytics ()
do for [r = 1:rows] {
    set ytics add (labels[r] r)
    if (r % 2 == 0) {
        set object r rectangle from graph 0, first r - 0.5 \
            to graph 1, first r + 0.5 behind \
            fillcolor rgb "#F4F4F4" fillstyle solid noborder
    }
}
set multiplot
top = 1 - 70.0 / high
bottom = 135.0 / high
left = 0.02 + (longest > 34 ? 0.0058 : 0.0075) * (longest < 64 ? longest : 64)
set tmargin at screen top
set bmargin at screen bottom
set label 1 sprintf("%s: each %s, 95 %% intervals", service, \
    factor eq "variant" ? factor : sprintf("value of '%s'", factor)) \
    at screen 0.5, screen 1 - 22.0 / high center font ",15" noenhanced
face = (series > 8 ? ",10" : ",12")
set key at screen 0.5, screen 12.0 / high bottom center horizontal \
    noenhanced samplen 1 font face
set lmargin at screen left
set rmargin at screen left + (0.98 - left) * 0.49
set xlabel "requests that failed, %" offset 0, 0.3
set format x "%g"
set xtics font ",11"
eval set_axis("x", edge, last)
eval mark_none("x")
plot for [s = 1:series] variants \
    using (is(s) ? shown(column("failed")) : NaN):(y(0)): \
        (shown(column("failed_low"))):(shown(column("failed_high"))) \
    with xerrorbars pt 7 ps (series > 3 ? 0.7 : 1) lw 2 \
    lc rgb colour(s - 1) title groups[s]
unset label 1
set key off
set lmargin at screen left + (0.98 - left) * 0.53
set rmargin at screen 0.98
set xlabel "p99 latency, ms"
fast = 1e9
slow = 0
timed(t) = (fast = (t < fast ? t : fast), slow = most(slow, t), 0)
set table $None
plot variants using (timed(1000 * column("latency_p99"))) with table
unset table
eval set_axis("x", fast / 1.2, slow * 1.2)
unset ytics
plot for [s = 1:series] variants \
    using (is(s) ? 1000 * column("latency_p99") : NaN):(y(0)): \
        (1000 * column("latency_p99_low")):(1000 * column("latency_p99_high")) \
    with xerrorbars pt 7 ps (series > 3 ? 0.7 : 1) lw 2 \
    lc rgb colour(s - 1) notitle
unset multiplot
