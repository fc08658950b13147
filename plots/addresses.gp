# Which pod IPs did the Services list, and how long did each live?
dir = ARG1; format = ARG2; out = ARG3
load "_style.gp"
file = dir . "/addresses.csv"
key_of(u) = strcol("service") . "  " . strcol("ip")
first(r) = (r == 0)
set table $None
stats file using (column("to")) nooutput
plot file using (gather(first(column("replication")) ? key_of(0) : "")) \
    with table
unset table
n = count_names(names)
if (n == 0) exit
shown = (n > 60 ? 60 : n)
end = STATS_max
unit = unit_of(end)
load "_incidents.gp"
row(u) = 1 + index_of(names, key_of(0))
state(s) = (strcol("state") eq s && first(column("replication")) && \
    row(0) <= shown)

states = "unready ready dead"
fills = "#E69F00 #0072B2 #000000"
titles = "'listed, not ready' 'ready' 'listed, but dead'"
do for [i = 1:3] {
    name = word(states, i)
    eval sprintf("set table $G%d separator comma", i)
    plot file using (row(0)):(column("from")):(column("to")) \
        with table if (state(name))
    unset table
}
unset datafile columnheaders

set title (n > shown ? sprintf("Addresses of the Services: the first %d of %d", shown, n) : "Addresses of the Services, from listed to gone")
set xlabel unit_name(end)
set xrange [0:end / unit]
set yrange [shown + 0.7:-0.6]
set lmargin 44
set format y ""
unset grid
set border 1
size = (shown > 30 ? ",8" : ",11")
set ytics scale 0 font size noenhanced
set ytics ()
do for [i = 1:shown] {
    set ytics add (name_at(names, i) i)
}
dx(t) = (t < 0 ? 0 : t / unit)
plot for [i = 1:3] sprintf("$G%d", i) \
    using (dx($2)):1:(dx($2)):(dx($3) + end / unit / 1500):($1 - 0.38):($1 + 0.38) \
    with boxxyerror fs solid 1 noborder lc rgb word(fills, i) title word(titles, i)
