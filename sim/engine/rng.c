#include "sim/engine/rng.h"

#include <assert.h>
#include <string.h>

/* Which outputs a counter is for: counter[1]. */
enum { SEQUENCE = 0, PLACE = 1 };

/* Multipliers and key increments of Philox4x64 (Salmon et al., SC'11,
 * table 2 and section 3.3). */
static const uint64_t multiply0 = UINT64_C(0xD2E7470EE14C6C93);
static const uint64_t multiply1 = UINT64_C(0xCA5A826395121157);
static const uint64_t weyl0 = UINT64_C(0x9E3779B97F4A7C15);
static const uint64_t weyl1 = UINT64_C(0xBB67AE8584CAA73B);

/* One round, in place: its outputs 0..3 are left in b, a, d, c. Two rounds,
 * the second with the names swapped, thus move nothing about. */
static inline void round_of(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d,
                            uint64_t key[2])
{
    rng_u128 x = (rng_u128)multiply0 * *a;
    rng_u128 y = (rng_u128)multiply1 * *c;

    *b = (*b ^ key[0]) ^ (uint64_t)(y >> 64); /* the product comes last */
    *d = (*d ^ key[1]) ^ (uint64_t)(x >> 64);
    *c = (uint64_t)x;
    *a = (uint64_t)y;
    key[0] += weyl0;
    key[1] += weyl1;
}

__attribute__((always_inline)) static inline void
philox(uint64_t a, uint64_t b, uint64_t c, uint64_t d, const uint64_t key[2],
       unsigned rounds, uint64_t out[4])
{
    uint64_t k[2] = {key[0], key[1]};

#pragma GCC unroll 5
    for (unsigned i = 0; i < rounds / 2; i++) {
        round_of(&a, &b, &c, &d, k);
        round_of(&b, &a, &d, &c, k);
    }
    if (rounds % 2)
        round_of(&a, &b, &c, &d, k);
    out[0] = rounds % 2 ? b : a;
    out[1] = rounds % 2 ? a : b;
    out[2] = rounds % 2 ? d : c;
    out[3] = rounds % 2 ? c : d;
}

void rng_philox4x64(const uint64_t counter[4], const uint64_t key[2],
                    unsigned rounds, uint64_t out[4])
{
    philox(counter[0], counter[1], counter[2], counter[3], key, rounds, out);
}

/* The four blocks do not depend on each other: the processor overlaps
 * them. counter[0] never wraps: 2^64 blocks are more than any run draws. */
void rng_refill(struct rng *rng)
{
    const uint64_t *c = rng->counter;

    assert(rng->next == RNG_BUFFER);
    for (unsigned b = 0; b < RNG_BUFFER / 4; b++)
        philox(c[0] + b, c[1], c[2], c[3], rng->key, RNG_ROUNDS,
               rng->buffer + 4 * b);
    rng->counter[0] += RNG_BUFFER / 4;
    rng->next = 0;
}

/* The key is a block itself: master and replication as its key, the names
 * as its counter. So no two of them can stand for each other. */
void rng_init(struct rng *rng, struct rng_root root, const char *name,
              const char *object, uint64_t ordinal)
{
    uint64_t key[2] = {root.master, root.replication}, out[4];

    assert(name);
    philox(rng_hash(name), object ? rng_hash(object) : 0, ordinal,
           object != NULL, key, RNG_ROUNDS, out);
    memset(rng, 0, sizeof *rng);
    rng->key[0] = out[0];
    rng->key[1] = out[1];
    rng->counter[1] = SEQUENCE;
    rng->next = RNG_BUFFER;
}

void rng_seek(struct rng *rng, uint64_t index, uint64_t attempt)
{
    rng->counter[0] = 1;
    rng->counter[1] = PLACE;
    rng->counter[2] = index;
    rng->counter[3] = attempt;
    rng->next = RNG_BUFFER - 4;
    philox(0, PLACE, index, attempt, rng->key, RNG_ROUNDS,
           rng->buffer + rng->next);
}

uint64_t rng_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a, 64 bits */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    /* The last step of MurmurHash3 spreads it over all bits. */
    hash = (hash ^ hash >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
    hash = (hash ^ hash >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
    return hash ^ hash >> 33;
}

static void gsl_set(void *state, unsigned long seed)
{
    rng_init(state, (struct rng_root){.master = seed}, "gsl", NULL, 0);
}

static unsigned long gsl_get(void *state)
{
    return rng_u64(state);
}

static double gsl_get_double(void *state)
{
    return rng_uniform(state);
}

static const gsl_rng_type gsl_type = {
    .name = "podchurn_philox4x64",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(struct rng),
    .set = gsl_set,
    .get = gsl_get,
    .get_double = gsl_get_double,
};
const gsl_rng_type *const rng_gsl_type = &gsl_type;

gsl_rng *rng_gsl(struct rng *rng, struct rng_gsl_view *view)
{
    view->rng.type = rng_gsl_type;
    view->rng.state = rng;
    return &view->rng;
}
