// The tables of all instruction sets that this build has code for.
#pragma once
#include "kernels.h"

extern const kernel_table kernel_table_baseline;
#if defined(__x86_64__)
extern const kernel_table kernel_table_avx2;
extern const kernel_table kernel_table_avx512;
#endif

// The table that the public functions call.
const kernel_table *kernel_table_in_use(void);
