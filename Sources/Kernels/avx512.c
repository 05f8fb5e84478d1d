#if defined(__x86_64__)
#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
// No wide vector is an argument of a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#define HAS_HALF 1
#define PIECE 16
#define TILES(T, D) T(1, 5, D) T(2, 5, D) T(3, 5, D) T(4, 5, D) T(5, 5, D)
#define TILE_ROWS 5
#define TILE_STEP 5
#define VALUE_VECTORS(G) 4
#define MOST_HEADS 4
#define SCALED_TILES(T, D) T(1, 4, D) T(2, 4, D) T(3, 4, D) T(4, 4, D) T(5, 4, D) T(6, 4, D)
#define SCALED_ROWS 6
#define SCALED_STEP 64
#define SCALED_ONE_ROW(T, D) T(1, 16, D)
#define PAIR_PRODUCTS 512
#define TABLE kernel_table_avx512
#include "body.h"
#pragma clang attribute pop
#endif
