/* What others may know of a pod as a server. */
#include "models/traffic/server_private.h"

const char *const cause_names[CAUSE_COUNT] = {"",
                                              "no_endpoints",
                                              "dns",
                                              "connect_refused",
                                              "connect_timeout",
                                              "reset",
                                              "overloaded",
                                              "timeout",
                                              "misrouted",
                                              "app_error",
                                              "circuit_open"};

uint64_t server_present(const struct pod *pod)
{
    return pod->server ? (uint64_t)queue_present(&pod->server->queue) : 0;
}

double server_cpu(const struct servers *v, const struct pod *pod)
{
    const struct server_pod *server = pod->server;
    const struct workload *workload;
    double used;

    if (!server || server->state == ENDED)
        return 0;
    workload = server->workload;
    used = workload->cpu_per_request > 0
               ? (double)server->answered * (double)workload->cpu_per_request
               : (double)server->worked;
    return used / 1e9 + (double)workload->idle_cpu / 1e3 *
                            sim_to_seconds(sim_now(v->s->sim) - server->opened);
}

uint64_t server_answered(const struct pod *pod)
{
    const struct server_pod *server = pod->server;

    return server && server->state != ENDED ? server->answered : 0;
}

bool server_hangs(const struct pod *pod)
{
    const struct server_pod *server = pod->server;

    for (size_t i = 0; server && i < server->faults.count; i++) {
        if (server->faults.items[i].kind == FAULT_HANG)
            return true;
    }
    return false;
}

bool server_listens(const struct pod *pod)
{
    return pod->server && pod->server->state == LISTENING;
}

sim_time server_since(const struct pod *pod)
{
    return server_listens(pod) ? pod->server->opened : SIM_NEVER;
}

bool server_drains(const struct pod *pod)
{
    return pod->server && pod->server->state == DRAINING;
}
