# Which factor matters most? Main effects, or Morris' mu* against sigma.
# needs sensitivity.csv
dir = ARG1; format = ARG2; out = ARG3; variant = ARG4; many = (ARG5 > 1)
load "_style.gp"
file = dir . "/sensitivity.csv"
# The first Service's availability and p99.
metrics = "request_availability latency_p99"
axes = "'requests that failed, percent' 'p99 latency, ms'"
scales = "100 1000"
service = ""
morris = 0
factors = 0
array names_of[200]
known = "\n"
short(f) = (strstrt(f, ".") || strstrt(f, ":") ? \
    short(f[(strstrt(f, ".") ? strstrt(f, ".") : strstrt(f, ":")) + 1:*]) : f)
add(f) = (strstrt(known, "\n" . f . "\n") || factors >= 200 ? 0 : \
    (known = known . f . "\n", factors = factors + 1, names_of[factors] = f))
note(u) = (strcol("metric") eq "request_availability" && \
    strlen(strcol("service")) && !strlen(strcol("traffic")) ? \
    (service = (strlen(service) ? service : strcol("service")), \
    morris = (strcol("measure") eq "mu_star" ? 1 : morris), \
    add(strcol("factor")), 0) : 0)
set table $None
plot file using (note(0)) with table
unset table
if (factors == 0) exit
# Data blocks: $G1, $G2: factor, estimate, low, high (and sigma for Morris).
array place[200]
find(f) = (hit = 0, sum [i = 1:factors] (names_of[i] eq f ? (hit = i, 0) : 0), hit)
ours(m, what) = (strcol("metric") eq m && strcol("service") eq service && \
    !strlen(strcol("traffic")) && strcol("measure") eq what)
set label 1 sprintf("%s: %s", service, morris ? \
    "Morris' mu* (how much) and sigma (not linear, or in interplay), 95 % intervals" : \
    "how far each factor moves it, 95 % intervals") \
    at screen 0.5, screen 0.965 center font ",15" noenhanced
do for [k = 1:2] {
    array estimate[200]; array sigma[200]; array from[200]; array to[200]
    do for [i = 1:factors] { estimate[i] = NaN; sigma[i] = NaN; from[i] = NaN; to[i] = NaN }
    factor_at = 0
    scale = real(word(scales, k))
    keep(i) = (i ? (estimate[i] = scale * abs(column("estimate")), \
        from[i] = scale * (column("estimate") < 0 ? -column("ci_high") : column("ci_low")), \
        to[i] = scale * (column("estimate") < 0 ? -column("ci_low") : column("ci_high")), 0) : 0)
    keep_sigma(i) = (i ? (sigma[i] = scale * column("estimate"), 0) : 0)
    set table $None
    plot file using (ours(word(metrics, k), morris ? "mu_star" : "range") ? \
        keep(find(strcol("factor"))) : 0) with table
    plot file using (morris && ours(word(metrics, k), "sigma") ? \
        keep_sigma(find(strcol("factor"))) : 0) with table
    unset table
    # In order of size: the largest first.
    array done[200]
    do for [i = 1:factors] { done[i] = (estimate[i] == estimate[i] ? 0 : 1) }
    set print $Sorted
    print "0,NaN,NaN,NaN,NaN,none"
    do for [n = 1:factors] {
        best = 0
        do for [i = 1:factors] {
            if (!done[i] && (best == 0 || estimate[i] > estimate[best])) { best = i }
        }
        if (best) {
            done[best] = 1
            print sprintf("%d,%.9g,%.9g,%.9g,%.9g,%s", n, estimate[best], \
                from[best], to[best], sigma[best], short(names_of[best]))
        }
    }
    set print
    eval sprintf("set print $G%d; print $Sorted; set print", k)
}
unset datafile columnheaders
set multiplot layout 1,2 margins 0.12,0.97,0.14,0.88 spacing (morris ? 0.08 : 0.14),0.1
set key off
do for [k = 1:2] {
    set xtics font ",11"
    set grid xtics lc rgb "#DDDDDD" lt 1
    if (morris) {
        set xlabel "mu*: " . word(axes, k)
        set ylabel (k == 1 ? "sigma" : "")
        set xrange [0:*]
        set yrange [0:*]
        set offsets graph 0.02, graph 0.15, graph 0.08, 0
        plot sprintf("$G%d", k) using 2:5:3:4 with xerrorbars pt 7 ps 1.2 lw 2 \
                lc rgb colour(0), \
            sprintf("$G%d", k) using 2:5:6 with labels left offset 0.7, 0.6 \
                font ",11" noenhanced
    } else {
        set xlabel word(axes, k)
        set xrange [0:*]
        set yrange [factors + 0.6:0.4]
        set ytics scale 0 font ",11" noenhanced
        plot sprintf("$G%d", k) using (0):1:(0):2:($1 - 0.32):($1 + 0.32):ytic(6) \
                with boxxyerror fs solid 0.6 noborder lc rgb colour(0), \
            sprintf("$G%d", k) using 2:1:3:4 with xerrorbars pt 0 lw 2 lc rgb "#000000"
    }
    unset label 1
}
unset multiplot
