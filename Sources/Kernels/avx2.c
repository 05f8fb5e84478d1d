#if defined(__x86_64__)
#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
// No wide vector is an argument of a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define HAS_HALF 1
#define TILE_ROWS 2
#define TILE_WEIGHTS 3
#define SCORE_TOKENS 4
#define SCALED_ROWS 3
#define SCALED_VECTORS 2
#define SCALED_ONE_ROW 6
#define PAIR_PRODUCTS 256
#define TABLE kernel_table_avx2
#include "body.h"
#pragma clang attribute pop
#endif
