# Marks what happened once (the timeline's entries, as a rule) at the top of a
# figure over time. Needs dir, unit and end.
incidents = dir . "/incidents.csv"
seen = "\n"
twice = "\n"
count_name(s) = (strstrt(seen, "\n" . s . "\n") ? \
    (twice = twice . s . "\n", 0) : (seen = seen . s . "\n", 0))
once(t, s) = (of_first(0) && t >= 0 && !strstrt(twice, "\n" . s . "\n"))
# Times, and as many lines of names.
times = ""
marks = ""
short(s) = (strlen(s) > 24 ? substr(s, 1, 22) . "…" : s)
note(t, s) = (times = times . sprintf("%.9g ", t / unit), \
    marks = marks . short(s) . "\n", 0)
set table $None
plot incidents using (of_first(0) ? count_name(strcol("incident")) : 0) \
    with table
plot incidents using (once(column("time"), strcol("incident")) ? \
    note(column("time"), strcol("incident")) : 0) with table
unset table
last = -1e9
line = 0
depth = 0 # lines of labels
most = 5 # of them; what does not fit is counted
hidden = (words(times) > 16 ? words(times) - 16 : 0)
right = 0 # how far the labels reach, in parts of the figure's width
label_at = 'if (share > 0.8) { \
    set label mark at x, graph 1.0 offset -0.3, -0.6 - line * 0.9 \
        right font ",11" textcolor rgb "#666666" noenhanced \
    } else { \
    set label mark at x, graph 1.0 offset 0.3, -0.6 - line * 0.9 \
        left font ",11" textcolor rgb "#666666" noenhanced \
    }'
do for [i = 1:(words(times) < 16 ? words(times) : 16)] {
    x = real(word(times, i))
    mark = name_at(marks, i)
    share = x * unit / end
    line = (share < right ? line + 1 : 0)
    right = (share + 0.013 * strlen(mark) > right ? \
        share + 0.013 * strlen(mark) : right)
    set arrow from x, graph 0 to x, graph 1 nohead dt 3 lc rgb "#999999" back
    if (line >= most) {
        hidden = hidden + 1
    } else {
        depth = (line >= depth ? line + 1 : depth)
        eval label_at
    }
}
if (hidden) {
    mark = sprintf("… and %d more", hidden)
    line = depth
    depth = depth + 1
    eval label_at
}
