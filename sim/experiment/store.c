#define _DEFAULT_SOURCE /* pread, pwrite with large files */
#include "sim/experiment/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/engine/mem.h"
#include "sim/experiment/store_io.h"

/* The file begins with this. The number reads otherwise on a machine of
 * another byte order. */
struct head {
    char magic[16];
    uint64_t order, variants, replications, rows, shard, shards;
};
static const char magic[16] = "podchurn units 1";
static const uint64_t byte_order = UINT64_C(0x0102030405060708);

/* A unit's slot: this, its values, then the checksum of all that. */
struct slot {
    uint64_t number; /* unit + 1; 0: nothing was ever written here */
    uint64_t part_size, part_sum;
};
static const uint64_t no_part = UINT64_MAX;

/* Parts that are written and not yet brought to the disk. */
enum { PENDING_MAX = 64 };

struct store {
    struct store_shape shape;
    char *folder; /* NULL: in memory */
    int file;
    bool read_only;
    double *values; /* in memory: [unit][rows] */
    unsigned char *there;
    size_t count;
    pthread_mutex_t lock;
    VEC_OF(FILE *) pending;
    struct store **joined; /* [shard] */
    size_t joined_count;
};

/* Who holds a unit. */
static const struct store *holder(const struct store *s, size_t unit)
{
    return s->joined ? s->joined[unit % s->joined_count] : s;
}

/* ---- units and slots ---- */

static size_t unit_of(const struct store *s, size_t variant, size_t replication)
{
    assert(variant < s->shape.variants);
    assert(replication < s->shape.replications);
    return variant * s->shape.replications + replication;
}

static size_t shards_of(const struct store_shape *shape)
{
    return shape->shards ? shape->shards : 1;
}

static size_t shard_of(const struct store_shape *shape)
{
    return shape->shards ? shape->shard - 1 : 0;
}

bool store_owns(const struct store *s, size_t variant, size_t replication)
{
    return unit_of(s, variant, replication) % shards_of(&s->shape) ==
           shard_of(&s->shape);
}

size_t store_units(const struct store *s)
{
    size_t all = s->shape.variants * s->shape.replications;
    size_t n = shards_of(&s->shape), k = shard_of(&s->shape);

    return all / n + (all % n > k);
}

/* Of the units of this shard. */
static size_t slot_of(const struct store *s, size_t unit)
{
    return unit / shards_of(&s->shape);
}

static size_t slot_size(const struct store *s)
{
    return sizeof(struct slot) + (s->shape.rows + 1) * sizeof(double);
}

static off_t slot_at(const struct store *s, size_t unit)
{
    return (off_t)(sizeof(struct head) + slot_of(s, unit) * slot_size(s));
}

static bool is_there(const struct store *whole, size_t unit)
{
    const struct store *s = holder(whole, unit);
    size_t slot = slot_of(s, unit);

    return unit % shards_of(&s->shape) == shard_of(&s->shape) &&
           (s->there[slot / 8] >> slot % 8 & 1);
}

bool store_has(struct store *s, size_t variant, size_t replication)
{
    bool there;

    pthread_mutex_lock(&s->lock);
    there = is_there(s, unit_of(s, variant, replication));
    pthread_mutex_unlock(&s->lock);
    return there;
}

size_t store_count(const struct store *s)
{
    return s->count;
}

static void mark(struct store *s, size_t unit)
{
    size_t slot = slot_of(s, unit);

    s->there[slot / 8] |= (unsigned char)(1U << slot % 8);
    s->count++;
}

/* ---- parts ---- */

static char *part_path(const struct store *s, size_t unit)
{
    return mem_printf("%s/parts/%zu-%zu", s->folder,
                      unit / s->shape.replications,
                      unit % s->shape.replications);
}

FILE *store_part(struct store *s, size_t variant, size_t replication)
{
    char *path;
    FILE *part;

    if (!s->folder)
        return tmpfile();
    path = part_path(s, unit_of(s, variant, replication));
    part = fopen(path, "w+b");
    free(path);
    return part;
}

/* True where the part that a slot speaks of is there as it was. */
static bool part_is_whole(const struct store *s, size_t unit,
                          const struct slot *slot)
{
    char *path;
    FILE *part;
    uint64_t size = 0, sum = 0;
    bool ok;

    if (slot->part_size == no_part)
        return true;
    path = part_path(s, unit);
    part = fopen(path, "rb");
    free(path);
    ok = part && store_measure(part, &size, &sum);
    if (part)
        fclose(part);
    return ok && size == slot->part_size && sum == slot->part_sum;
}

/* ---- opening ---- */

static struct store *make(const struct store_shape *shape)
{
    struct store *s = mem_zalloc(sizeof *s);

    assert(shape->variants > 0 && shape->replications > 0);
    s->shape = *shape;
    s->file = -1;
    s->there = mem_calloc(store_units(s) / 8 + 1, 1);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

struct store *store_new(const struct store_shape *shape)
{
    struct store *s = make(shape);

    s->values = mem_calloc(store_units(s) * shape->rows + 1, sizeof(double));
    return s;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->pending.count; i++)
        fclose(s->pending.items[i]);
    VEC_FREE(s->pending);
    if (s->file >= 0)
        close(s->file);
    for (size_t i = 0; i < s->joined_count; i++)
        store_free(s->joined[i]);
    free(s->joined);
    pthread_mutex_destroy(&s->lock);
    free(s->values);
    free(s->there);
    free(s->folder);
    free(s);
}

static struct head head_of(const struct store_shape *shape)
{
    struct head head = {.order = byte_order,
                        .variants = shape->variants,
                        .replications = shape->replications,
                        .rows = shape->rows,
                        .shard = shape->shard,
                        .shards = shape->shards};

    memcpy(head.magic, magic, sizeof head.magic);
    return head;
}

/* Finds the slots that were written whole. */
static bool find_units(struct store *s)
{
    size_t size = slot_size(s), all = s->shape.variants * s->shape.replications;
    char *bytes = mem_alloc(size);
    bool ok = true;
    off_t end = lseek(s->file, 0, SEEK_END);

    for (size_t unit = shard_of(&s->shape); ok && unit < all;
         unit += shards_of(&s->shape)) {
        struct slot slot;
        uint64_t sum;

        if (slot_at(s, unit) >= end)
            break;
        ok = store_load(s->file, bytes, size, slot_at(s, unit));
        memcpy(&slot, bytes, sizeof slot);
        if (!ok || slot.number != unit + 1)
            continue;
        memcpy(&sum, bytes + size - sizeof sum, sizeof sum);
        if (store_checksum(bytes, size - sizeof sum) == sum &&
            part_is_whole(s, unit, &slot))
            mark(s, unit);
    }
    free(bytes);
    return ok;
}

static bool make_folders(const char *folder)
{
    char *parts = mem_printf("%s/parts", folder);
    bool ok = (mkdir(folder, 0777) == 0 || errno == EEXIST) &&
              (mkdir(parts, 0777) == 0 || errno == EEXIST);

    free(parts);
    return ok;
}

/* Opens `values`; writes its head where it has none. */
static bool open_values(struct store *s)
{
    char *path = mem_printf("%s/values", s->folder);
    struct head head = head_of(&s->shape), there;
    struct stat st;

    s->file =
        open(path,
             s->read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC,
             0666);
    free(path);
    if (s->file < 0 || fstat(s->file, &st) != 0)
        return false;
    if (st.st_size < (off_t)sizeof head && !s->read_only)
        return store_write(s->file, &head, sizeof head, 0);
    if (!store_load(s->file, &there, sizeof there, 0))
        return false;
    if (memcmp(&there, &head, sizeof head) == 0)
        return true;
    errno = EINVAL;
    return false;
}

static struct store *
open_folder(const char *folder, const struct store_shape *shape, bool read_only)
{
    struct store *s = make(shape);
    int error;

    s->folder = mem_strdup(folder);
    s->read_only = read_only;
    if ((read_only || make_folders(folder)) && open_values(s) && find_units(s))
        return s;
    error = errno;
    store_free(s);
    errno = error;
    return NULL;
}

struct store *store_open(const char *folder, const struct store_shape *shape)
{
    return open_folder(folder, shape, false);
}

struct store *store_open_read(const char *folder,
                              const struct store_shape *shape)
{
    return open_folder(folder, shape, true);
}

/* ---- putting ---- */

static void keep_in_memory(struct store *s, size_t unit, const double *values,
                           FILE *part)
{
    size_t slot = slot_of(s, unit);

    memcpy(s->values + slot * s->shape.rows, values,
           s->shape.rows * sizeof *values);
    if (part)
        fclose(part);
}

static bool write_slot(struct store *s, size_t unit, const double *values,
                       FILE *part)
{
    struct slot slot = {unit + 1, no_part, 0};
    size_t size = slot_size(s);
    char *bytes;
    uint64_t sum;
    bool ok;

    if (part && !store_measure(part, &slot.part_size, &slot.part_sum))
        return false;
    bytes = mem_alloc(size);
    memcpy(bytes, &slot, sizeof slot);
    memcpy(bytes + sizeof slot, values, s->shape.rows * sizeof *values);
    sum = store_checksum(bytes, size - sizeof sum);
    memcpy(bytes + size - sizeof sum, &sum, sizeof sum);
    ok = store_write(s->file, bytes, size, slot_at(s, unit));
    free(bytes);
    return ok;
}

static bool sync_pending(struct store *s)
{
    bool ok = true;

    while (s->pending.count > 0) {
        FILE *part = s->pending.items[--s->pending.count];

        ok &= fsync(fileno(part)) == 0;
        ok &= fclose(part) == 0;
    }
    return ok;
}

bool store_put(struct store *s, size_t variant, size_t replication,
               const double *values, FILE *part)
{
    size_t unit = unit_of(s, variant, replication);
    bool ok = true;

    assert(store_owns(s, variant, replication) && !s->read_only);
    pthread_mutex_lock(&s->lock);
    if (is_there(s, unit)) {
        if (part)
            fclose(part);
    } else if (!s->folder) {
        keep_in_memory(s, unit, values, part);
        mark(s, unit);
    } else {
        ok = write_slot(s, unit, values, part);
        if (part)
            VEC_PUSH(s->pending, part);
        if (ok && s->pending.count >= PENDING_MAX)
            ok = sync_pending(s);
        if (ok)
            mark(s, unit);
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

    if (fd >= 0)
        close(fd);
    return ok;
}

size_t store_sync(struct store *s)
{
    VEC_OF(FILE *) pending = {0};
    char *parts;
    size_t count;
    bool ok = true;

    if (!s->folder)
        return s->count;
    /* Others go on putting while the disk is at work. */
    pthread_mutex_lock(&s->lock);
    count = s->count;
    for (size_t i = 0; i < s->pending.count; i++)
        VEC_PUSH(pending, s->pending.items[i]);
    s->pending.count = 0;
    pthread_mutex_unlock(&s->lock);
    parts = mem_printf("%s/parts", s->folder);
    if (pending.count > 0)
        ok = sync_folder(parts);
    free(parts);
    for (size_t i = 0; i < pending.count; i++) {
        ok &= fsync(fileno(pending.items[i])) == 0;
        ok &= fclose(pending.items[i]) == 0;
    }
    VEC_FREE(pending);
    ok = fdatasync(s->file) == 0 && ok;
    return ok ? count : SIZE_MAX;
}

/* ---- reading ---- */

bool store_read(const struct store *whole, size_t variant, size_t first,
                size_t count, size_t first_row, size_t rows, double *out)
{
    assert(first_row + rows <= whole->shape.rows);
    for (size_t i = 0; i < count; i++) {
        size_t unit = unit_of(whole, variant, first + i);
        const struct store *s = holder(whole, unit);
        off_t skip = (off_t)(sizeof(struct slot) + first_row * sizeof(double));

        assert(is_there(s, unit));
        if (!s->folder)
            memcpy(out + i * rows,
                   s->values + slot_of(s, unit) * s->shape.rows + first_row,
                   rows * sizeof *out);
        else if (!store_load(s->file, out + i * rows, rows * sizeof *out,
                             slot_at(s, unit) + skip))
            return false;
    }
    return true;
}

FILE *store_open_part(const struct store *whole, size_t variant,
                      size_t replication)
{
    size_t unit = unit_of(whole, variant, replication);
    const struct store *s = holder(whole, unit);
    char *path;
    FILE *part;

    if (s->folder) {
        path = part_path(s, unit);
        part = fopen(path, "rb");
        free(path);
        return part;
    }
    errno = ENOENT;
    return NULL;
}

struct store *store_join(struct store *const *shards, size_t count)
{
    struct store_shape shape = shards[0]->shape;
    struct store *s;

    shape.shard = shape.shards = 0;
    s = make(&shape);
    s->read_only = true;
    s->joined = mem_calloc(count, sizeof(struct store *));
    s->joined_count = count;
    for (size_t i = 0; i < count; i++) {
        s->joined[i] = shards[i];
        s->count += shards[i]->count;
    }
    return s;
}
