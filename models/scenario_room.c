/*
 * Nodes where none were given: at least three, with room for all pods, the
 * surge of a rollout and one lost node.
 */
#include <stdlib.h>
#include <string.h>

#include "models/kubectl/verb.h"
#include "models/scenario_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

enum { NODES_MIN = 3, NODES_MAX = 100000 };

/* Pods of one template. */
struct group {
    int64_t cpu, memory, count;
};

enum { ZONES_MAX = 1000 };

struct room {
    struct scenario_reader *r;
    VEC_OF(struct group) groups;
    VEC_OF(struct scenario_group) pods;
    VEC_OF(struct extended_resource) extended; /* sums */
    int64_t storage;
    int64_t cpu_max, memory_max;
    struct scenario_demands demands;
    struct resources daemons; /* of every node, beside the rest */
};

/* a + b * count, or the most there is. */
static int64_t sum_times(int64_t a, int64_t b, int64_t count)
{
    if (b > (INT64_MAX - a) / count)
        return INT64_MAX;
    return a + b * count;
}

static void add(struct room *room, const struct pod_template *t,
                const char *space, int64_t count)
{
    struct group group = {t->requests.cpu, t->requests.memory, count};
    struct scenario_group pods = {t, space, count};
    size_t i, j;

    if (count <= 0)
        return;
    VEC_PUSH(room->groups, group);
    VEC_PUSH(room->pods, pods);
    if (group.cpu > room->cpu_max)
        room->cpu_max = group.cpu;
    if (group.memory > room->memory_max)
        room->memory_max = group.memory;
    room->storage = sum_times(room->storage, t->requests.storage, count);
    for (i = 0; i < t->requests.count; i++) {
        struct extended_resource one = t->requests.items[i];

        one.quantity = sum_times(0, one.quantity, count);
        for (j = 0; j < room->extended.count; j++)
            if (room->extended.items[j].name == one.name)
                break;
        if (j == room->extended.count)
            VEC_PUSH(room->extended, one);
        else
            room->extended.items[j].quantity =
                sum_times(room->extended.items[j].quantity, one.quantity, 1);
    }
}

/* ---- what the timeline will add: looked at, not yet read ---- */

static const char *flag(const struct kubectl_words *words, const char *name)
{
    size_t i;

    for (i = 0; i < words->flag_count; i++)
        if (strcmp(words->flags[i].name, name) == 0)
            return words->flags[i].value;
    return NULL;
}

static int64_t with_surge(const struct templated *t, int64_t replicas)
{
    int most = replicas > INT32_MAX ? INT32_MAX : (int)replicas;

    return most + (t->surge ? int_or_percent_scaled(*t->surge, most, true) : 0);
}

/* The most that `scale` asks of this object, or its own number. */
static int64_t most_replicas(struct room *room, const struct templated *t)
{
    const struct param_list *list = &room->r->raw->timeline;
    const struct raw_timeline *entries = list->items;
    int64_t most = t->replicas, value;
    struct diag *scratch = diag_new(), *kept = room->r->l.diag;
    struct place nowhere = {0};
    size_t i, j;

    room->r->l.diag = scratch;
    for (i = 0; i < list->count; i++) {
        struct kubectl_words words;
        const char *replicas;

        if (!entries[i].kubectl || !strstr(entries[i].kubectl, "scale") ||
            !scenario_split_words(&room->r->l, entries[i].kubectl, nowhere,
                                  &words))
            continue;
        replicas = flag(&words, "replicas");
        if (!replicas || !units_int(replicas, &value) || value <= most ||
            value > 1000000)
            continue;
        for (j = 1; j < words.count; j++) {
            const char *slash = strrchr(words.items[j], '/');
            const char *name = slash ? slash + 1 : words.items[j];

            if (strcmp(name, t->meta->name) == 0) {
                most = value;
                break;
            }
        }
    }
    room->r->l.diag = kept;
    diag_free(scratch);
    return most;
}

/* A DaemonSet's pods are on every node: see size_pool. */
static void add_daemon(struct room *room, const struct templated *t)
{
    const struct resources *r = &t->template->requests;
    int64_t pods = 1 + int_or_percent_scaled(*t->surge, 1, true);

    room->daemons.cpu = sum_times(room->daemons.cpu, r->cpu, pods);
    room->daemons.memory = sum_times(room->daemons.memory, r->memory, pods);
    room->daemons.pods += pods;
}

static void add_one(void *self, const struct templated *t)
{
    struct room *room = self;
    bool scales = t->kind == OBJECT_DEPLOYMENT ||
                  t->kind == OBJECT_REPLICASET || t->kind == OBJECT_STATEFULSET;

    if (t->kind == OBJECT_DAEMONSET)
        add_daemon(room, t);
    else
        add(room, t->template, t->meta->space,
            with_surge(t, scales ? most_replicas(room, t) : t->replicas));
}

/* `apply -f`: reads the file here too, and forgets it again. */
static void add_applied(struct room *room, const char *path)
{
    struct loader l = room->r->l; /* its lists are not touched */
    struct object_list list = {0};
    struct place nowhere = {0};

    l.docs = doc_set_new();
    l.manifests = NULL;
    if (manifest_read_path(&l, path, nowhere, &list))
        object_list_each(&list, add_one, room);
    object_list_release(&list);
    manifest_release(&l);
    doc_set_free(l.docs);
}

static const struct pod_template nothing = {0};

/* What the timeline makes: pods of new Deployments ask for nothing. */
static void add_created(struct room *room)
{
    const struct param_list *list = &room->r->raw->timeline;
    const struct raw_timeline *entries = list->items;
    struct diag *scratch = diag_new(), *kept = room->r->l.diag;
    struct place nowhere = {0};
    size_t i;

    room->r->l.diag = scratch;
    for (i = 0; i < list->count; i++) {
        struct kubectl_words words;
        const char *replicas, *path;
        int64_t value;

        if (!entries[i].kubectl ||
            !scenario_split_words(&room->r->l, entries[i].kubectl, nowhere,
                                  &words))
            continue;
        replicas = flag(&words, "replicas");
        if (replicas && units_int(replicas, &value) && value > 0 &&
            value <= 1000000)
            add(room, &nothing, "", value + value / 4 + 1);
        path = flag(&words, "filename");
        if (path && words.count > 0 && strcmp(words.items[0], "apply") == 0)
            add_applied(room, path);
    }
    room->r->l.diag = kept;
    diag_free(scratch);
}

/* ---- packing ---- */

struct bin {
    int64_t cpu, memory, pods; /* free */
};

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    /* Shares of a node of 4 CPU and 16 GiB. */
    double left = (double)x->cpu / 4e3 + (double)x->memory / 17179869184.0;
    double right = (double)y->cpu / 4e3 + (double)y->memory / 17179869184.0;

    if (left != right)
        return left < right ? 1 : -1;
    return (x->count < y->count) - (x->count > y->count);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t fits(const struct bin *bin, const struct group *g)
{
    int64_t n = smaller(bin->pods, g->count);

    if (g->cpu > 0)
        n = smaller(n, bin->cpu / g->cpu);
    if (g->memory > 0)
        n = smaller(n, bin->memory / g->memory);
    return n;
}

/* First fit, biggest first. */
static int64_t pack(struct room *room, struct bin empty)
{
    VEC_OF(struct bin) bins = {0};
    int64_t count;
    size_t i, j;

    if (room->groups.count > 1)
        qsort(room->groups.items, room->groups.count,
              sizeof *room->groups.items, by_size);
    for (i = 0; i < room->groups.count; i++) {
        struct group g = room->groups.items[i];

        for (j = 0; g.count > 0 && bins.count < NODES_MAX; j++) {
            int64_t n;

            if (j == bins.count)
                VEC_PUSH(bins, empty);
            n = fits(&bins.items[j], &g);
            bins.items[j].cpu -= n * g.cpu;
            bins.items[j].memory -= n * g.memory;
            bins.items[j].pods -= n;
            g.count -= n;
        }
    }
    count = (int64_t)bins.count;
    VEC_FREE(bins);
    return count;
}

static int64_t round_up(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* ---- the pool ---- */

static void put(struct param_map *map, const char *name, const char *value)
{
    size_t i;

    for (i = 0; i < map->count && strcmp(map->items[i].name, name) != 0; i++)
        ;
    if (i == map->count) {
        map->items =
            mem_realloc(map->items, map->count + 1, sizeof *map->items);
        map->items[i].name = mem_strdup(name);
        map->count++;
    } else {
        free(map->items[i].value);
    }
    map->items[i].value = mem_strdup(value);
}

static void put_number(struct room *room, struct param_map *map,
                       const char *name, int64_t value)
{
    put(map, name, intern_printf(room->r->l.intern, "%lld", (long long)value));
}

/* Where pods name zones, those are the pool's. */
static void set_zones(struct raw_pool *pool, const struct scenario_demand *d)
{
    size_t i;

    for (i = 0; i < pool->zones.count; i++)
        free(pool->zones.items[i]);
    pool->zones.count = d->values.count;
    pool->zones.items = mem_realloc(pool->zones.items, pool->zones.count,
                                    sizeof *pool->zones.items);
    for (i = 0; i < pool->zones.count; i++)
        pool->zones.items[i] = mem_strdup(d->values.items[i]);
}

/* As many zones as pods need that may not be in the same one. */
static void add_zones(struct room *room, struct raw_pool *pool)
{
    int64_t needed = scenario_domains_needed(room->pods.items, room->pods.count,
                                             SCENARIO_ZONE);
    size_t count = pool->zones.count;

    needed = smaller(needed, ZONES_MAX);
    if (needed <= (int64_t)count)
        return;
    pool->zones.items = mem_realloc(pool->zones.items, (size_t)needed,
                                    sizeof *pool->zones.items);
    for (; (int64_t)count < needed; count++)
        pool->zones.items[count] = count < 26
                                       ? mem_printf("%c", (int)('a' + count))
                                       : mem_printf("zone-%zu", count + 1);
    pool->zones.count = count;
    pool->count = round_up(pool->count, needed);
}

/* Nodes divide among the values of each label; `apart` at least are in each
 * zone where pods ask for zones. */
static void divide(struct room *room, struct raw_pool *pool, int64_t apart)
{
    size_t i;

    for (i = 0; i < room->demands.list.count; i++) {
        const struct scenario_demand *d = &room->demands.list.items[i];
        int64_t count = (int64_t)d->values.count;

        if (strcmp(d->key, SCENARIO_ZONE) == 0) {
            set_zones(pool, d);
            pool->count = round_up(pool->count, count);
            if (pool->count < apart * count)
                pool->count = apart * count;
        } else if (pool->count < NODES_MAX) {
            pool->count *= count;
        }
    }
    if (pool->count > NODES_MAX)
        pool->count = NODES_MAX;
}

/* What a DaemonSet takes of every node comes on top where the largest pod
 * would else not fit. */
static struct bin with_daemons(const struct room *room, struct bin bin)
{
    const struct resources *d = &room->daemons;
    const int64_t most = INT64_C(1) << 60;

    if (d->cpu > bin.cpu - room->cpu_max)
        bin.cpu =
            round_up(smaller(sum_times(room->cpu_max, d->cpu, 1), most), 1000);
    if (d->memory > bin.memory - room->memory_max)
        bin.memory =
            round_up(smaller(sum_times(room->memory_max, d->memory, 1), most),
                     INT64_C(1) << 30);
    return bin;
}

static void size_pool(struct room *room, struct raw_pool *pool)
{
    struct bin bin = {.cpu = 4000, .memory = INT64_C(16) << 30, .pods = 110};
    struct param_map *map = &pool->allocatable;
    const int64_t most = INT64_C(1) << 60; /* rounds without overflow */
    struct resources together =
        scenario_together(room->pods.items, room->pods.count);
    int64_t apart;
    size_t i;

    if (together.cpu > room->cpu_max)
        room->cpu_max = together.cpu;
    if (together.memory > room->memory_max)
        room->memory_max = together.memory;
    if (room->cpu_max > bin.cpu)
        bin.cpu = round_up(smaller(room->cpu_max, most), 1000);
    if (room->memory_max > bin.memory)
        bin.memory =
            round_up(smaller(room->memory_max, most), INT64_C(1) << 30);
    bin = with_daemons(room, bin);
    put_number(room, map, "cpu", bin.cpu / 1000);
    put(map, "memory",
        intern_printf(room->r->l.intern, "%lldGi",
                      (long long)(bin.memory >> 30)));
    if (room->storage > 0)
        put_number(room, map, "ephemeral-storage", room->storage);
    for (i = 0; i < room->extended.count; i++)
        put_number(room, map, room->extended.items[i].name,
                   room->extended.items[i].quantity);
    bin.cpu -= room->daemons.cpu;
    bin.memory -= room->daemons.memory;
    bin.pods -= room->daemons.pods;
    pool->count = pack(room, bin);
    /* One may be lost; pods do not pack as well as that. */
    pool->count += 1 + pool->count / 5;
    if (pool->count < NODES_MIN)
        pool->count = NODES_MIN;
    apart =
        1 + smaller(NODES_MAX,
                    scenario_domains_needed(room->pods.items, room->pods.count,
                                            "kubernetes.io/hostname"));
    if (pool->count < apart)
        pool->count = apart;
    add_zones(room, pool);
    divide(room, pool, apart);
}

void scenario_complete_pools(struct scenario_reader *r)
{
    struct room room = {.r = r};
    struct raw_pool *pool;

    pool = raw_append(&r->raw->cluster.pools, scenario_pool_table, sizeof *pool,
                      r->l.kubernetes_minor);
    scenario_collect_demands(r, &room.demands);
    object_list_each(&r->l.objects, add_one, &room);
    add_created(&room);
    size_pool(&room, pool);
    reader_assume(r,
                  "%lld nodes of %s CPU, %s in %zu zones: room for all "
                  "pods, a rollout's surge and one lost node",
                  (long long)pool->count, pool->allocatable.items[0].value,
                  pool->allocatable.items[1].value, pool->zones.count);
    VEC_FREE(room.groups);
    VEC_FREE(room.pods);
    VEC_FREE(room.extended);
    scenario_release_demands(&room.demands);
}
