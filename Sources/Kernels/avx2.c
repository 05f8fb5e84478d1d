#if defined(__x86_64__)
#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
// No wide vector is an argument of a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define HAS_HALF 1
#define PIECE 8
#define TILES(T, D) T(1, 6, D) T(2, 4, D) T(3, 3, D) T(4, 3, D) T(5, 2, D) T(6, 2, D)
#define TILE_ROWS 6
#define TILE_STEP 12
#define VALUE_VECTORS(G) ((G) == 1 ? 4 : (G) == 2 ? 2 : 1)
#define MOST_HEADS 3
#define SCALED_TILES(T, D) T(1, 2, D) T(2, 2, D) T(3, 1, D) T(4, 1, D) T(5, 1, D) T(6, 1, D)
#define SCALED_ROWS 6
#define SCALED_STEP 32
#define SCALED_ONE_ROW(T, D) T(1, 6, D)
#define PAIR_PRODUCTS 256
#define TABLE kernel_table_avx2
#include "body.h"
#pragma clang attribute pop
#endif
