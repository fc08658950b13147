# What all figures share. Called first by each: load "_style.gp".
# Each sets first: dir the result directory, format svg or png, out the file,
# variant the first one's name, many whether there are others; where the size is not to be the usual one, high (of 675) before it.
set datafile separator comma
set datafile missing ""
set datafile columnheaders
set encoding utf8
if (!exists("high")) { high = 675 }
# Joins are round: mitred ones of thick lines reach over 100 %.
canvas = 'if (format eq "svg") { \
    set terminal svg size 1200,high rounded font "DejaVu Sans,15" \
        background "white" \
    } else { \
    set terminal pngcairo size 1200,high rounded font "DejaVu Sans,13" \
        background "white" \
    }; set output out'
eval canvas

# Okabe and Ito's colours, told apart with any colour vision.
colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #000000 #F0E442"
colour(i) = word(colours, 1 + int(i) % 8)
# Lines on top of each other: the first the widest, so that all show.
width(i) = (i > 4 ? 1.5 : 5.5 - i)

# Rows of the first replication of the first variant.
of_first(u) = (column("replication") == 0 && \
    (!many || strcol("variant") eq variant))
named(title) = (many ? title . " (" . variant . ")" : title)
set title noenhanced

set border 3 lc rgb "#444444"
set tics nomirror out textcolor rgb "#444444"
set grid ytics lc rgb "#DDDDDD" lt 1
set key outside bottom center horizontal noenhanced
set bmargin 6
set xlabel offset 0, 0.3
set lmargin 10

# Up to four names stand below the figure, more of them at its right side, as
# many as there is room for: eval place_key once n, their number, is known.
keyed = 30
place_key = 'if (n > 4) { \
    letters = (n > 20 ? ",9" : ",11"); \
    set key outside right top vertical Left reverse maxrows keyed \
        font letters samplen 1.5; \
    set bmargin 4; \
    if (n > keyed) { set key title sprintf("%d of %d", keyed, n) } }'
in_key(i) = (i <= keyed ? name_at(names, i) : "")

# Distinct texts of a column, gathered by passing over a file; the first 80
# (gnuplot's functions call themselves no deeper than 250 times).
names = ""
gathered = 0
has(s) = strstrt("\n" . names, "\n" . s . "\n") > 0
gather(s) = (strlen(s) && gathered < 80 && !has(s) ? \
             (gathered = gathered + 1, names = names . s . "\n", 0) : 0)
count_names(n) = (strlen(n) == 0 ? 0 : \
                  1 + count_names(n[strstrt(n, "\n") + 1:*]))
name_at(n, i) = (i == 1 ? n[1:strstrt(n, "\n") - 1] : \
                 name_at(n[strstrt(n, "\n") + 1:*], i - 1))
index_of(n, s) = (count_names(("\n" . n)[2:strstrt("\n" . n, "\n" . s . "\n")]))

# Hours, minutes or seconds, as suits the last time T (in seconds).
unit_of(T) = (T >= 10800 ? 3600.0 : T >= 300 ? 60.0 : 1.0)
unit_name(T) = (T >= 10800 ? "hours" : T >= 300 ? "minutes" : "seconds")

# The end of what `intervals` is about, in seconds: its rows are intervals, named
# by their start, the first 0: eval find_end.
intervals = dir . "/plots/timeseries.csv"
find_end = 'end = 0; \
    stats intervals using (column("time")) nooutput; \
    if (exists("STATS_max") && STATS_max > 0) { \
    end = STATS_max; \
    stats intervals using (column("time") > 0 ? column("time") : NaN) nooutput; \
    end = end + STATS_min \
    }'

# Begins the block $G<i> of rows: `eval block(i)`, a plot with table, `unset
# table`. Its first row is no data, so that a block without any can be drawn.
block(i) = sprintf("set print $G%d; print 'NaN,NaN,NaN'; set print; set table $G%d append separator comma", i, i)
