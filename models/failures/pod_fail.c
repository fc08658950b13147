/* The kubelet evicts the pod (node pressure): phase Failed, its processes
 * killed; its owner makes another. */
#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    return kubelet_fail(s->kubelets, id, "Evicted", origin);
}

const struct failure_mode failure_pod_fail = {
    .name = "fail",
    .subject = SUBJECT_POD,
    .summary = "phase Failed (evicted by the kubelet); owner replaces it",
    .strike = strike,
};
