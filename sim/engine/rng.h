/*
 * rng - named random streams.
 *
 * Philox4x64-7 (Salmon et al., "Parallel random numbers: as easy as 1, 2,
 * 3", SC'11), counter-based: a stream is a 128-bit key, hashed separately
 * from (master seed, replication, name of its purpose), so that streams
 * never overlap and master 1 replication 5 is not master 2 replication 4.
 * A variant of an experiment that draws more or less from one stream
 * disturbs no other: common random numbers.
 */
#ifndef SIM_ENGINE_RNG_H
#define SIM_ENGINE_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 rng_u128;

/* Rounds: the fewest with which Philox4x64 passes all of BigCrush (table 2 of
 * the paper); its usual 10 cost a third more and pass no further test. */
enum { RNG_ROUNDS = 7 };
enum { RNG_BUFFER = 16 }; /* 64-bit outputs made at once: four blocks */

/* A stream. A plain value: copy it to fork it. No release needed. */
struct rng {
    uint64_t key[2];
    uint64_t counter[4]; /* of the next block */
    uint64_t buffer[RNG_BUFFER];
    uint32_t next; /* index of the next unused output; RNG_BUFFER: none */
};

/* What streams of one replication have in common. */
struct rng_root {
    uint64_t master, replication;
};

/* Makes a stream for a purpose, e.g. ("failure.pod-crash", owner's name,
 * ordinal). `name` is hashed (so is `object`, which may be NULL) together
 * with `ordinal`. */
void rng_init(struct rng *rng, struct rng_root root, const char *name,
              const char *object, uint64_t ordinal);

/* Moves to place (index, attempt) of the stream: what is drawn next depends
 * on these alone. Draws after the first four outputs go on to further
 * blocks that no other place (index, attempt) uses. Costs one block. */
void rng_seek(struct rng *rng, uint64_t index, uint64_t attempt);

/* Refills an empty buffer; for the inline functions below. */
void rng_refill(struct rng *rng);

/* One block: the cipher itself, for known-answer tests. */
void rng_philox4x64(const uint64_t counter[4], const uint64_t key[2],
                    unsigned rounds, uint64_t out[4]);

/* Uniform on all 64-bit integers. */
static inline uint64_t rng_u64(struct rng *rng)
{
    if (rng->next == RNG_BUFFER)
        rng_refill(rng);
    return rng->buffer[rng->next++];
}

/* Uniform on [0, 1), 53 bits. */
static inline double rng_uniform(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1.0p-53;
}

/* Uniform on 0..bound-1, bound >= 1; Lemire's multiplication without the
 * rejection step: bias below bound / 2^64. One output. */
static inline uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    return (uint64_t)(((rng_u128)rng_u64(rng) * bound) >> 64);
}

/*
 * Layers of equal area under a falling density, the ziggurat of Marsaglia
 * and Tsang (J. Stat. Softw. 5(8), 2000) with 256 layers and 53 bits: the
 * low 8 bits of an output choose the layer, the high 53 the place in it; a
 * place below `inside` is under the curve without further ado (98.9 % of
 * exponential, 98.8 % of normal draws), so that one output makes a variate.
 */
struct rng_layer {
    uint64_t inside; /* of 2^53 */
    double width;    /* x 2^-53 */
};
extern const struct rng_layer rng_exponential_layers[256];
extern const struct rng_layer rng_normal_layers[256];
/* The rest, given the output that fell outside. */
double rng_exponential_rest(struct rng *rng, uint64_t bits);
double rng_normal_rest(struct rng *rng, uint64_t bits);

/* Exponential of mean 1; exact. */
static inline double rng_exponential(struct rng *rng)
{
    uint64_t bits = rng_u64(rng), place = bits >> 11;
    const struct rng_layer *layer = &rng_exponential_layers[bits & 255];

    if (__builtin_expect(place < layer->inside, 1))
        return (double)(int64_t)place * layer->width;
    return rng_exponential_rest(rng, bits);
}

/* Normal of mean 0, variance 1; exact. Bit 8 is the sign. */
static inline double rng_normal(struct rng *rng)
{
    uint64_t bits = rng_u64(rng), place = bits >> 11;
    const struct rng_layer *layer = &rng_normal_layers[bits & 255];

    if (__builtin_expect(place < layer->inside, 1)) {
        int64_t sign = -(int64_t)(bits >> 8 & 1); /* no branch for it */

        return (double)(((int64_t)place ^ sign) - sign) * layer->width;
    }
    return rng_normal_rest(rng, bits);
}

/* The GSL type "podchurn_philox4x64", and a GSL generator that draws from
 * *rng: a view, valid while *rng and *view are; never freed. */
extern const gsl_rng_type *const rng_gsl_type;
struct rng_gsl_view {
    gsl_rng rng;
};
gsl_rng *rng_gsl(struct rng *rng, struct rng_gsl_view *view);

/* 64-bit hash of a text: FNV-1a, then finalised. Stable over versions:
 * stream names depend on it. */
uint64_t rng_hash(const char *text);

/* One hash of two: splitmix64's finaliser (Steele, Lea and Flood 2014). */
static inline uint64_t rng_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a + UINT64_C(0x9e3779b97f4a7c15) * (b + 1);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

#endif
