/* How long kube-proxy's syncs took, by its own log: what the machine was like
 * that it ran on. When they were is for the models to say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* "125.5ms", "1.2s", "870.1us" or with a micro sign, in seconds. */
static double seconds_of(const char *text)
{
    char *unit;
    double value = strtod(text, &unit);

    if (*unit == 's')
        return value;
    return strncmp(unit, "ms", 2) == 0 ? value / 1e3 : value / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

bool sync_times(const struct recording *r, double *median, double *most)
{
    static const char key[] = "syncProxyRules complete\" elapsed=\"";
    FILE *file = fopen(recording_file(r, "proxy_sync.log"), "r");
    VEC_OF(double) times = {0};
    char line[512];
    bool any;

    while (file && fgets(line, sizeof line, file)) {
        const char *at = strstr(line, key);

        if (at)
            VEC_PUSH(times, seconds_of(at + strlen(key)));
    }
    if (file)
        fclose(file);
    any = times.count > 1;
    if (any) {
        qsort(times.items, times.count, sizeof *times.items, by_value);
        *median = times.items[times.count / 2];
        *most = times.items[times.count - 1];
    }
    VEC_FREE(times);
    return any;
}
