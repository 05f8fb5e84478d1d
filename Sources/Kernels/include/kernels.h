// Numerical kernels with one accumulation order each: inputs give the same bits whatever the number of rows, of threads
// and the instruction set. Floats are IEEE 754 single; pointers need no alignment.
#pragma once
#include <stddef.h>
#include <stdint.h>

// kernel_f8 is E4M3: 4 bits of exponent, 3 of mantissa, no infinities; it has scales.
typedef enum { kernel_f32, kernel_f16, kernel_bf16, kernel_f8 } kernel_dtype;

// The factors of an F8 matrix's weights, times 256: one per block of 2^row_shift rows and 2^column_shift columns, rows
// of blocks `stride` apart. The matrix's row 0 is row `first_row` of the blocks.
typedef struct {
  const float *values;
  size_t stride;
  size_t first_row;
  unsigned row_shift;
  unsigned column_shift;
} kernel_scales;

// A weight matrix [rows, columns] in its file's dtype, rows `stride` elements apart.
typedef struct {
  const void *weights;
  kernel_dtype dtype;
  size_t stride;
  kernel_scales scales;
} kernel_matrix;

// Rows of floats, `stride` floats apart.
typedef struct {
  float *values;
  size_t stride;
} kernel_rows;

// Keys and values of `count` tokens of one head, tokens `stride` floats apart.
typedef struct {
  const float *keys;
  const float *values;
  size_t stride;
  size_t count;
} kernel_segment;

// Dot form. y[r][o] = (accumulate ? y[r][o] : 0) + (x[r] · w[o] + bias[o]) for rows 0..<rows and outputs begin..<end.
// Order: lane j of 16 sums the products of indices ≡ j (mod 16) by fused multiply-adds in their order; then the upper
// half of the lanes is added to the lower, down to one.
void kernel_dot(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                const float *bias, int accumulate, kernel_rows y);

// Scaled-row form. y[r][o] = (accumulate ? y[r][o] : 0) + (Σ_i x[r][i] w[i][o] + bias[o]) for outputs begin..<end.
// Order: fused multiply-adds in the order of i.
void kernel_scaled_rows(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                        const float *bias, int accumulate, kernel_rows y);

// One row of `heads` query heads that share one key–value head: softmax(scale q·k) v over the tokens of both segments.
// Where cap is above 0 the scores scale q·k go through kernel_soft_cap first.
// q, out: [heads, width]. scores: [heads, earlier.count + own.count], receives the probabilities.
void kernel_attend(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                   kernel_segment own, float *scores, kernel_rows out);

// The backward of kernel_attend: from d_out and the probabilities to d_q (written), and d_keys, d_values of the own
// segment (added to). scratch: earlier.count + own.count floats, twice as many where cap is above 0.
void kernel_attend_backward(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                            kernel_segment own, const float *probabilities, kernel_rows d_out, kernel_rows d_q,
                            float *d_keys, float *d_values, float *scratch);

// y = x / sqrt(mean(x²) + epsilon) · weight.
void kernel_rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y);
// The backward of kernel_rms_norm: d_x (added to) from d_y.
void kernel_rms_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                              float *d_x);
// y = (x − mean(x)) / sqrt(var(x) + epsilon) · weight + bias.
void kernel_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count, float *y);
// The backward of kernel_layer_norm: d_x (added to) from d_y.
void kernel_layer_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                                float *d_x);

// x = cap tanh(x / cap).
void kernel_soft_cap(float *x, size_t count, float cap);
// The backward of kernel_soft_cap, whose results are y: d (multiplied in place) from d_y to d_x.
void kernel_soft_cap_backward(const float *y, size_t count, float cap, float *d);

// kernel_relu_squared is max(x, 0)².
typedef enum { kernel_silu, kernel_gelu_tanh, kernel_gelu, kernel_relu_squared } kernel_activation;
// y = f(x), or f(x) · up where up is not null.
void kernel_activate(kernel_activation f, const float *x, const float *up, size_t count, float *y);
// d_x = d_y f'(x) [· up], d_up = d_y f(x).
void kernel_activate_backward(kernel_activation f, const float *x, const float *up, size_t count, const float *d_y,
                              float *d_x, float *d_up);

// Σ a_i b_i in the order of kernel_dot.
float kernel_dot_product(const float *a, const float *b, size_t count);
// y += scale x.
void kernel_add_scaled(float *y, const float *x, float scale, size_t count);
// Whether no value is infinite or no number.
int kernel_all_finite(const float *x, size_t count);
// The index of the largest of count > 0 values, the first of equals.
size_t kernel_argmax(const float *x, size_t count);
// log Σ exp(x_i).
float kernel_log_sum_exp(const float *x, size_t count);
// y = exp(x), within 2 units in the last place; 0 below −87.3.
void kernel_exp(const float *x, size_t count, float *y);

// Functions of one number, NaN of NaN, by operations that IEEE 754 defines alone: libraries differ in the last bits.
// e^x within 0.54 units in the last place, 0.76 where the result is subnormal.
double kernel_f64_exp(double x);
// ln x within 0.501 units in the last place; NaN below 0.
double kernel_f64_log(double x);
// x^y within 0.54 units in the last place, 0.76 where the result is subnormal; special cases as in C's pow.
double kernel_f64_pow(double x, double y);
// The sine and cosine of an angle in radians, however large, within 0.501 units in the last place; NaN of infinities.
float kernel_f32_sin(float x);
float kernel_f32_cos(float x);

// Keys in few bits, by which those are passed over whose product with an activation can be told without the product.
//
// Key and activation are divided by their largest elements, and transformed by one orthogonal map (but for a factor),
// which spreads their elements evenly. The key's elements are then rounded to codes of 8 bits, whose upper 4 alone are
// read at first, and the activation's to integers: of 8 bits for those 4, of 16 for all. What is lost is bounded by norms
// (Cauchy–Schwarz), and so is the rounding of all that is computed, kernel_dot_product included.

// The similarities (a · k) / ‖k‖² that are inside a key's region, and factors of the errors, in units of a similarity.
typedef struct {
  float scale;
  float coarse_error;
  float fine_error;
  float norm;
  float low;
  float high;
} kernel_key_bounds;

// Keys: 32 `groups` words of `coarse` and of `fine` codes, and bounds, for each.
typedef struct {
  const uint16_t *coarse;
  const uint16_t *fine;
  const kernel_key_bounds *bounds;
  size_t groups;
} kernel_sketch;

// Integers that stand for an activation: their step, their sum, and the norm of what rounding took.
typedef struct {
  double scale;
  int64_t sum;
  double rounding;
} kernel_rounded;

// An activation: its norm, and 128 `groups` integers of 8 bits for the coarse codes, in the order of their bytes, and of
// 16 for the fine.
typedef struct {
  const int8_t *coarse_values;
  const int16_t *fine_values;
  kernel_rounded coarse;
  kernel_rounded fine;
  double norm;
} kernel_sketched_row;

// Sketches a key of `width` elements with a region of |1 − similarity| ≤ reach; squared_norm is what similarities are
// made with. scratch: 128 `groups` floats. A key for which nothing can be said is never passed over.
void kernel_sketch_key(const float *key, size_t width, float squared_norm, float reach, size_t groups, float *scratch,
                       uint16_t *coarse, uint16_t *fine, kernel_key_bounds *bounds);
// Sketches an activation; 0 where a value is not finite, so that no product with it is.
int kernel_sketch_row(const float *activation, size_t width, size_t groups, float *scratch, int8_t *coarse,
                      int16_t *fine, kernel_sketched_row *row);
// Writes to `found` which keys of begin..<end cannot be passed over, in their order, and returns their number. That the
// others are outside is as true of the similarity that kernel_dot_product gives.
size_t kernel_candidates(kernel_sketch sketch, kernel_sketched_row row, size_t begin, size_t end, uint32_t *found);

// The instruction sets of the kernels. The functions above use the best that the processor has.
typedef enum { kernel_baseline, kernel_avx2, kernel_avx512 } kernel_isa;

// The kernels of one instruction set: the functions above without their prefix.
typedef struct {
  void (*dot)(kernel_rows, size_t, kernel_matrix, size_t, size_t, size_t, const float *, int, kernel_rows);
  void (*scaled_rows)(kernel_rows, size_t, kernel_matrix, size_t, size_t, size_t, const float *, int, kernel_rows);
  void (*attend)(kernel_rows, size_t, size_t, float, float, kernel_segment, kernel_segment, float *, kernel_rows);
  void (*attend_backward)(kernel_rows, size_t, size_t, float, float, kernel_segment, kernel_segment, const float *,
                          kernel_rows, kernel_rows, float *, float *, float *);
  void (*rms_norm)(const float *, const float *, float, size_t, float *);
  void (*rms_norm_backward)(const float *, const float *, float, size_t, const float *, float *);
  void (*layer_norm)(const float *, const float *, const float *, float, size_t, float *);
  void (*layer_norm_backward)(const float *, const float *, float, size_t, const float *, float *);
  void (*soft_cap)(float *, size_t, float);
  void (*soft_cap_backward)(const float *, size_t, float, float *);
  void (*activate)(kernel_activation, const float *, const float *, size_t, float *);
  void (*activate_backward)(kernel_activation, const float *, const float *, size_t, const float *, float *, float *);
  float (*dot_product)(const float *, const float *, size_t);
  void (*add_scaled)(float *, const float *, float, size_t);
  float (*log_sum_exp)(const float *, size_t);
  void (*exp)(const float *, size_t, float *);
  size_t (*candidates)(kernel_sketch, kernel_sketched_row, size_t, size_t, uint32_t *);
  void (*hadamard)(float *, size_t, size_t);
  void (*sketch_codes)(const float *, size_t, float, uint16_t *, uint16_t *, float *);
} kernel_table;

// The kernels of `isa`, null where the processor or the build lacks it.
const kernel_table *kernel_table_for(kernel_isa isa);
// Makes the functions above use `isa` in the whole process, the best where that is not available. For a process that
// does nothing but compare instruction sets.
void kernel_use_isa(kernel_isa isa);

// SHA-256 (FIPS 180-4): the initial state, whole blocks of 64 bytes, and the digest of `count` bytes in all, given
// those after the last whole block.
void kernel_sha256_start(uint32_t state[8]);
void kernel_sha256_blocks(uint32_t state[8], const void *bytes, size_t blocks);
void kernel_sha256_end(uint32_t state[8], const void *bytes, uint64_t count, uint8_t digest[32]);

// The float that equals an IEEE 754 half.
float kernel_float_from_half(uint16_t half);

// Tells the processor that this thread is waiting in a loop.
static inline void kernel_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
