#include "sim/io/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/engine/mem.h"

bool tree_each(int folder, const char *name,
               bool (*act)(int folder, const char *name))
{
    int fd =
        openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    bool ok = true;

    if (!directory) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (ok && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = act(fd, entry->d_name);
    closedir(directory);
    return ok;
}

bool tree_remove(int folder, const char *name)
{
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    if (!S_ISDIR(st.st_mode))
        return unlinkat(folder, name, 0) == 0;
    return tree_each(folder, name, tree_remove) &&
           unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

bool tree_sync(int folder, const char *name)
{
    struct stat st;
    bool ok;
    int fd;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISDIR(st.st_mode) && !tree_each(folder, name, tree_sync))
        return false;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return true;
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == EROFS);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool tree_make_parents(const char *path)
{
    char *copy = mem_strdup(path);
    char *slash = copy;
    bool ok = true;

    while (ok && (slash = strchr(slash + 1, '/'))) {
        *slash = '\0';
        ok = is_directory(copy) || mkdir(copy, 0777) == 0 || errno == EEXIST;
        *slash = '/';
    }
    free(copy);
    return ok;
}
