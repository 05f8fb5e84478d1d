// What the compiler's default target has: SSE2 on x86-64 (fused multiply-adds through the C library there), NEON on arm64.
#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
// Wide vectors pass between always-inlined functions only.
#pragma clang diagnostic ignored "-Wpsabi"
#define HAS_HALF 0
#define TILE_ROWS 2
#define TILE_WEIGHTS 2
#define SCORE_TOKENS 4
#define SCALED_ROWS 2
#define SCALED_VECTORS 2
#define SCALED_ONE_ROW 4
#define TABLE kernel_table_baseline
#include "body.h"
