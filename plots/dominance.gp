# Which variants are beaten in both, failures and latency? The Pareto front of each group.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
if (!many) exit
load "_variants.gp"
if (rows == 0) exit
panels = (series > 9 ? 9 : series)
across = (panels > 4 ? 3 : panels > 1 ? 2 : 1)
down = (panels + across - 1) / across
high = (down > 2 ? 1000 : 675)
load "_style.gp"
fast = 1e9
slow = 0
timed(t) = (fast = (t < fast ? t : fast), slow = most(slow, t), 0)
set table $None
plot variants using (timed(1000 * column("latency_p99"))) with table
unset table
is(s, front) = (int(column("series")) == s && int(column("front")) == front)
set format "%g"
set grid xtics ytics lc rgb "#DDDDDD" lt 1
high_end = last * (last / edge > 6 ? 1.6 : 1.15)
long_end = slow * (slow / fast > 5 ? 1.8 : 1.3)
# Those without failures stand at the edge, whole points inside the panel.
eval set_axis("y", edge / 1.3, high_end)
eval set_axis("x", fast / 1.25, long_end)
eval mark_none("y")
# A label only where there is room: the panel in cells, none twice.
taken = ";"
cell(x, steps, a, b) = int(steps * log(x / a) / log(b / a))
name(x, y) = sprintf("%d,%d;", x, y)
free(x, y) = (strstrt(taken, ";" . name(x, y)) + \
    strstrt(taken, ";" . name(x + 1, y)) + strstrt(taken, ";" . name(x - 1, y)) \
    ? 0 : (taken = taken . name(x, y), 1))
fits(u) = free(cell(1000 * column("latency_p99"), 14 / across, fast / 1.25, long_end), \
    cell(shown(column("failed")), 36 / down, edge, high_end))
set bmargin 3
set key off
set label 1 sprintf("%s: filled where nothing is surely better in one and no worse in the other", service) \
    at screen 0.5, screen 1 - 20.0 / high center font ",15" noenhanced
from = 70.0 / high
to = 1 - 75.0 / high
set multiplot layout down,across margins 0.1,0.98,from,to spacing 0.08,0.14
do for [s = 1:panels] {
    taken = ";"
    set title groups[s] noenhanced font ",12" offset 0, -0.6
    set xlabel (s > panels - across ? "p99 latency, ms" : "")
    set ylabel (s % across == 1 || across == 1 ? "requests that failed, %" : "")
    plot variants using (is(s, 1) ? 1000 * column("latency_p99") : NaN): \
            (shown(column("failed"))): \
            (1000 * column("latency_p99_low")): \
            (1000 * column("latency_p99_high")): \
            (shown(column("failed_low"))):(shown(column("failed_high"))) \
            with xyerrorbars pt 7 ps 1.2 lw 1.5 lc rgb colour(0), \
        variants using (is(s, 1) && fits(0) ? 1000 * column("latency_p99") : NaN): \
            (shown(column("failed"))):(strcol("label")) \
            with labels left offset 0.6, 0.5 font ",11" noenhanced \
            textcolor rgb colour(0), \
        variants using (is(s, 0) ? 1000 * column("latency_p99") : NaN): \
            (shown(column("failed"))) \
            with points pt 6 ps 0.9 lw 1.5 lc rgb "#999999", \
        variants using (is(s, 0) && fits(0) ? 1000 * column("latency_p99") : NaN): \
            (shown(column("failed"))):(strcol("label")) \
            with labels left offset 0.5, 0.4 font ",9" noenhanced \
            textcolor rgb "#999999"
    unset label 1
}
unset multiplot
