/* kube-scheduler begins no cycle, or each takes longer. */
#include "models/failures/factor.h"
#include "models/failures/failure.h"
#include "models/scheduler/scheduler.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    double factor = factor_of(config);

    (void)id;
    (void)origin;
    if (factor > 0)
        scheduler_set_slowness(s->scheduler, factor);
    else
        scheduler_set_stopped(s->scheduler, true);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)id;
    (void)origin;
    if (factor_of(config) > 0)
        scheduler_set_slowness(s->scheduler, 1);
    else
        scheduler_set_stopped(s->scheduler, false);
}

const struct failure_mode failure_control_plane_scheduler = {
    .name = "scheduler",
    .subject = SUBJECT_CONTROL_PLANE,
    .summary = "kube-scheduler stops, or is slow by a factor",
    .has_repair = true,
    .params = control_factor,
    .config_size = sizeof(struct factor_config),
    .strike = strike,
    .mend = mend,
};
