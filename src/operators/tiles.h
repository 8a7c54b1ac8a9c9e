/* tiles.h: a product of matrices cut into tiles, which are tasks, by sizes alone. */
#ifndef OPERATORS_TILES_H
#define OPERATORS_TILES_H

#include <stddef.h>

/* One of `products` products of the same size: m rows of row_bytes, n columns, k terms in each sum. */
typedef struct tiles_product {
  size_t products, m, n, k, row_bytes;
  size_t mr, nr; /* the kernel's tile */
} tiles_product;

typedef struct tiles {
  size_t rows, cols; /* of a tile: multiples of mr and of nr */
  size_t row_tiles, col_tiles;
} tiles;

tiles tiles_cut(const tiles_product *p);

/* Columns of one step inside of a tile, so that its int32 sums stay in a near cache: a multiple of nr. */
size_t tiles_step(const tiles *t, size_t nr);

#endif
