/*
 * The other ranks: threads run units; the main thread alone speaks MPI.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/experiment/executor_mpi_internal.h"

enum { POLL_US = 500 };

/* A unit that has ended and is not yet told. */
struct ended {
    struct unit_progress unit;
    double *values;
    bool ok;
};

struct shop {
    struct remote *remote;
    struct experiment e; /* lock, stop, fractions */
    pthread_cond_t come; /* a unit has come, or all is to stop */
    VEC_OF(struct mpi_unit) queue;
    VEC_OF(struct ended) ended;
};

struct hand {
    struct shop *shop;
    size_t index;
    pthread_t thread;
};

/* Waits for a unit. False: there will be none. */
static bool take(struct shop *shop, struct unit_progress *unit)
{
    struct experiment *e = &shop->e;
    bool any;

    pthread_mutex_lock(&e->lock);
    while (shop->queue.count == 0 && !e->stopped)
        pthread_cond_wait(&shop->come, &e->lock);
    any = !e->stopped;
    if (any) {
        struct mpi_unit next = shop->queue.items[--shop->queue.count];

        unit->variant = (size_t)next.variant;
        unit->replication = (size_t)next.replication;
        unit->part = NULL;
    }
    pthread_mutex_unlock(&e->lock);
    return any;
}

static void *work(void *arg)
{
    struct hand *hand = arg;
    struct experiment *e = &hand->shop->e;
    struct unit_progress unit = {.experiment = e, .thread = hand->index};

    while (take(hand->shop, &unit)) {
        struct ended ended = {
            .values = mem_calloc(e->spec->rows + 1, sizeof(double))};

        ended.ok = experiment_unit(e, &unit, ended.values);
        ended.unit = unit;
        pthread_mutex_lock(&e->lock);
        e->fractions[hand->index] = 0;
        VEC_PUSH(hand->shop->ended, ended);
        pthread_mutex_unlock(&e->lock);
    }
    return NULL;
}

/* ---- words to rank 0 ---- */

static bool send(const void *bytes, size_t size, int tag)
{
    return MPI_Send(bytes, (int)size, MPI_BYTE, 0, tag, MPI_COMM_WORLD) ==
           MPI_SUCCESS;
}

static bool send_part(FILE *part)
{
    char *bytes = mem_alloc(PART_BYTES);
    bool ok = fflush(part) == 0 && fseek(part, 0, SEEK_SET) == 0;
    size_t n;

    while (ok && (n = fread(bytes, 1, PART_BYTES, part)) > 0)
        ok = send(bytes, n, TAG_PART);
    ok = ok && !ferror(part);
    free(bytes);
    return ok;
}

static void send_ended(const struct shop *shop, struct ended *ended)
{
    size_t rows = shop->e.spec->rows;
    size_t size = sizeof(struct mpi_unit) + rows * sizeof(double);
    char *bytes = mem_alloc(size);
    struct mpi_unit unit = {ended->unit.variant, ended->unit.replication,
                            ended->ok, ended->unit.part != NULL};

    if (ended->unit.part) {
        unit.ok = unit.ok && send_part(ended->unit.part);
        fclose(ended->unit.part);
    }
    memcpy(bytes, &unit, sizeof unit);
    memcpy(bytes + sizeof unit, ended->values, rows * sizeof(double));
    send(bytes, size, TAG_DONE);
    free(bytes);
    free(ended->values);
}

static void send_alive(struct shop *shop)
{
    double fraction = 0;

    pthread_mutex_lock(&shop->e.lock);
    for (size_t i = 0; i < shop->e.threads; i++)
        fraction += shop->e.fractions[i];
    pthread_mutex_unlock(&shop->e.lock);
    send(&fraction, sizeof fraction, TAG_ALIVE);
}

/* Tells what has ended; who ended it is free again. */
static void tell_ended(struct shop *shop)
{
    for (;;) {
        struct ended ended;
        bool any;

        pthread_mutex_lock(&shop->e.lock);
        any = shop->ended.count > 0;
        if (any)
            ended = shop->ended.items[--shop->ended.count];
        pthread_mutex_unlock(&shop->e.lock);
        if (!any)
            return;
        send_ended(shop, &ended);
        send(NULL, 0, TAG_WANT);
    }
}

/* ---- the loop ---- */

/* False: rank 0 has no more to do. */
static bool receive(struct shop *shop)
{
    struct mpi_unit unit;
    int there = 0;

    if (MPI_Iprobe(0, TAG_UNIT, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE) !=
        MPI_SUCCESS)
        return false;
    if (!there)
        return true;
    if (MPI_Recv(&unit, sizeof unit, MPI_BYTE, 0, TAG_UNIT, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE) != MPI_SUCCESS)
        return false;
    if (unit.variant == NO_UNIT) {
        shop->remote->failed = !unit.ok;
        return false;
    }
    pthread_mutex_lock(&shop->e.lock);
    VEC_PUSH(shop->queue, unit);
    pthread_cond_signal(&shop->come);
    pthread_mutex_unlock(&shop->e.lock);
    return true;
}

static void serve(struct shop *shop)
{
    const struct timespec pause = {0, POLL_US * 1000L};
    double told = MPI_Wtime();

    for (size_t i = 0; i < shop->e.threads; i++)
        send(NULL, 0, TAG_WANT);
    while (receive(shop)) {
        tell_ended(shop);
        if (MPI_Wtime() - told > ALIVE_S) {
            told = MPI_Wtime();
            send_alive(shop);
        }
        nanosleep(&pause, NULL);
    }
}

static void close_shop(struct shop *shop)
{
    for (size_t i = 0; i < shop->ended.count; i++) {
        if (shop->ended.items[i].unit.part)
            fclose(shop->ended.items[i].unit.part);
        free(shop->ended.items[i].values);
    }
    VEC_FREE(shop->ended);
    VEC_FREE(shop->queue);
    free(shop->e.fractions);
    pthread_cond_destroy(&shop->come);
    pthread_mutex_destroy(&shop->e.lock);
}

void remote_work(struct remote *remote, const struct experiment_spec *spec)
{
    struct shop shop = {.remote = remote, .e = {.spec = spec}};
    size_t count = spec->threads ? spec->threads : remote->threads, made = 0;
    struct hand *hands = mem_calloc(count, sizeof *hands);

    pthread_mutex_init(&shop.e.lock, NULL);
    pthread_cond_init(&shop.come, NULL);
    shop.e.fractions = mem_calloc(count + 1, sizeof(double));
    for (; made < count; made++) {
        hands[made].shop = &shop;
        hands[made].index = made;
        if (pthread_create(&hands[made].thread, NULL, work, &hands[made]) != 0)
            break;
    }
    shop.e.threads = made;
    if (made > 0)
        serve(&shop);
    pthread_mutex_lock(&shop.e.lock);
    shop.e.stopped = true;
    pthread_cond_broadcast(&shop.come);
    pthread_mutex_unlock(&shop.e.lock);
    for (size_t i = 0; i < made; i++)
        pthread_join(hands[i].thread, NULL);
    close_shop(&shop);
    free(hands);
}
