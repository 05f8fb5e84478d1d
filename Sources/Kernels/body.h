// The body of each instruction set's file, which defines HAS_HALF, PAIR_PRODUCTS (the bits of a register
// that multiplies pairs of integers), the tile sizes and TABLE first.
#include "lanes.h"
#include "products.h"
#include "vectors.h"
#include "attention.h"
#include "sketch.h"

const kernel_table TABLE = {
    dot, scaled_rows, attend, attend_backward, rms_norm, rms_norm_backward, layer_norm, layer_norm_backward,
    soft_cap, soft_cap_backward, activate, activate_backward, dot_product, add_scaled, log_sum_exp, exponentials,
    candidates, hadamard, sketch_codes,
};
