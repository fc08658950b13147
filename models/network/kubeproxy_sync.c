#include "models/network/kubeproxy_private.h"

/*
 * How often a sync may run:
 * - since v1.34 (pkg/proxy/runner/bounded_frequency_runner.go, PR #131615)
 *   minSyncPeriod passes from the end of one to the start of the next;
 * - before (pkg/util/async/bounded_frequency_runner.go) a token bucket holds
 *   two runs and gains one each minSyncPeriod; without a token the next run
 *   waits until minSyncPeriod after the end of the last.
 * Requests in between are one. Without changes iptables and nftables sync
 * again each hour, ipvs each syncPeriod; nothing is scheduled for that: when
 * a change comes, what must have happened is worked out.
 */

sim_time proxy_times(uint64_t count, sim_time each)
{
    if (count == 0 || each == 0)
        return 0;
    return (uint64_t)each > (uint64_t)SIM_NEVER / count
               ? SIM_NEVER
               : (sim_time)(count * (uint64_t)each);
}

/* --- what a sync costs --- */

size_t proxy_log_after(const struct proxies *p, uint64_t sequence)
{
    size_t low = 0, high = p->log.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (p->log.items[middle].sequence <= sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Services that have versions after `from` up to `to`: each is counted at
 * its first. Nodes ask for the same span one after another. */
static uint64_t changed_services(struct proxies *p, uint64_t from, uint64_t to)
{
    if (p->counted.from != from || p->counted.to != to) {
        p->counted.from = from;
        p->counted.to = to;
        p->counted.changed = 0;
        for (size_t i = proxy_log_after(p, from);
             i < p->log.count && p->log.items[i].sequence <= to; i++)
            p->counted.changed += p->log.items[i].before <= from;
    }
    return p->counted.changed;
}

static sim_time full_time(struct proxies *p, node_id id)
{
    const struct kube_proxy_params *k = p->params;
    struct rng *rng = &p->streams.items[id].sync;
    sim_time t = dist_sample_time(&k->sync_base, rng);

    t = proxy_later(
        t,
        proxy_times(p->services, dist_sample_time(&k->sync_per_service, rng)));
    return proxy_later(
        t, proxy_times(p->endpoints,
                       dist_sample_time(&k->sync_per_endpoint, rng)));
}

static sim_time partial_time(struct proxies *p, node_id id)
{
    const struct kube_proxy_params *k = p->params;
    const struct proxy *n = &p->nodes.items[id];
    struct rng *rng = &p->streams.items[id].sync;
    sim_time t = dist_sample_time(&k->sync_base, rng);
    uint64_t changed = changed_services(p, n->programmed, n->delivered);

    return proxy_later(
        t, proxy_times(changed, dist_sample_time(&k->sync_per_change, rng)));
}

/* iptables' large-cluster mode. */
static bool is_large(const struct proxies *p)
{
    return p->params->mode == PROXY_IPTABLES &&
           p->endpoints > (uint64_t)p->params->large_cluster_endpoints;
}

static bool is_partial(const struct proxies *p, const struct proxy *n)
{
    if (p->params->mode == PROXY_IPVS ||
        (p->params->mode == PROXY_IPTABLES && !p->params->partial_sync))
        return false;
    return !n->need_full &&
           (sim_now(p->s->sim) - n->full <= p->params->full_sync_period ||
            is_large(p));
}

/* --- syncs --- */

void proxy_has_rules(struct proxies *p, node_id id)
{
    if (p->nodes.items[id].ruled)
        return;
    p->nodes.items[id].ruled = true;
    p->started++;
}

static void finish(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];
    uint64_t from = n->programmed;

    n->running = false;
    n->done = sim_now(p->s->sim);
    n->programmed = n->target;
    proxy_has_rules(p, id);
    if (n->restarting) {
        n->restarting = false;
        proxy_tell_restart(p, id, true);
    }
    if (p->programmed && n->programmed > from)
        p->programmed(p->programmed_self, id, from, n->programmed);
    if (n->delivered > n->programmed)
        proxy_request_sync(p, id);
}

static void on_end(struct sim *sim, void *self, struct event_args args)
{
    struct proxies *p = self;

    (void)sim;
    if (p->nodes.items[args.subject].stamp == args.detail)
        finish(p, (node_id)args.subject);
}

static const struct event_type end_event = {"kubeproxy.synced", 0, on_end};

static void schedule_end(struct proxies *p, node_id id, sim_time at)
{
    struct proxy *n = &p->nodes.items[id];
    struct event_args args = {id, ++n->stamp};

    n->running = true;
    if (at >= p->ends.last && at != SIM_NEVER) {
        p->ends.last = at;
        sim_lane_at(p->s->sim, p->ends.lane, at, &end_event, p, args);
    } else {
        sim_at(p->s->sim, at, &end_event, p, args);
    }
}

static void begin(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];
    sim_time now = sim_now(p->s->sim), duration;

    n->waiting = false;
    n->target = n->delivered;
    if (is_partial(p, n)) {
        duration = partial_time(p, id);
    } else {
        duration = full_time(p, id);
        n->full = now;
        n->need_full = false;
    }
    if (duration == 0) {
        n->stamp++;
        finish(p, id);
    } else {
        schedule_end(p, id, proxy_later(now, duration));
    }
}

static void on_wait(struct sim *sim, void *self, struct event_args args)
{
    struct proxies *p = self;
    struct proxy *n = &p->nodes.items[args.subject];

    (void)sim;
    if (n->stamp != args.detail)
        return;
    n->waiting = false;
    proxy_request_sync(p, (node_id)args.subject);
}

static const struct event_type wait_event = {"kubeproxy.wait", 0, on_wait};

static void wait_until(struct proxies *p, node_id id, sim_time at)
{
    struct proxy *n = &p->nodes.items[id];
    struct event_args args = {id, ++n->stamp};

    n->waiting = true;
    if (at >= p->waits.last && at != SIM_NEVER) {
        p->waits.last = at;
        sim_lane_at(p->s->sim, p->waits.lane, at, &wait_event, p, args);
    } else {
        sim_at(p->s->sim, at, &wait_event, p, args);
    }
}

/* Takes a token: true, or says when to try again. */
static bool take_token(struct proxies *p, struct proxy *n, sim_time *at)
{
    sim_time now = sim_now(p->s->sim), min = p->params->min_sync_period;
    sim_time most =
        min > SIM_NEVER / PROXY_BURST ? SIM_NEVER : PROXY_BURST * min;

    n->credit = proxy_later(n->credit, now - n->credit_at);
    if (n->credit > most)
        n->credit = most;
    n->credit_at = now;
    if (n->credit >= min) {
        n->credit -= min;
        return true;
    }
    *at = proxy_later(n->done, min);
    if (*at <= now)
        *at = proxy_later(now, min - n->credit);
    return false;
}

sim_time proxy_idle_period(const struct proxies *p)
{
    return p->params->mode == PROXY_IPVS ? p->params->sync_period
                                         : p->params->full_sync_period;
}

/* Makes up for the syncs that ran while nothing changed; one of them may be
 * running now, and then the proxy is busy till its end. */
static void catch_up(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];
    sim_time period = proxy_idle_period(p), idle = sim_now(p->s->sim) - n->done;
    sim_time duration, cycle, begun;

    if (period <= 0 || idle < period || n->need_full)
        return;
    duration = full_time(p, id);
    cycle = proxy_later(period, duration);
    if (cycle == SIM_NEVER)
        return;
    n->done += idle / cycle * cycle;
    begun = n->done + period;
    n->full = begun - (begun > sim_now(p->s->sim) ? cycle : 0);
    if (begun < sim_now(p->s->sim)) {
        n->target = n->programmed;
        schedule_end(p, id, proxy_later(begun, duration));
    }
}

/* Something is new: syncs as soon as may be. */
void proxy_request_sync(struct proxies *p, node_id id)
{
    struct proxy *n = &p->nodes.items[id];
    sim_time now = sim_now(p->s->sim), at;

    if (n->running || n->stuck || (n->waiting && !p->token_bucket))
        return;
    if (!n->waiting)
        catch_up(p, id);
    if (n->running)
        return;
    if (p->token_bucket && p->params->min_sync_period > 0) {
        if (take_token(p, n, &at))
            at = now;
    } else {
        at = proxy_later(n->done, p->params->min_sync_period);
    }
    if (at <= now)
        begin(p, id);
    else if (!n->waiting)
        wait_until(p, id, at);
}
