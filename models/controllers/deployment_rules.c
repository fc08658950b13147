#include "models/controllers/deployment_rules.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "models/controller.h"
#include "models/select.h"
#include "sim/engine/mem.h"

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

void deployment_fenceposts(struct int_or_percent max_surge,
                           struct int_or_percent max_unavailable, int desired,
                           int *surge, int *unavailable)
{
    *surge = int_or_percent_scaled(max_surge, desired, true);
    *unavailable = int_or_percent_scaled(max_unavailable, desired, false);
    if (*surge == 0 && *unavailable == 0)
        *unavailable = 1; /* else nothing could ever move */
}

int deployment_max_surge(const struct deployment_view *d)
{
    int surge, unavailable;

    if (d->recreate)
        return 0;
    deployment_fenceposts(d->max_surge, d->max_unavailable, d->replicas, &surge,
                          &unavailable);
    return surge;
}

int deployment_max_unavailable(const struct deployment_view *d)
{
    int surge, unavailable;

    if (d->recreate || d->replicas == 0)
        return 0;
    deployment_fenceposts(d->max_surge, d->max_unavailable, d->replicas, &surge,
                          &unavailable);
    return min_int(unavailable, d->replicas);
}

int deployment_min_available(const struct deployment_view *d)
{
    return d->recreate ? 0 : d->replicas - deployment_max_unavailable(d);
}

/* Sums over sets; NULL where there is no new one. */
struct sums {
    int replicas, old_replicas;
    struct replicaset_view *newest; /* the new set */
};

static struct sums sum(struct replicaset_view *sets, size_t count)
{
    struct sums s = {0, 0, NULL};

    for (size_t i = 0; i < count; i++) {
        s.replicas += sets[i].replicas;
        if (sets[i].is_new)
            s.newest = &sets[i];
        else
            s.old_replicas += sets[i].replicas;
    }
    return s;
}

int deployment_new_replicas(const struct deployment_view *d, int total,
                            int new_replicas)
{
    int most = d->replicas + deployment_max_surge(d);

    if (d->recreate)
        return d->replicas;
    if (total >= most)
        return new_replicas;
    return new_replicas + min_int(most - total, d->replicas - new_replicas);
}

bool deployment_reconcile_new(const struct deployment_view *d,
                              struct replicaset_view *sets, size_t count)
{
    struct sums s = sum(sets, count);
    int before;

    if (!s.newest || s.newest->replicas == d->replicas)
        return false;
    before = s.newest->replicas;
    s.newest->replicas = before > d->replicas
                             ? d->replicas
                             : deployment_new_replicas(d, s.replicas, before);
    return s.newest->replicas != before;
}

/* Sets are few, and mostly in order. */
static void sort_sets(struct replicaset_view **sets, size_t count,
                      bool (*before)(const struct replicaset_view *,
                                     const struct replicaset_view *))
{
    for (size_t i = 1; i < count; i++) {
        struct replicaset_view *one = sets[i];
        size_t k = i;

        for (; k > 0 && before(one, sets[k - 1]); k--)
            sets[k] = sets[k - 1];
        sets[k] = one;
    }
}

static bool older(const struct replicaset_view *a,
                  const struct replicaset_view *b)
{
    return a->created != b->created ? a->created < b->created : a->id < b->id;
}

static bool larger_or_newer(const struct replicaset_view *a,
                            const struct replicaset_view *b)
{
    return a->replicas != b->replicas ? a->replicas > b->replicas : older(b, a);
}

static bool larger_or_older(const struct replicaset_view *a,
                            const struct replicaset_view *b)
{
    return a->replicas != b->replicas ? a->replicas > b->replicas : older(a, b);
}

static bool earlier_revision(const struct replicaset_view *a,
                             const struct replicaset_view *b)
{
    return a->revision != b->revision ? a->revision < b->revision : older(a, b);
}

/* Those of `sets` that are old (or any) and have pods, by age. */
static size_t active(struct replicaset_view *sets, size_t count, bool old_only,
                     struct replicaset_view **out)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (sets[i].replicas > 0 && !(old_only && sets[i].is_new))
            out[n++] = &sets[i];
    }
    sort_sets(out, n, older);
    return n;
}

int deployment_cleanup_unhealthy(struct replicaset_view *sets, size_t count,
                                 int max)
{
    struct replicaset_view **old = mem_calloc(count, sizeof *old);
    size_t n = active(sets, count, true, old);
    int total = 0;

    for (size_t i = 0; i < n && total < max; i++) {
        int unhealthy =
            min_int(max - total, old[i]->replicas - old[i]->available);

        if (unhealthy < 0) {
            total = -1;
            break;
        }
        old[i]->replicas -= unhealthy;
        total += unhealthy;
    }
    free(old);
    return total;
}

int deployment_scale_down_old(const struct deployment_view *d,
                              struct replicaset_view *sets, size_t count)
{
    struct replicaset_view **old = mem_calloc(count, sizeof *old);
    size_t n = active(sets, count, true, old);
    const struct replicaset_view *newest = sum(sets, count).newest;
    int spare = (newest ? newest->available : 0) - deployment_min_available(d);
    int total = 0;

    /* Not those of sets that were scaled to 0: their status may lag. */
    for (size_t i = 0; i < n; i++)
        spare += old[i]->available;
    for (size_t i = 0; i < n && total < spare; i++) {
        int down = min_int(old[i]->replicas, spare - total);

        old[i]->replicas -= down;
        total += down;
    }
    free(old);
    return total;
}

int deployment_max_scale_down(const struct deployment_view *d,
                              const struct replicaset_view *sets, size_t count)
{
    struct sums s = sum((struct replicaset_view *)sets, count);
    int unavailable = 0;

    if (s.old_replicas == 0)
        return 0;
    if (s.newest)
        unavailable = s.newest->replicas - s.newest->available;
    return s.replicas - deployment_min_available(d) - unavailable;
}

bool deployment_reconcile_old(const struct deployment_view *d,
                              struct replicaset_view *sets, size_t count)
{
    int max = deployment_max_scale_down(d, sets, count), cleaned;

    if (max <= 0)
        return false;
    cleaned = deployment_cleanup_unhealthy(sets, count, max);
    if (cleaned < 0)
        return false;
    return deployment_scale_down_old(d, sets, count) + cleaned > 0;
}

/* --- scaling in proportion --- */

int deployment_fraction(const struct deployment_view *d,
                        const struct replicaset_view *rs)
{
    int most = d->replicas + deployment_max_surge(d);
    int before = rs->max_replicas_annotation;
    double size;

    if (d->replicas == 0)
        return -rs->replicas;
    if (before == 0)
        before = d->status_replicas;
    if (before == 0)
        return 0;
    size = (double)rs->replicas * (double)most / (double)before;
    return (int)(size + 0.5) - rs->replicas;
}

static void scale_in_proportion(const struct deployment_view *d,
                                struct replicaset_view **sets, size_t count,
                                int total)
{
    int most = d->replicas > 0 ? d->replicas + deployment_max_surge(d) : 0;
    int add = most - total, added = 0;

    sort_sets(sets, count, add > 0 ? larger_or_newer : larger_or_older);
    for (size_t i = 0; i < count && added != add; i++) {
        int share = deployment_fraction(d, sets[i]);

        share =
            add > 0 ? min_int(share, add - added) : max_int(share, add - added);
        sets[i]->replicas += share;
        added += share;
    }
    if (count > 0)
        sets[0]->replicas = max_int(sets[0]->replicas + add - added, 0);
}

/* Of sets without pods the new one, else the newest. */
static struct replicaset_view *latest(struct replicaset_view *sets,
                                      size_t count)
{
    struct replicaset_view *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (sets[i].is_new)
            return &sets[i];
        if (!found || older(found, &sets[i]))
            found = &sets[i];
    }
    return found;
}

static bool saturated(const struct deployment_view *d,
                      const struct replicaset_view *rs)
{
    return rs && rs->replicas == d->replicas &&
           rs->desired_annotation == d->replicas &&
           rs->available == d->replicas;
}

void deployment_scale(const struct deployment_view *d,
                      struct replicaset_view *sets, size_t count)
{
    struct replicaset_view **with_pods = mem_calloc(count, sizeof *with_pods);
    size_t n = active(sets, count, false, with_pods);
    struct sums s = sum(sets, count);

    if (n <= 1) {
        struct replicaset_view *only = n ? with_pods[0] : latest(sets, count);

        if (only)
            only->replicas = d->replicas;
    } else if (saturated(d, s.newest)) {
        for (size_t i = 0; i < n; i++)
            with_pods[i]->replicas *= with_pods[i]->is_new;
    } else if (!d->recreate) {
        scale_in_proportion(d, with_pods, n, s.replicas);
    }
    free(with_pods);
}

bool deployment_was_scaled(const struct deployment_view *d,
                           const struct replicaset_view *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sets[i].replicas > 0 && sets[i].desired_annotation >= 0 &&
            sets[i].desired_annotation != d->replicas)
            return true;
    }
    return false;
}

/* --- history, status, names --- */

size_t deployment_cleanup_history(const struct replicaset_view *sets,
                                  size_t count, int limit, bool *gone)
{
    struct replicaset_view *copy = mem_calloc(count, sizeof *copy);
    struct replicaset_view **old = mem_calloc(count, sizeof *old);
    size_t n = 0, deleted = 0;

    for (size_t i = 0; i < count; i++) {
        copy[i] = sets[i];
        gone[i] = false;
        if (!sets[i].is_new)
            old[n++] = &copy[i];
    }
    sort_sets(old, n, earlier_revision);
    for (size_t i = 0; limit >= 0 && i + (size_t)limit < n; i++) {
        if (old[i]->replicas != 0 || old[i]->status_replicas != 0)
            continue;
        gone[old[i] - copy] = true;
        deleted++;
    }
    free(old);
    free(copy);
    return deleted;
}

bool deployment_complete(int desired, const struct deployment_counts *now)
{
    return now->updated == desired && now->replicas == desired &&
           now->available == desired;
}

bool deployment_progressing(const struct deployment_counts *before,
                            const struct deployment_counts *now)
{
    return now->updated > before->updated ||
           now->replicas - now->updated < before->replicas - before->updated ||
           now->ready > before->ready || now->available > before->available;
}

char *deployment_hash_text(uint64_t hash, char text[11])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    uint32_t x = (uint32_t)(hash ^ hash >> 32);
    char digits[10];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + x % 10);
        x /= 10;
    } while (x);
    for (size_t i = 0; i < n; i++)
        text[i] = letters[(unsigned char)digits[n - 1 - i] % 27];
    text[n] = '\0';
    return text;
}
