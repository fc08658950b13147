/*
 * NAME.partial is made, locked, filled, synced and renamed to NAME. The lock
 * is on a file in it: it goes with the process, so what a dead one left is
 * known by its being free. (On the directory itself it would fail on NFS.)
 */
#define _DEFAULT_SOURCE /* flock */
#include "sim/io/resultdir.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/engine/mem.h"
#include "sim/io/tree.h"

struct resultdir {
    char *name;    /* without slashes at its end */
    char *partial; /* NAME.partial */
    char *old;     /* NAME.partial-old, while NAME is being replaced */
    char *parent;
    char *lock_name; /* NAME.partial/.lock */
    int lock;        /* it, open and locked */
    VEC_OF(FILE *) files;
};

static const char lock_file[] = ".lock";

/* ---- opening ---- */

static bool remove_but_lock(int folder, const char *name)
{
    return strcmp(name, lock_file) == 0 || tree_remove(folder, name);
}

bool resultdir_is_one(const char *path)
{
    static const char begin[] = "{\"podchurn\":";
    char *file_name = mem_printf("%s/run.json", path);
    FILE *file = fopen(file_name, "rb");
    size_t matched = 0;
    int c;

    free(file_name);
    if (!file)
        return false;
    while (begin[matched] && (c = fgetc(file)) != EOF) {
        if (c == begin[matched])
            matched++;
        else if (!isspace(c))
            break;
    }
    fclose(file);
    return !begin[matched];
}

/* Says why NAME must not be replaced; true: it may. */
static bool check_name(const char *name, struct diag *diag)
{
    struct place place = {name, 0, 0};
    struct stat st;

    if (lstat(name, &st) != 0)
        return true; /* or is found out by making it */
    if (!S_ISDIR(st.st_mode)) {
        diag_error(diag, place, "exists and is not a directory");
        return false;
    }
    if (!resultdir_is_one(name)) {
        diag_error(diag, place, "exists and was not made by podchurn");
        diag_hint(diag, "choose another name with --output, or remove it");
        return false;
    }
    return true;
}

/* Opens and locks the lock file; NAME.partial is made where it is not there.
 * -1: errno. File systems without locks (some clusters have them) are
 * trusted. */
static int take_lock(const struct resultdir *dir)
{
    int fd;

    if (mkdir(dir->partial, 0777) != 0 && errno != EEXIST)
        return -1;
    fd = open(dir->lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno != ENOSYS &&
        errno != ENOLCK && errno != EOPNOTSUPP) {
        int error = errno;

        close(fd);
        errno = error;
        fd = -1;
    }
    return fd;
}

/* True while the locked file is the one that has the name: another process
 * may have put the directory in place before the lock was had. */
static bool is_still(int fd, const char *path)
{
    struct stat locked, named;

    return fstat(fd, &locked) == 0 && lstat(path, &named) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static bool refuse_entry(int folder, const char *name)
{
    (void)folder;
    (void)name;
    return false;
}

/* True where .partial is there, has no lock file, and is not empty. */
static bool is_foreign(const struct resultdir *dir)
{
    struct stat st;

    return lstat(dir->partial, &st) == 0 &&
           (!S_ISDIR(st.st_mode) ||
            (lstat(dir->lock_name, &st) != 0 &&
             !tree_each(AT_FDCWD, dir->partial, refuse_entry)));
}

/* False: errno, EWOULDBLOCK where another process has it. */
static bool lock(struct resultdir *dir)
{
    int tries;

    for (tries = 0; tries < 10; tries++) {
        dir->lock = take_lock(dir);
        if (dir->lock >= 0 && is_still(dir->lock, dir->lock_name))
            return true;
        if (dir->lock < 0 && errno != ENOENT)
            return false;
        if (dir->lock >= 0) {
            close(dir->lock);
            errno = EWOULDBLOCK;
        }
        dir->lock = -1;
    }
    return false;
}

static void release(struct resultdir *dir)
{
    if (dir->lock >= 0)
        close(dir->lock);
    VEC_FREE(dir->files);
    free(dir->name);
    free(dir->partial);
    free(dir->old);
    free(dir->parent);
    free(dir->lock_name);
    free(dir);
}

/* Puts back what a crash between two renames left aside. */
static void mend(const struct resultdir *dir)
{
    struct stat st;

    if (lstat(dir->old, &st) != 0 || !resultdir_is_one(dir->old))
        return;
    if (lstat(dir->name, &st) != 0)
        rename(dir->old, dir->name);
    else
        tree_remove(AT_FDCWD, dir->old);
}

/* Takes the lock; removes what a dead process left unless it is to stay. */
static bool prepare(struct resultdir *dir, bool keep, struct diag *diag)
{
    struct place place = {dir->partial, 0, 0};
    bool ok;

    if (is_foreign(dir)) {
        diag_error(diag, place, "exists and was not made by podchurn");
        return false;
    }
    ok = lock(dir);
    if (!ok && errno == EWOULDBLOCK) {
        diag_error(diag, place, "another process is writing it");
        return false;
    }
    if (ok && !keep)
        ok = tree_each(AT_FDCWD, dir->partial, remove_but_lock);
    if (!ok) {
        diag_error(diag, place, "cannot write: %s", strerror(errno));
        return false;
    }
    mend(dir);
    return true;
}

/* "results" for "results/a", "." for "a", "/" for "/a". */
static char *parent_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    if (!slash)
        return mem_strdup(".");
    return mem_strndup(name, slash == name ? 1 : (size_t)(slash - name));
}

static bool is_good_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;

    return *last && strcmp(last, ".") != 0 && strcmp(last, "..") != 0;
}

static struct resultdir *open_dir(const char *name, bool keep,
                                  struct diag *diag)
{
    struct place place = {name, 0, 0};
    size_t length = strlen(name);
    struct resultdir *dir;

    while (length > 1 && name[length - 1] == '/')
        length--;
    dir = mem_zalloc(sizeof *dir);
    dir->lock = -1;
    dir->name = mem_strndup(name, length);
    dir->partial = mem_printf("%s.partial", dir->name);
    dir->old = mem_printf("%s.partial-old", dir->name);
    dir->parent = parent_of(dir->name);
    dir->lock_name = mem_printf("%s/%s", dir->partial, lock_file);
    if (!is_good_name(dir->name)) {
        diag_error(diag, place, "is no name for a result directory");
    } else if (check_name(dir->name, diag)) {
        if (!tree_make_parents(dir->name))
            diag_error(diag, place, "cannot make its parents: %s",
                       strerror(errno));
        else if (prepare(dir, keep, diag))
            return dir;
    }
    release(dir);
    return NULL;
}

struct resultdir *resultdir_open(const char *name, struct diag *diag)
{
    return open_dir(name, false, diag);
}

struct resultdir *resultdir_resume(const char *name, struct diag *diag)
{
    return open_dir(name, true, diag);
}

/* ---- files ---- */

static bool is_inside(const char *name)
{
    const char *part = name;

    while (*part) {
        size_t length = strcspn(part, "/");

        if (length == 0 || (length <= 2 && strspn(part, ".") >= length))
            return false;
        part += length;
        part += *part == '/';
    }
    return *name && name[strlen(name) - 1] != '/';
}

FILE *resultdir_file(struct resultdir *dir, const char *name)
{
    char *path;
    FILE *file = NULL;

    assert(is_inside(name));
    path = mem_printf("%s/%s", dir->partial, name);
    if (tree_make_parents(path))
        file = fopen(path, "wb");
    if (file)
        VEC_PUSH(dir->files, file);
    free(path);
    return file;
}

/* errno is that of the first failure that can still be known. */
static bool close_file(FILE *file)
{
    bool failed = ferror(file) != 0;
    int error = EIO;

    if (fflush(file) != 0) {
        error = errno;
        failed = true;
    }
    if (fclose(file) != 0 && !failed) {
        error = errno;
        failed = true;
    }
    if (failed)
        errno = error;
    return !failed;
}

bool resultdir_close_file(struct resultdir *dir, FILE *file)
{
    size_t i;

    for (i = 0; dir->files.items[i] != file; i++)
        assert(i + 1 < dir->files.count);
    dir->files.items[i] = dir->files.items[--dir->files.count];
    return close_file(file);
}

const char *resultdir_path(const struct resultdir *dir)
{
    return dir->partial;
}

/* ---- the end ---- */

static bool close_all(struct resultdir *dir)
{
    bool ok = true;
    int error = 0;

    while (dir->files.count > 0)
        if (!close_file(dir->files.items[--dir->files.count]) && ok) {
            error = errno;
            ok = false;
        }
    if (!ok)
        errno = error;
    return ok;
}

/* Removes .partial, the lock last: nobody else begins before. */
static void remove_partial(const struct resultdir *dir)
{
    tree_each(AT_FDCWD, dir->partial, remove_but_lock);
    unlink(dir->lock_name);
    rmdir(dir->partial);
}

static void remove_lock_in_place(const struct resultdir *dir)
{
    char *path = mem_printf("%s/%s", dir->name, lock_file);

    unlink(path);
    free(path);
}

/* Best effort: without it, a crash soon after shows what was there before. */
static void fsync_parent(const struct resultdir *dir)
{
    int fd = open(dir->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* Renames NAME away, NAME.partial to NAME. If the second fails, the first is
 * undone. A crash in between leaves NAME.old, which the next run puts back. */
static bool rename_into_place(struct resultdir *dir)
{
    bool replaces = rename(dir->name, dir->old) == 0;
    int error;

    if (!replaces && errno != ENOENT)
        return false;
    if (rename(dir->partial, dir->name) != 0) {
        error = errno;
        if (replaces)
            rename(dir->old, dir->name);
        errno = error;
        return false;
    }
    remove_lock_in_place(dir);
    fsync_parent(dir);
    if (replaces)
        tree_remove(AT_FDCWD, dir->old);
    return true;
}

static bool commit(struct resultdir *dir, bool leave, struct diag *diag)
{
    struct place place = {dir->name, 0, 0};
    bool ok = close_all(dir) && tree_sync(AT_FDCWD, dir->partial);

    if (!ok)
        diag_error(diag, place, "cannot write: %s", strerror(errno));
    else if (!check_name(dir->name, diag)) /* it may have come meanwhile */
        ok = false;
    else if (!rename_into_place(dir)) {
        diag_error(diag, place, "cannot be put in place: %s", strerror(errno));
        ok = false;
    }
    if (!ok && !leave)
        remove_partial(dir);
    release(dir);
    return ok;
}

bool resultdir_commit(struct resultdir *dir, struct diag *diag)
{
    return commit(dir, false, diag);
}

bool resultdir_commit_or_leave(struct resultdir *dir, struct diag *diag)
{
    return commit(dir, true, diag);
}

void resultdir_abandon(struct resultdir *dir)
{
    close_all(dir);
    remove_partial(dir);
    release(dir);
}

void resultdir_leave(struct resultdir *dir)
{
    close_all(dir);
    release(dir);
}
