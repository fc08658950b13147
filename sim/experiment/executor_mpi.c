/*
 * Rank 0: hands out, takes results, gives up who is gone.
 */
#include "sim/experiment/executor_mpi_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whether some mpirun has started this process. (MPI would make it a world
 * of one otherwise, which takes a while.) */
static bool is_started_by_mpi(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK",
                                        "PMI_RANK", "PMI_SIZE"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getenv(names[i]))
            return true;
    return false;
}

/* Processes of this job on this machine. */
static int neighbours(void)
{
    MPI_Comm here;
    int count = 1;

    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0,
                            MPI_INFO_NULL, &here) != MPI_SUCCESS)
        return 1;
    MPI_Comm_size(here, &count);
    MPI_Comm_free(&here);
    return count;
}

struct remote *remote_begin(void)
{
    struct remote *remote;
    int provided;
    size_t processors = experiment_processors();

    if (!is_started_by_mpi())
        return NULL;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) !=
        MPI_SUCCESS)
        return NULL;
    remote = mem_zalloc(sizeof *remote);
    MPI_Comm_rank(MPI_COMM_WORLD, &remote->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &remote->size);
    remote->threads = processors / (size_t)neighbours();
    if (remote->threads == 0)
        remote->threads = 1;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    remote->peers = mem_calloc((size_t)remote->size, sizeof *remote->peers);
    for (int i = 0; i < remote->size; i++)
        remote->peers[i].heard = MPI_Wtime();
    return remote;
}

int remote_rank(const struct remote *remote)
{
    return remote ? remote->rank : 0;
}

size_t remote_threads(const struct remote *remote)
{
    return remote ? remote->threads : 0;
}

void remote_share(struct remote *remote, char **text, size_t *size)
{
    uint64_t length; /* and 1; 0: there is none */

    if (!remote)
        return;
    length = remote->rank == 0 && *text ? *size + 1 : 0;
    remote->shared++;
    MPI_Bcast(&length, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    if (remote->rank > 0) {
        *size = length > 0 ? (size_t)length - 1 : 0;
        *text = length > 0 ? mem_alloc((size_t)length) : NULL;
    }
    for (size_t at = 0; at + 1 < length; at += PART_BYTES) {
        size_t left = (size_t)length - 1 - at;

        MPI_Bcast(*text + at, (int)(left < PART_BYTES ? left : PART_BYTES),
                  MPI_BYTE, 0, MPI_COMM_WORLD);
    }
    if (remote->rank > 0 && *text)
        (*text)[*size] = '\0';
}

/* ---- units out ---- */

static void forget(struct peer *peer, const struct mpi_unit *unit)
{
    for (size_t i = 0; i < peer->out.count; i++) {
        if (peer->out.items[i].variant != unit->variant ||
            peer->out.items[i].replication != unit->replication)
            continue;
        peer->out.items[i] = peer->out.items[--peer->out.count];
        return;
    }
}

static void drop_part(struct peer *peer)
{
    if (peer->part)
        fclose(peer->part);
    peer->part = NULL;
}

/* A rank is gone: its units go to others. */
static void give_up(struct remote *remote, int rank, struct experiment *e)
{
    struct peer *peer = &remote->peers[rank];

    fprintf(stderr,
            "podchurn: warning: process %d is gone; %zu units go to "
            "others\n",
            rank, peer->out.count);
    peer->lost = remote->failed = true;
    peer->wants = 0;
    peer->fraction = 0;
    drop_part(peer);
    for (size_t i = 0; i < peer->out.count; i++)
        experiment_return(e, (size_t)peer->out.items[i].variant,
                          (size_t)peer->out.items[i].replication);
    peer->out.count = 0;
}

static bool send_unit(struct remote *remote, int rank, struct mpi_unit unit)
{
    struct peer *peer = &remote->peers[rank];

    if (MPI_Send(&unit, sizeof unit, MPI_BYTE, rank, TAG_UNIT,
                 MPI_COMM_WORLD) != MPI_SUCCESS)
        return false;
    if (unit.variant != NO_UNIT)
        VEC_PUSH(peer->out, unit);
    return true;
}

/* Gives a unit to each thread that waits for one, while there are any. */
static void hand_out(struct remote *remote, struct experiment *e)
{
    struct unit_progress next = {.experiment = e, .thread = e->threads};

    for (int rank = 1; rank < remote->size; rank++) {
        struct peer *peer = &remote->peers[rank];

        while (peer->wants > 0 && experiment_next(e, &next)) {
            struct mpi_unit unit = {next.variant, next.replication, 0, 0};

            peer->wants--;
            if (send_unit(remote, rank, unit))
                continue;
            experiment_return(e, next.variant, next.replication);
            give_up(remote, rank, e);
        }
    }
}

/* ---- results ---- */

static void on_part(struct peer *peer, const void *bytes, size_t size)
{
    if (!peer->part)
        peer->part = tmpfile();
    if (peer->part)
        fwrite(bytes, 1, size, peer->part);
}

/* A part that came in messages goes where the store wants it. */
static bool keep_part(struct peer *peer, struct unit_progress *unit)
{
    char buffer[65536];
    size_t n;
    FILE *part = experiment_part(unit);
    bool ok = part && peer->part && fseek(peer->part, 0, SEEK_SET) == 0;

    while (ok && (n = fread(buffer, 1, sizeof buffer, peer->part)) > 0)
        ok = fwrite(buffer, 1, n, part) == n;
    ok = ok && !ferror(peer->part);
    drop_part(peer);
    return ok;
}

static void on_done(struct remote *remote, int rank, struct experiment *e,
                    const char *bytes)
{
    struct peer *peer = &remote->peers[rank];
    struct unit_progress unit = {.experiment = e, .thread = e->threads};
    double *values = mem_calloc(e->spec->rows + 1, sizeof *values);
    struct mpi_unit done;
    bool ok;

    memcpy(&done, bytes, sizeof done);
    memcpy(values, bytes + sizeof done, e->spec->rows * sizeof *values);
    unit.variant = (size_t)done.variant;
    unit.replication = (size_t)done.replication;
    forget(peer, &done);
    ok = done.ok;
    if (!ok)
        fprintf(stderr, "podchurn: error: process %d did not end a unit\n",
                rank);
    /* Another may have done it, when this one was given up too early. */
    if (store_has(e->store, unit.variant, unit.replication)) {
        drop_part(peer);
    } else {
        if (ok && done.has_part)
            ok = keep_part(peer, &unit);
        experiment_end(e, &unit, values, ok);
    }
    free(values);
}

static void on_message(struct remote *remote, int rank, int tag, size_t size,
                       struct experiment *e)
{
    struct peer *peer = &remote->peers[rank];
    size_t want = sizeof(struct mpi_unit) + e->spec->rows * sizeof(double);

    peer->heard = MPI_Wtime();
    if (tag == TAG_WANT && !peer->lost)
        peer->wants++;
    else if (tag == TAG_PART)
        on_part(peer, remote->bytes, size);
    else if (tag == TAG_DONE && size == want)
        on_done(remote, rank, e, remote->bytes);
    else if (tag == TAG_ALIVE)
        memcpy(&peer->fraction, remote->bytes, sizeof peer->fraction);
}

/* False: nothing has come. */
static bool receive(struct remote *remote, struct experiment *e)
{
    MPI_Status status;
    int there = 0, size = 0;

    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there,
                   &status) != MPI_SUCCESS ||
        !there)
        return false;
    MPI_Get_count(&status, MPI_BYTE, &size);
    if ((size_t)size > remote->room || !remote->bytes) {
        remote->room = (size_t)size + sizeof(double);
        remote->bytes = mem_realloc(remote->bytes, remote->room, 1);
    }
    if (MPI_Recv(remote->bytes, size, MPI_BYTE, status.MPI_SOURCE,
                 status.MPI_TAG, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE) != MPI_SUCCESS)
        return false;
    on_message(remote, status.MPI_SOURCE, status.MPI_TAG, (size_t)size, e);
    return true;
}

size_t remote_poll(struct remote *remote, struct experiment *e)
{
    size_t out = 0;
    double fraction = 0, now;

    while (receive(remote, e))
        continue;
    now = MPI_Wtime();
    for (int rank = 1; rank < remote->size; rank++) {
        struct peer *peer = &remote->peers[rank];

        if (!peer->lost && now - peer->heard > LOST_S)
            give_up(remote, rank, e);
    }
    hand_out(remote, e);
    for (int rank = 1; rank < remote->size; rank++) {
        out += remote->peers[rank].out.count;
        fraction += remote->peers[rank].fraction;
    }
    pthread_mutex_lock(&e->lock);
    e->fractions[e->threads] = fraction;
    if (e->stopped)
        out = 0; /* nobody waits for what is no longer wanted */
    pthread_mutex_unlock(&e->lock);
    return out;
}

/* ---- the end ---- */

static void send_home(struct remote *remote)
{
    /* With a rank gone, MPI's own end would wait for it for ever. */
    struct mpi_unit home = {.variant = NO_UNIT, .ok = !remote->failed};

    for (int rank = 1; rank < remote->size; rank++)
        if (!remote->peers[rank].lost)
            send_unit(remote, rank, home);
}

void remote_end(struct remote *remote)
{
    bool failed;

    if (!remote)
        return;
    failed = remote->failed;
    if (remote->rank == 0 && remote->shared == REMOTE_SHARES)
        send_home(remote);
    while (remote->shared < REMOTE_SHARES) {
        char *text = NULL;
        size_t size = 0;

        remote_share(remote, &text, &size);
        if (remote->rank > 0)
            free(text);
    }
    for (int i = 0; i < remote->size; i++) {
        drop_part(&remote->peers[i]);
        VEC_FREE(remote->peers[i].out);
    }
    free(remote->peers);
    free(remote->bytes);
    free(remote);
    if (!failed)
        MPI_Finalize();
}
