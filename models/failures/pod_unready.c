/* The pod's readiness fails while its process serves. */
#include "models/failures/failure.h"
#include "models/kubelet.h"

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    (void)config;
    return kubelet_set_unready(s->kubelets, id, true, origin);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    kubelet_set_unready(s->kubelets, id, false, origin);
}

const struct failure_mode failure_pod_unready = {
    .name = "unready",
    .subject = SUBJECT_POD,
    .summary = "readiness fails, the process serves",
    .has_repair = true,
    .strike = strike,
    .mend = mend,
};
