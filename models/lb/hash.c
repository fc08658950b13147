#include "models/lb/hash.h"

#include <stdio.h>
#include <string.h>

/* The constants and rounds: xxHash's doc/xxhash_spec.md. */
static const uint64_t prime[] = {
    UINT64_C(0x9E3779B185EBCA87), UINT64_C(0xC2B2AE3D27D4EB4F),
    UINT64_C(0x165667B19E3779F9), UINT64_C(0x85EBCA77C2B2AE63),
    UINT64_C(0x27D4EB2F165667C5)};

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

/* Little-endian, whatever the machine. */
static inline uint64_t read_bytes(const unsigned char *at, unsigned count)
{
    uint64_t x = 0;

    while (count-- > 0)
        x = x << 8 | at[count];
    return x;
}

static inline uint64_t round_of(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * prime[1], 31) * prime[0];
}

static inline uint64_t merge(uint64_t hash, uint64_t lane)
{
    return (hash ^ round_of(0, lane)) * prime[0] + prime[3];
}

/* All whole stripes of 32 bytes; moves *at behind them. */
static uint64_t stripes(const unsigned char **at, size_t count, uint64_t seed)
{
    uint64_t lane[4] = {seed + prime[0] + prime[1], seed + prime[1], seed,
                        seed - prime[0]};
    uint64_t hash;

    for (; count > 0; count--)
        for (int i = 0; i < 4; i++, *at += 8)
            lane[i] = round_of(lane[i], read_bytes(*at, 8));
    hash = rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) +
           rotate(lane[3], 18);
    for (int i = 0; i < 4; i++)
        hash = merge(hash, lane[i]);
    return hash;
}

static uint64_t avalanche(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * prime[1];
    hash = (hash ^ hash >> 29) * prime[2];
    return hash ^ hash >> 32;
}

static inline uint64_t eight(uint64_t hash, uint64_t input)
{
    return rotate(hash ^ round_of(0, input), 27) * prime[0] + prime[3];
}

uint64_t hash_xxh64(const void *data, size_t size, uint64_t seed)
{
    const unsigned char *at = data, *end = at + size;
    uint64_t hash =
        size >= 32 ? stripes(&at, size / 32, seed) : seed + prime[4];

    hash += size;
    for (; end - at >= 8; at += 8)
        hash = eight(hash, read_bytes(at, 8));
    if (end - at >= 4) {
        hash = rotate(hash ^ read_bytes(at, 4) * prime[0], 23) * prime[1] +
               prime[2];
        at += 4;
    }
    for (; at < end; at++)
        hash = rotate(hash ^ *at * prime[4], 11) * prime[0];
    return avalanche(hash);
}

uint64_t hash_text(const char *text, uint64_t seed)
{
    return hash_xxh64(text, strlen(text), seed);
}

uint64_t hash_u64(uint64_t x, uint64_t seed)
{
    return avalanche(eight(seed + prime[4] + 8, x));
}

void hash_address(uint32_t ip, char out[HASH_ADDRESS_SIZE])
{
    snprintf(out, HASH_ADDRESS_SIZE, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255,
             ip >> 8 & 255, ip & 255);
}
