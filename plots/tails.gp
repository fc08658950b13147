# Whose slowest requests are the slowest? Latencies of the best and worst variants, log axes.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
if (!many) exit
load "_variants.gp"
if (rows == 0) exit
panels = (series > 9 ? 9 : series)
across = (panels > 4 ? 3 : panels > 1 ? 2 : 1)
down = (panels + across - 1) / across
high = (down > 2 ? 1000 : 675)
load "_style.gp"
tails = dir . "/plots/tails.csv"
low = 1e9
top = 0
array used[1000]
do for [r = 1:rows] { used[r] = 0 }
mark(r, x, share) = (used[r] = 1, top = most(top, x), \
    low = (share < 0.9 && x < low ? x : low), 0)
set table $None
plot tails using (mark(int(column("row")), column("seconds"), column("longer"))) with table
unset table
count = 0
array line[1000]
do for [r = 1:rows] { if (used[r]) { count = count + 1; line[count] = r } }
if (count == 0) exit
set logscale xy
set format y "10^{%L}"
set format x "%g"
set grid xtics ytics lc rgb "#DDDDDD" lt 1
set yrange [1e-5:1.3]
set xrange [low / 2:top * 1.1]
set bmargin 3
set label 1 sprintf("%s: share of requests that took longer%s", service, \
    (rows > count ? sprintf("; %d of %d rows: the first, the best, the worst", count, rows) : "")) \
    at screen 0.5, screen 1 - 20.0 / high center font ",15" noenhanced
from = 60.0 / high
to = 1 - 75.0 / high
set multiplot layout down,across margins 0.07,0.80,from,to spacing 0.06,0.12
do for [s = 1:panels] {
    set title groups[s] noenhanced font ",12" offset 0, -0.6
    set xlabel (s > panels - across ? "seconds" : "")
    if (s == across || s == panels && panels < across) {
        set key at screen 0.815, screen to left top vertical \
            Left reverse noenhanced font ",11" samplen 1.5
    } else {
        set key off
    }
    plot for [i = 1:count] tails \
        using (int(column("series")) == s && int(column("row")) == line[i] ? \
            column("seconds") : NaN):"longer" \
        with lines lw 2 lc rgb colour(i - 1) \
        title labels[line[i]]
    unset label 1
}
unset multiplot
