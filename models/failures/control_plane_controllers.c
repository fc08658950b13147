/* kube-controller-manager stops, or takes longer over all that it hears and
 * writes. A new process, or another leader, begins with what the API server
 * has: each node gets its grace period anew, and so do tolerations. */
#include "models/controller.h"
#include "models/failures/factor.h"
#include "models/failures/failure.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    double factor = factor_of(config);

    (void)id;
    (void)origin;
    if (factor > 0)
        controllers_set_slowness(s->controllers, factor);
    else
        controllers_hold(s->controllers, CONTROLLERS_MANAGER);
    return true;
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)id;
    (void)origin;
    if (factor_of(config) > 0)
        controllers_set_slowness(s->controllers, 1);
    else
        controllers_release(s->controllers, CONTROLLERS_MANAGER, true);
}

const struct failure_mode failure_control_plane_controllers = {
    .name = "controllers",
    .subject = SUBJECT_CONTROL_PLANE,
    .summary = "kube-controller-manager stops, or is slow by a factor",
    .has_repair = true,
    .params = control_factor,
    .config_size = sizeof(struct factor_config),
    .strike = strike,
    .mend = mend,
};
