/* A container of the pod ends by itself; the kubelet restarts it in place,
 * with back-off. The pod keeps its address. */
#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    return kubelet_crash(s->kubelets, id, origin);
}

const struct failure_mode failure_pod_crash = {
    .name = "crash",
    .subject = SUBJECT_POD,
    .summary = "container exits; restarted in place with back-off",
    .strike = strike,
};
