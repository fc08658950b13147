/*
 * hash - XXH64 (Yann Collet's xxHash, 64 bits), as Envoy, gRPC and HAProxy
 * use it to place hosts in rings and tables.
 */
#ifndef MODELS_LB_HASH_H
#define MODELS_LB_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_xxh64(const void *data, size_t size, uint64_t seed);
/* Of a text's bytes. */
uint64_t hash_text(const char *text, uint64_t seed);
/* Of the 8 bytes of x, lowest first. */
uint64_t hash_u64(uint64_t x, uint64_t seed);

/* Linux hash_32: the upper bits of a multiple of 2^32/phi
 * (include/linux/hash.h). */
static inline uint32_t hash_linux32(uint32_t x, unsigned bits)
{
    return (x * UINT32_C(0x61C88647)) >> (32 - bits);
}

/* "10.0.1.2"; room for it. */
enum { HASH_ADDRESS_SIZE = 16 };
void hash_address(uint32_t ip, char out[HASH_ADDRESS_SIZE]);

#endif
