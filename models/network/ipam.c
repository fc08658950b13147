#include "models/network/ipam.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* An address of a node's range. */
struct address {
    pod_id owner;      /* NO_ID: free */
    sim_time released; /* SIM_NEVER: never used yet */
    bool counted;      /* in ipam->distinct */
};

/* A node's range. */
struct range {
    uint32_t base, size;       /* size 0: the pod CIDR had none left */
    uint32_t last;             /* offset reserved last; 0: none yet */
    uint32_t used;             /* addresses that have an owner */
    struct address *addresses; /* by offset; NULL until the first is given */
    struct rng rng;            /* allocator random */
};

/* A range that a Node object asked for, and so not a slot of the pod CIDR. */
struct given_range {
    uint32_t base, size;
    node_id node;
};

struct ipam {
    struct simulation *s;
    VEC_OF(struct range) ranges;      /* by node id */
    VEC_OF(struct given_range) given; /* by address; none overlap */
    VEC_OF(node_id) slots; /* parts of the pod CIDR in order; NO_ID: none */
    size_t distinct;
    VEC_OF(uint32_t) asked; /* virtual IPs that were asked for by name */
    uint32_t next_virtual;  /* offset of the next one to give */
    void (*reused)(void *self, uint32_t ip, pod_id by, sim_time since_release);
    void *reused_self;
};

/* Offsets in a range: network, gateway; the last one is the broadcast. */
enum { GATEWAY = 1, FIRST = 2 };

static uint32_t range_size(int bits)
{
    assert(bits >= 0 && bits <= 32);
    return bits == 0 ? UINT32_MAX : (uint32_t)1 << (32 - bits);
}

/* "10.1.2.0/24". False: not such a text. */
static bool parse_cidr(const char *text, uint32_t *base, uint32_t *size)
{
    const char *slash = strchr(text, '/');
    char address[16], *end;
    struct in_addr in;
    long bits;

    if (!slash || (size_t)(slash - text) >= sizeof address)
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    bits = strtol(slash + 1, &end, 10);
    if (*end || end == slash + 1 || bits < 0 || bits > 32 ||
        inet_pton(AF_INET, address, &in) != 1)
        return false;
    *size = range_size((int)bits);
    *base = ntohl(in.s_addr) & ~(*size - 1);
    return true;
}

/* The first given range that ends after `ip`; given.count: none. */
static size_t given_after(const struct ipam *ipam, uint32_t ip)
{
    size_t low = 0, high = ipam->given.count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct given_range *g = &ipam->given.items[middle];

        if (g->base + (g->size - 1) < ip)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_given(const struct ipam *ipam, uint32_t base, uint32_t size)
{
    size_t at = given_after(ipam, base);

    return at < ipam->given.count &&
           ipam->given.items[at].base <= base + (size - 1);
}

/* The oldest part whose node is gone, and that no pod has an address of
 * (pkg/controller/nodeipam: a deleted Node's CIDR is released). 0: none. */
static uint32_t reused_slot(struct ipam *ipam, node_id node)
{
    const struct cluster_params *c = &ipam->s->scenario->cluster;

    for (size_t i = 0; i < ipam->slots.count; i++) {
        node_id old = ipam->slots.items[i];
        struct range *range;

        if (old == NO_ID || old >= ipam->ranges.count ||
            !world_node(ipam->s->world, old)->deleted)
            continue;
        range = &ipam->ranges.items[old];
        if (range->used > 0)
            continue;
        free(range->addresses);
        range->addresses = NULL;
        range->size = 0;
        ipam->slots.items[i] = node;
        return c->pod_cidr + (uint32_t)i * range_size(c->node_cidr_bits);
    }
    return 0;
}

/* Base of the next part of the pod CIDR that no Node asked for; 0: none. */
static uint32_t next_slot(struct ipam *ipam, node_id node)
{
    const struct cluster_params *c = &ipam->s->scenario->cluster;
    uint32_t size = range_size(c->node_cidr_bits);
    uint64_t parts = (uint64_t)range_size(c->pod_cidr_bits) / size;

    while (ipam->slots.count < parts) {
        uint32_t base = c->pod_cidr + (uint32_t)ipam->slots.count * size;
        bool taken = is_given(ipam, base, size);

        VEC_PUSH(ipam->slots, taken ? NO_ID : node);
        if (!taken)
            return base;
    }
    return reused_slot(ipam, node);
}

static bool asked_for(const struct node_spec *spec, uint32_t *base,
                      uint32_t *size)
{
    return spec->pod_cidr && parse_cidr(spec->pod_cidr, base, size);
}

static void add_range(struct ipam *ipam, node_id node)
{
    const struct node_spec *spec = world_node(ipam->s->world, node)->spec;
    struct range range = {0};

    if (!asked_for(spec, &range.base, &range.size) ||
        ipam_node(ipam, range.base) != node) {
        range.base = next_slot(ipam, node);
        range.size = range.base
                         ? range_size(ipam->s->scenario->cluster.node_cidr_bits)
                         : 0;
    }
    rng_init(&range.rng, ipam->s->root, "ipam.address", spec->name, 0);
    VEC_PUSH(ipam->ranges, range);
}

/* The node's range; nodes get theirs in order of creation. */
static struct range *range_of(struct ipam *ipam, node_id node)
{
    while (ipam->ranges.count <= node)
        add_range(ipam, (node_id)ipam->ranges.count);
    return &ipam->ranges.items[node];
}

/* Of Node objects that ask for overlapping ranges the first one gets it. */
static void add_given(struct ipam *ipam, node_id node)
{
    const struct node_spec *spec = world_node(ipam->s->world, node)->spec;
    struct given_range g = {.node = node};
    size_t at;

    if (!asked_for(spec, &g.base, &g.size) || is_given(ipam, g.base, g.size))
        return;
    at = given_after(ipam, g.base);
    VEC_PUSH(ipam->given, g);
    memmove(&ipam->given.items[at + 1], &ipam->given.items[at],
            (ipam->given.count - 1 - at) * sizeof g);
    ipam->given.items[at] = g;
}

/* Measurement begins: what is held counts as used, what was is forgotten. */
static void restart_count(struct ipam *ipam)
{
    ipam->distinct = 0;
    for (size_t i = 0; i < ipam->ranges.count; i++) {
        struct range *r = &ipam->ranges.items[i];

        for (uint32_t k = 0; r->addresses && k < r->size; k++) {
            r->addresses[k].counted = r->addresses[k].owner != NO_ID;
            ipam->distinct += r->addresses[k].counted;
        }
    }
}

static void notify(void *self, const struct world_change *change)
{
    struct ipam *ipam = self;

    if (change->kind == CHANGE_NODE && change->what == WHAT_ADDED)
        add_given(ipam, change->id);
    if (change->kind == CHANGE_MEASURE && change->what == WHAT_EPOCH)
        restart_count(ipam);
}

struct ipam *ipam_new(struct simulation *s)
{
    struct ipam *ipam = mem_zalloc(sizeof *ipam);

    ipam->s = s;
    world_watch(s->world, 1U << CHANGE_NODE | 1U << CHANGE_MEASURE, notify,
                ipam);
    return ipam;
}

void ipam_free(struct ipam *ipam)
{
    if (!ipam)
        return;
    for (size_t i = 0; i < ipam->ranges.count; i++)
        free(ipam->ranges.items[i].addresses);
    VEC_FREE(ipam->ranges);
    VEC_FREE(ipam->given);
    VEC_FREE(ipam->slots);
    VEC_FREE(ipam->asked);
    free(ipam);
}

/* --- pod addresses --- */

static bool available(const struct ipam *ipam, const struct address *a)
{
    return a->owner == NO_ID &&
           (a->released == SIM_NEVER ||
            sim_now(ipam->s->sim) - a->released >=
                ipam->s->scenario->cluster.ipam_reuse_delay);
}

/* The first available one at or after `from`, wrapping; 0: none. */
static uint32_t scan(const struct ipam *ipam, const struct range *r,
                     uint32_t from)
{
    uint32_t count = r->size - FIRST - 1;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t offset = FIRST + (from - FIRST + i) % count;

        if (available(ipam, &r->addresses[offset]))
            return offset;
    }
    return 0;
}

static uint32_t scan_random(const struct ipam *ipam, struct range *r)
{
    uint32_t eligible = 0;
    uint64_t chosen;

    for (uint32_t k = FIRST; k < r->size - 1; k++)
        eligible += available(ipam, &r->addresses[k]);
    if (eligible == 0)
        return 0;
    chosen = rng_below(&r->rng, eligible);
    for (uint32_t k = FIRST; k < r->size - 1; k++) {
        if (available(ipam, &r->addresses[k]) && chosen-- == 0)
            return k;
    }
    assert(false);
    return 0;
}

static uint32_t choose(const struct ipam *ipam, struct range *r)
{
    switch ((enum ipam_allocator)ipam->s->scenario->cluster.ipam_allocator) {
    case IPAM_LOWEST:
        return scan(ipam, r, FIRST);
    case IPAM_RANDOM:
        return scan_random(ipam, r);
    case IPAM_SEQUENTIAL:
        break;
    }
    return scan(ipam, r, r->last < FIRST ? FIRST : r->last + 1);
}

static void make_addresses(struct range *r)
{
    r->addresses = mem_calloc(r->size, sizeof *r->addresses);
    for (uint32_t k = 0; k < r->size; k++) {
        r->addresses[k].owner = NO_ID;
        r->addresses[k].released = SIM_NEVER;
    }
}

uint32_t ipam_allocate(struct ipam *ipam, node_id node, pod_id pod)
{
    struct range *r = range_of(ipam, node);
    struct address *a;
    uint32_t offset;

    assert(pod != NO_ID);
    if (r->size <= FIRST + 1 || r->used == r->size - FIRST - 1)
        return 0;
    if (!r->addresses)
        make_addresses(r);
    offset = choose(ipam, r);
    if (!offset)
        return 0;
    r->last = offset;
    r->used++;
    a = &r->addresses[offset];
    a->owner = pod;
    ipam->distinct += !a->counted;
    a->counted = true;
    if (a->released != SIM_NEVER && ipam->reused)
        ipam->reused(ipam->reused_self, r->base + offset, pod,
                     sim_now(ipam->s->sim) - a->released);
    return r->base + offset;
}

/* NULL: no node has it. */
static struct address *find(const struct ipam *ipam, uint32_t ip)
{
    node_id node = ipam_node(ipam, ip);
    const struct range *r;

    if (node == NO_ID || node >= ipam->ranges.count)
        return NULL;
    r = &ipam->ranges.items[node];
    return r->addresses ? &r->addresses[ip - r->base] : NULL;
}

void ipam_release(struct ipam *ipam, uint32_t ip)
{
    struct address *a = find(ipam, ip);

    assert(a && a->owner != NO_ID);
    a->owner = NO_ID;
    a->released = sim_now(ipam->s->sim);
    ipam->ranges.items[ipam_node(ipam, ip)].used--;
}

pod_id ipam_owner(const struct ipam *ipam, uint32_t ip)
{
    const struct address *a = find(ipam, ip);

    return a ? a->owner : NO_ID;
}

node_id ipam_node(const struct ipam *ipam, uint32_t ip)
{
    const struct cluster_params *c = &ipam->s->scenario->cluster;
    uint32_t slot = (ip - c->pod_cidr) / range_size(c->node_cidr_bits);

    size_t at = given_after(ipam, ip);

    if (at < ipam->given.count && ip >= ipam->given.items[at].base)
        return ipam->given.items[at].node;
    if (ip < c->pod_cidr || slot >= ipam->slots.count)
        return NO_ID;
    return ipam->slots.items[slot];
}

void ipam_on_reuse(struct ipam *ipam,
                   void (*reused)(void *self, uint32_t ip, pod_id by,
                                  sim_time since_release),
                   void *self)
{
    ipam->reused = reused;
    ipam->reused_self = self;
}

size_t ipam_distinct(const struct ipam *ipam)
{
    return ipam->distinct;
}

/* --- virtual IPs --- */

/* Those that are given without being asked for begin above a band kept for
 * those that are: min(max(16, size / 16), 256) addresses (Kubernetes v1.26,
 * pkg/registry/core/service/ipallocator, KEP-3070). */
static uint32_t static_band(uint32_t size)
{
    uint32_t band = size / 16;

    if (band < 16)
        band = 16;
    if (band > 256)
        band = 256;
    return size < 32 ? FIRST : band;
}

static bool was_asked(const struct ipam *ipam, uint32_t ip)
{
    for (size_t i = 0; i < ipam->asked.count; i++) {
        if (ipam->asked.items[i] == ip)
            return true;
    }
    return false;
}

static uint32_t ask_virtual(struct ipam *ipam, const char *wanted,
                            uint32_t size)
{
    const struct cluster_params *c = &ipam->s->scenario->cluster;
    struct in_addr in;
    uint32_t ip, offset;

    if (inet_pton(AF_INET, wanted, &in) != 1)
        return 0;
    ip = ntohl(in.s_addr);
    offset = ip - c->service_cidr;
    if (ip <= c->service_cidr || offset >= size - 1 || was_asked(ipam, ip) ||
        (offset >= static_band(size) && offset < ipam->next_virtual))
        return 0;
    VEC_PUSH(ipam->asked, ip);
    return ip;
}

uint32_t ipam_cluster_ip(struct ipam *ipam, const char *wanted)
{
    const struct cluster_params *c = &ipam->s->scenario->cluster;
    uint32_t size = range_size(c->service_cidr_bits);

    if (!ipam->next_virtual)
        ipam->next_virtual = static_band(size);
    if (wanted)
        return ask_virtual(ipam, wanted, size);
    while (ipam->next_virtual < size - 1) {
        uint32_t ip = c->service_cidr + ipam->next_virtual++;

        if (!was_asked(ipam, ip))
            return ip;
    }
    return 0;
}
