# Reads what the figures that compare variants show: rows (one for each value
# of a factor), series (a colour each), their labels. Needs dir.
set datafile separator comma
set datafile missing ""
set datafile columnheaders
variants = dir . "/plots/variants.csv"
rows = 0
series = 0
first_row = 0
factor = ""
service = ""
array labels[1000]
array groups[1000]
most(a, b) = (b > a ? b : a)
note(r, s) = (rows = most(rows, r), series = most(series, s), \
    labels[r] = strcol("label"), groups[s] = strcol("group"), \
    first_row = (first_row ? first_row : r), \
    factor = strcol("factor"), service = strcol("service"), 0)
set table $None
plot variants using (note(int(column("row")), int(column("series")))) with table
unset table

# Failures in percent on a logarithmic axis: those who have none stand at its
# edge, which is marked 0 then.
least = 1
worst = 0
none_failed = 0
seen(x) = (least = (x > 0 && x < least ? x : least), worst = most(worst, x), \
    none_failed = (x <= 0 ? 1 : none_failed), 0)
set table $None
plot variants using (seen(column("failed"))) with table
unset table
edge = (least == 1 ? 0.001 : (none_failed ? 40 : 80) * least)
last = (worst > 0 ? 125 * worst : 1)
shown(x) = (x > 0 ? (100 * x > edge ? 100 * x : edge) : edge)
# An axis from a to b: logarithmic, with marks at 1, 2, 5 of each decade and no
# others, where it is long; linear where it is short.
round_marks = "(1e-7,1e-6,1e-5,1e-4,2e-4,5e-4,0.001,0.002,0.005,0.01,0.02,\
0.05,0.1,0.2,0.5,1,2,5,10,20,50,100,200,500,1000,2000,5000,10000,20000,50000)"
decades(a, b) = log10(b / a)
set_axis(axis, a, b) = sprintf("set %srange [%.9g:%.9g]; %s; set %stics %s", \
    axis, a, b, (decades(a, b) > 0.8 ? "set" : "unset") . " logscale " . axis, \
    axis, decades(a, b) > 2.5 || decades(a, b) <= 0.8 ? "autofreq" : round_marks)
mark_none(axis) = (none_failed ? \
    sprintf("set %stics add ('0' %.9g)", axis, edge) : "")
