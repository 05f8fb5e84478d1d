// The sketches of keys and activations, around the loops of the instruction sets.
#include <math.h>
#include <string.h>

#include "kernel_table.h"

#pragma STDC FP_CONTRACT OFF
#define UNIT 0x1p-24

// `width` values over the largest, with signs that no weights have a pattern like, transformed. The squared length is
// multiplied by `factor`, a power of two. Returns the largest.
static float transform(const float *x, size_t width, size_t groups, float *y, double *factor) {
  size_t count = 128 * groups, block = 128;
  while (block < 512 && count % (2 * block) == 0) block *= 2;
  float largest = 0;
  for (size_t i = 0; i < width; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
  memset(y, 0, count * sizeof *y);
  if (largest > 0)
    for (size_t i = 0; i < width; i++) y[i] = ((uint32_t)i * 2654435761u >> 20 & 1) ? -x[i] / largest : x[i] / largest;
  kernel_table_in_use()->hadamard(y, count, block);
  *factor = (double)block;
  return largest;
}

static float rounded_up(double x) { return nextafterf((float)(x * (1 + 1e-4)), INFINITY); }

void kernel_sketch_key(const float *key, size_t width, float squared_norm, float reach, size_t groups, float *scratch,
                       uint16_t *coarse, uint16_t *fine, kernel_key_bounds *bounds) {
  *bounds = (kernel_key_bounds){.low = -INFINITY, .high = INFINITY};
  memset(coarse, 0, 32 * groups * sizeof *coarse);
  memset(fine, 0, 32 * groups * sizeof *fine);
  if (!kernel_all_finite(key, width) || !isnormal(squared_norm) || !isfinite(reach)) return;
  double factor;
  double largest = transform(key, width, groups, scratch, &factor), square = 0;
  for (size_t i = 0; i < 128 * groups; i++) square += (double)scratch[i] * scratch[i];
  // The step of 16 levels that loses least of normally distributed values is 0.335 deviations; a little more keeps the
  // tails for the 256.
  float sums[4], scale = (float)(0.36 / 16 * sqrt(square / (128 * (double)groups)));
  if (!isnormal(scale)) return;
  kernel_table_in_use()->sketch_codes(scratch, groups, scale, coarse, fine, sums);
  double unit = largest / squared_norm / factor;
  // Roundings, relative to the product of the norms: a fused multiply-add per 16 elements and lane, the additions of
  // the lanes, the divisions and the transforms of both vectors, and the arithmetic of bounds.
  double roundings = ((double)width / 16 + 100) * UNIT * sqrt(square);
  double margin = 4e-6 * (1 + (double)reach) + (double)width * 0x1p-148 / squared_norm;
  bounds->scale = (float)(scale * unit);
  bounds->coarse_error = rounded_up((sqrt(sums[0]) + roundings) * unit);
  bounds->fine_error = rounded_up((sqrt(sums[1]) + roundings) * unit);
  bounds->norm = rounded_up(sqrt(fmax(sums[2], sums[3])) * unit);
  bounds->low = nextafterf((float)(1 - reach - margin), -INFINITY);
  bounds->high = nextafterf((float)(1 + reach + margin), INFINITY);
  if (!isnormal(bounds->scale) || !isnormal(bounds->norm)) *bounds = (kernel_key_bounds){.low = -INFINITY, .high = INFINITY};
}

// Rounds to integers of at most `limit`.
static kernel_rounded rounded(const float *x, size_t count, double limit, float largest, int16_t *values) {
  float most = 0;
  for (size_t i = 0; i < count; i++) most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
  float step = most > 0 ? (float)(most / limit * (1 + 1e-6)) : 1;
  int64_t sum = 0;
  double lost = 0;
  for (size_t i = 0; i < count; i++) {
    // The sum has no bits behind the point.
    double whole = x[i] / step + 0x1.8p52 - 0x1.8p52, error = x[i] - whole * step;
    values[i] = (int16_t)whole;
    sum += (int64_t)whole;
    lost += error * error;
  }
  return (kernel_rounded){step * largest, sum, sqrt(lost) * largest};
}

int kernel_sketch_row(const float *activation, size_t width, size_t groups, float *scratch, int8_t *coarse,
                      int16_t *fine, kernel_sketched_row *row) {
  if (!kernel_all_finite(activation, width)) return 0;
  size_t count = 128 * groups;
  double factor, square = 0;
  float largest = transform(activation, width, groups, scratch, &factor);
  for (size_t i = 0; i < count; i++) square += (double)scratch[i] * scratch[i];
  *row = (kernel_sketched_row){.coarse_values = coarse, .fine_values = fine, .norm = sqrt(square) * largest};
  row->coarse = rounded(scratch, count, 127, largest, fine);
  // Byte j of 64 has elements j / 2 and j / 2 + 32 of 64, of the second 64 where j is odd.
  for (size_t i = 0; i < count; i++) {
    size_t byte = 2 * (i % 32) + i % 128 / 64;
    coarse[i / 128 * 128 + i % 64 / 32 * 64 + byte] = (int8_t)fine[i];
  }
  // No sum of products with codes up to 15 overflows.
  row->fine = rounded(scratch, count, fmin(32767, floor(0x1p31 / (15 * (double)count)) - 1), largest, fine);
  return 1;
}
