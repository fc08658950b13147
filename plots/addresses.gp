# Which pod IPs did the Services list, and how long did each live?
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = dir . "/addresses.csv"
services = dir . "/services.csv"
pod_ip(u) = strcol("service") . "  " . strcol("ip")
virtual_ip(u) = strcol("service") . "  " . strcol("cluster_ip")
set table $None
stats file using (column("to")) nooutput
plot file using (gather(of_first(0) ? strcol("service") : "")) with table
listing = names
names = ""
gathered = 0
# Virtual IPs of the Services that list anything, then the pods' IPs.
plot services using (gather(gathered < 6 && of_first(0) && strlen(strcol("cluster_ip")) > 6 && \
    strstrt("\n" . listing, "\n" . strcol("service") . "\n") ? \
    virtual_ip(0) : "")) with table
virtual = count_names(names)
plot file using (gather(of_first(0) ? pod_ip(0) : "")) with table
unset table
n = count_names(names)
if (n == 0) exit
shown = (n > 48 ? 48 : n)
end = STATS_max
unit = unit_of(end)
load "_incidents.gp"
# Many rows need a higher figure.
if (shown > 30) {
    high = 675 + 16 * (shown - 30)
    set output
    eval canvas
}
row(s) = 1 + index_of(names, s)
is(state) = (strcol("state") eq state && of_first(0) && \
    has(pod_ip(0)) && row(pod_ip(0)) <= shown)

states = "unready ready dead"
fills = "#E69F00 #0072B2 #000000"
titles = "'listed, not ready' 'ready' 'listed, but dead'"
do for [i = 1:3] {
    name = word(states, i)
    eval block(i)
    plot file using (row(pod_ip(0))):(column("from")):(column("to")) \
        with table if (is(name))
    unset table
}
until(t) = (t != t ? end : t)
eval block(0)
plot services using (row(virtual_ip(0))):(column("created")): \
    (until(column("deleted"))) \
    with table if (of_first(0) && has(virtual_ip(0)))
unset table
unset datafile columnheaders

set title named(n > shown ? sprintf("Addresses of the Services, from listed to gone: the first %d", shown) : "Addresses of the Services, from listed to gone")
set xlabel unit_name(end)
set xrange [0:end / unit]
# Room for the labels: 26 lines of them are as high as the usual figure.
lines = 26.0 * (high - 135) / 540
set yrange [shown + 0.7:0.4 - (shown + 1) * depth / (lines - depth)]
longest = 0
do for [i = 1:shown] {
    longest = (strlen(name_at(names, i)) > longest ? \
        strlen(name_at(names, i)) : longest)
}
size = (shown > 24 ? 9 : 11)
set lmargin 4 + longest * size / 13.0
set key maxrows 1
set format y ""
unset grid
set border 1
face = sprintf(",%d", size)
set ytics scale 0 font face noenhanced
set ytics ()
do for [i = 1:shown] {
    set ytics add (name_at(names, i) i)
}
x(t) = (t < 0 ? 0 : t / unit)
plot for [i = 0:3] sprintf("$G%d", i) \
    using (x($2)):1:(x($2)):(x($3) + end / unit / 1500): \
        ($1 - 0.38):($1 + 0.38) \
    with boxxyerror fs solid 1 noborder \
    lc rgb (i ? word(fills, i) : "#009E73") \
    title (i ? word(titles, i) : "virtual IP")
