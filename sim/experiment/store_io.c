#define _DEFAULT_SOURCE /* pread, pwrite with large files */
#include "sim/experiment/store_io.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint64_t checksum(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < size; i++) {
        hash ^= p[i];
        hash *= UINT64_C(1099511628211);
    }
    return hash;
}
static const uint64_t checksum_start = UINT64_C(14695981039346656037);

uint64_t store_checksum(const void *bytes, size_t size)
{
    return checksum(checksum_start, bytes, size);
}

bool store_write(int file, const void *bytes, size_t size, off_t at)
{
    const char *p = bytes;

    while (size > 0) {
        ssize_t n = pwrite(file, p, size, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? ENOSPC : errno;
            return false;
        }
        p += n;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

bool store_load(int file, void *bytes, size_t size, off_t at)
{
    char *p = bytes;

    while (size > 0) {
        ssize_t n = pread(file, p, size, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0) {
            memset(p, 0, size);
            return true;
        }
        p += n;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

bool store_measure(FILE *part, uint64_t *size, uint64_t *sum)
{
    char buffer[65536];
    size_t n;

    *size = 0;
    *sum = checksum_start;
    if (fflush(part) != 0 || ferror(part) || fseek(part, 0, SEEK_SET) != 0)
        return false;
    while ((n = fread(buffer, 1, sizeof buffer, part)) > 0) {
        *size += n;
        *sum = checksum(*sum, buffer, n);
    }
    return !ferror(part);
}
