# Which value is enough? What was tried, with intervals, and the target.
# needs tune.csv
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = dir . "/tune.csv"
# The first target, where there are several.
metric = ""
target = ""
service = ""
unit = ""
path = ""
verdicts = "met missed 'not proven'"
shades = "#009E73 #D55E00 #E69F00"
at = NaN
low = 1e300
top = -1e300
few = 1e300
lots = -1e300
note(u) = (metric = (strlen(metric) ? metric : strcol("metric")), \
    target = (strlen(target) ? target : strcol("target")), \
    strcol("metric") eq metric && strcol("target") eq target ? \
    (service = strcol("service"), unit = strcol("unit"), \
    path = strcol("variant"), \
    at = (column("answer") == 1 ? column("number") : at), \
    answer = (column("answer") == 1 ? strcol("value") : answer), \
    low = (column("mean") < low ? column("mean") : low), \
    top = (column("mean") > top ? column("mean") : top), \
    few = (column("number") < few ? column("number") : few), \
    lots = (column("number") > lots ? column("number") : lots), 0) : 0)
answer = ""
set table $None
plot file using (note(0)) with table
unset table
path = path[1:strstrt(path, "=") - 1]
bound = target[3:*]
share = (strstrt(bound, "%") > 0)
scale = (share ? 100.0 : 1.0)
aim = real(share ? bound[1:strstrt(bound, "%") - 1] : bound)
if (!share && (metric eq "request_availability" || strstrt(metric, "availability"))) {
    scale = 100.0
    aim = 100.0 * aim
    share = 1
}
ours(v) = (strcol("metric") eq metric && strcol("target") eq target && \
    strcol("verdict") eq v)
set title (strlen(answer) ? sprintf("%s=%s meets %s %s", path, answer, metric, target) : \
    sprintf("%s: no value was proven to meet %s %s", path, metric, target))
set xlabel path . (strlen(unit) ? ", " . unit : "") noenhanced
set ylabel metric . (share ? ", %" : "") noenhanced
set format y "%g"
span = (lots > few ? lots - few : 1)
set xrange [few - 0.04 * span:lots + 0.04 * span]
# Where values lie decades apart, a logarithm; shares are seen from 100 %.
apart = (low > 0 && top / low > 30)
if (apart) { set logscale y } else {
    reach = (scale * top > aim ? scale * top : aim) - \
        (scale * low < aim ? scale * low : aim)
    reach = (reach > 0 ? reach : 1)
    set yrange [(scale * low < aim ? scale * low : aim) - 0.12 * reach: \
        (scale * top > aim ? scale * top : aim) + 0.12 * reach]
}
set arrow from graph 0, first aim to graph 1, first aim nohead dt 2 lw 2 \
    lc rgb "#000000" back
drop = (target[1:1] eq ">" ? -0.8 : 0.7) # on the side that misses
set label target at graph 1, first aim offset -0.5, drop right font ",12" noenhanced
if (at == at) {
    set arrow from at, graph 0 to at, graph 1 nohead dt 3 lc rgb "#009E73" back
}
y(name) = scale * column(name)
plot file using (strcol("metric") eq metric && strcol("target") eq target ? \
        column("number") : NaN):(y("mean")) with lines lw 1 lc rgb "#999999" \
        notitle, \
    for [i = 1:3] file using (ours(word(verdicts, i)) ? column("number") : NaN): \
        (y("mean")):(y("ci_low")):(y("ci_high")) with yerrorbars pt 7 \
        ps 1.3 lw 2 lc rgb word(shades, i) title word(verdicts, i)
