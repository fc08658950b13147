#include <inttypes.h>
#include <stdarg.h>

#include "models/simulation.h"
#include "sim/io/units.h"

/* Several threads may do so at once: one call prints it all. */
void simulation_fail(struct simulation *s, const char *format, ...)
{
    sim_time now = sim_now(s->sim), epoch = s->world->epoch;
    char text[512], at[32];
    va_list args;

    if (s->failed)
        return;
    s->failed = true;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr,
            "podchurn: error: %s\n  seed %" PRIu64 ", replication %" PRIu64
            ", at %s s\n",
            text, s->root.master, s->root.replication,
            units_format_seconds(epoch == SIM_NEVER ? now : now - epoch, at,
                                 sizeof at));
}
