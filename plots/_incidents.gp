# Marks what happened once (the timeline's entries, as a rule) at the top of a
# figure over time. Needs dir, unit and end.
incidents = dir . "/incidents.csv"
seen = "\n"
twice = "\n"
count_name(s) = (strstrt(seen, "\n" . s . "\n") ? \
    (twice = twice . s . "\n", 0) : (seen = seen . s . "\n", 0))
once(r, t, s) = (r == 0 && t >= 0 && !strstrt(s, " ") && \
    !strstrt(twice, "\n" . s . "\n"))
marks = ""
note(t, s) = (marks = marks . sprintf("%.9g %s ", t / unit, s), 0)
set table $None
plot incidents using (count_name(strcol("incident"))) with table
plot incidents using (once(column("replication"), column("time"), \
    strcol("incident")) ? note(column("time"), strcol("incident")) : 0) \
    with table
unset table
last = -1e9
line = 0
do for [i = 1:(words(marks) / 2 < 16 ? words(marks) / 2 : 16)] {
    x = real(word(marks, 2 * i - 1))
    line = (x - last < 0.09 * end / unit ? line + 1 : 0)
    last = (line == 0 ? x : last)
    set arrow from x, graph 0 to x, graph 1 nohead dt 3 lc rgb "#999999" back
    set label word(marks, 2 * i) at x, graph 1.0 offset 0.3, -0.6 - line * 0.9 \
        left font ",11" textcolor rgb "#666666" noenhanced
}
