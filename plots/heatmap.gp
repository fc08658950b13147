# Where is it good, and where bad? Failures over two factors.
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
if (!many) exit
load "_variants.gp"
if (rows < 2 || series < 2) exit
high = (rows * 22 + 200 > 675 ? rows * 22 + 200 : 675)
load "_style.gp"
longest = 0
do for [r = 1:rows] { longest = most(longest, strlen(labels[r])) }
set title sprintf("%s: requests that failed, %%", service) noenhanced
set xrange [0.5:series + 0.5]
set yrange [rows + 0.5:0.5]
unset grid
set border 0
set tics scale 0
set ytics () font ",11" noenhanced
face = (series > 8 ? ",9" : ",11")
set xtics () font face noenhanced
do for [r = 1:rows] { set ytics add (labels[r] r) }
do for [s = 1:series] { set xtics add (groups[s] s) }
if (series > 8) { set xtics rotate by 20 right }
set lmargin 4 + longest * 0.95
set format cb "%g"
eval set_axis("cb", edge, last)
eval mark_none("cb")
set bmargin 4
set palette defined (0 "#F7FBFF", 0.25 "#C6DBEF", 0.5 "#6BAED6", \
    0.75 "#2171B5", 1 "#08306B")
set key off
dark(x) = (log(shown(x) / edge) > 0.55 * log(last / edge))
text(x) = (x > 0 ? sprintf("%.3g", 100 * x) : "0")
box(u) = shown(column("failed"))
plot variants using "series":"row":(column("series") - 0.495): \
        (column("series") + 0.495):(column("row") - 0.48): \
        (column("row") + 0.48):(box(0)) \
        with boxxyerror fillstyle solid noborder linecolor palette, \
    variants using (!dark(column("failed")) ? column("series") : NaN):"row": \
        (text(column("failed"))) with labels font ",10" \
        textcolor rgb "#000000", \
    variants using (dark(column("failed")) ? column("series") : NaN):"row": \
        (text(column("failed"))) with labels font ",10" textcolor rgb "#FFFFFF"
