#if defined(__x86_64__)
#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
// No wide vector is an argument of a function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#define HAS_HALF 1
#define TILE_ROWS 5
#define TILE_WEIGHTS 5
#define SCORE_TOKENS 8
#define SCALED_ROWS 6
#define SCALED_VECTORS 4
#define SCALED_ONE_ROW 16
#define PAIR_PRODUCTS 512
#define TABLE kernel_table_avx512
#include "body.h"
#pragma clang attribute pop
#endif
