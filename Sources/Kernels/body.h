// The body of each instruction set's file, which defines HAS_HALF, PAIR_PRODUCTS (the bits of a register
// that multiplies pairs of integers), TABLE, and what its registers hold:
// PIECE             the lanes of a sum that a tile goes through at once
// TILES             T(R, W, D) for each height R ≤ TILE_ROWS of a tile and its W weights, whose common multiple is TILE_STEP
// SCALED_TILES      the same in scaled-row form, in vectors of 16 outputs; SCALED_ONE_ROW is for a single row
// VALUE_VECTORS(G)  the vectors of 16 values that G ≤ MOST_HEADS heads weigh at once
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
