#include "models/controllers/disruption_rules.h"

#include "models/select.h"

/* getExpectedPodCount. Both amounts round up. */
static void expect(const struct pdb_spec *spec,
                   const struct disruption_seen *seen,
                   struct disruption_status *s)
{
    if (spec->max_given) {
        s->expected_pods = seen->scale;
        s->desired_healthy =
            seen->scale -
            int_or_percent_scaled(spec->max_unavailable, seen->scale, true);
        if (s->desired_healthy < 0)
            s->desired_healthy = 0;
    } else if (spec->min_given) {
        s->expected_pods =
            spec->min_available.percent ? seen->scale : seen->pods;
        s->desired_healthy =
            int_or_percent_scaled(spec->min_available, seen->scale, true);
    }
}

struct disruption_status disruption_decide(const struct pdb_spec *spec,
                                           const struct disruption_seen *seen)
{
    struct disruption_status s = {.current_healthy = seen->healthy};
    bool scaled =
        spec->max_given || (spec->min_given && spec->min_available.percent);

    if (scaled && seen->failed)
        return (struct disruption_status){.expected_pods = -1};
    expect(spec, seen, &s);
    s.disruptions_allowed = s.current_healthy - s.desired_healthy;
    if (s.expected_pods <= 0 || s.disruptions_allowed <= 0)
        s.disruptions_allowed = 0;
    return s;
}
