/* random.h: generators of random bits whose sequences the format's operators define. */
#ifndef OPERATORS_RANDOM_H
#define OPERATORS_RANDOM_H

#include <stdint.h>

/* Philox 4x32 with 10 rounds: four words of a key and a counter. */
void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);
/* Threefry 2x32 with 20 rounds: two words. */
void threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]);

#endif
