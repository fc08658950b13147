# Marks the timeline's entries at the top of a figure over time: needs dir
# and unit.
incidents = dir . "/incidents.csv"
mark(t, name) = (sprintf("%f %s", t / unit, name))
marks = ""
note(r, t, name) = (r == 0 && t >= 0 && marked < 12 && !strstrt(name, " ") ? \
    (marked = marked + 1, marks = marks . sprintf("%.6f %s ", t / unit, name), 0) : 0)
marked = 0
set table $None
plot incidents using \
    (note(column("replication"), column("time"), strcol("incident"))) with table
unset table
do for [i = 1:words(marks) / 2] {
    x = real(word(marks, 2 * i - 1))
    set arrow from x, graph 0 to x, graph 1 nohead dt 3 lc rgb "#999999" back
    set label word(marks, 2 * i) at x, graph 1.0 offset 0.3, -0.6 rotate by 0 \
        left font ",11" textcolor rgb "#666666" noenhanced
}
