// The compiler's default target: NEON on arm64, SSE2 on x86-64, where fused multiply-adds go through the C library.
#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
// No wide vector is an argument of a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#define HAS_HALF 0
#define PIECE 16
#define TILES(T, D) T(1, 2, D) T(2, 2, D)
#define TILE_ROWS 2
#define TILE_STEP 2
#define VALUE_VECTORS(G) 4
#define MOST_HEADS 4
#define SCALED_TILES(T, D) T(1, 2, D) T(2, 2, D)
#define SCALED_ROWS 2
#define SCALED_STEP 32
#define SCALED_ONE_ROW(T, D) T(1, 4, D)
#define PAIR_PRODUCTS 128
#define TABLE kernel_table_baseline
#include "body.h"
