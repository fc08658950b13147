#include <math.h>
#include <string.h>

#include "models/metrics/measure.h"

#define METRIC(name, unit, level, better, low, high, meaning)                  \
    {#name, unit, meaning, METRIC_##better, LEVEL_##level, low, high},
const struct metric_info metric_infos[] = {
#include "models/metrics/metrics.def"
    {0}};

size_t metric_count(void)
{
    return METRIC_COUNT;
}

size_t metric_find(const char *name)
{
    size_t i = 0;

    while (i < METRIC_COUNT && strcmp(metric_infos[i].name, name) != 0)
        i++;
    return i;
}

const struct detail_info detail_files[FILE_COUNT] = {
    [FILE_INCIDENTS] = {"incidents.csv",
                        "variant,replication,incident,time,end,action,object,"
                        "requests_failed,attempts_failed,ips_added,"
                        "ips_removed,min_ready,recovery_time"},
    [FILE_FAILURES] = {"failures.csv",
                       "variant,replication,service,traffic,cause,origin,"
                       "origin_object,origin_time,first,last,attempts,"
                       "requests"},
    [FILE_TIMESERIES] = {"timeseries.csv",
                         "variant,replication,time,service,traffic,desired,"
                         "ready,listed,requests,succeeded,failed,latency_p50,"
                         "latency_p99,in_flight"},
    [FILE_SERVICES] = {"services.csv", "variant,replication,service,cluster_ip,"
                                       "type,ports,created,deleted"},
    [FILE_ENDPOINTS] = {"endpoints.csv",
                        "variant,replication,time,service,action,ip,pod,node,"
                        "endpoints"},
    [FILE_PODS] = {"pods.csv",
                   "variant,replication,pod,owner,node,ip,created,scheduled,"
                   "started,ready,deleted,gone,restarts,reason,uid,sandbox"},
    [FILE_READY] = {"ready.csv", "variant,replication,service,ready,seconds"},
    [FILE_EVENTS] = {"events.csv",
                     "variant,replication,time,type,reason,object,message"},
    [FILE_LATENCY] = {"latency.csv",
                      "variant,replication,service,traffic,low,high,count"},
    [FILE_ADDRESSES] = {"addresses.csv",
                        "variant,replication,service,ip,pod,from,to,state"},
};
