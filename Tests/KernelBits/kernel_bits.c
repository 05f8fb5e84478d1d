// Prints a hash of what each kernel makes of fixed inputs, per type of weights and kind of numbers, for scripts/check-arm
// to compare between processors. Any NaN counts as the same: which one it is, is the processor's.
//
// usage: kernel_bits baseline|avx2|avx512     exits with 3 where this processor lacks the instruction set
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

// MARK: inputs

// Numbers about 1, below the normal range, of all exponents, and of all bits (infinities and NaN among them).
enum { plain, tiny, wide, any, kinds };
static const char *const kind_names[] = {"plain", "tiny", "wide", "any"};

static uint64_t state;

static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

// No arithmetic makes a NaN that signals, and what the larger of one and a number is, no standard says.
static float of_bits(uint32_t bits) {
  float x;
  if ((bits & 0x7fffffff) > 0x7f800000) bits |= 0x00400000;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static float number(int kind) {
  uint32_t bits = next();
  if (kind == plain) bits = (bits & 0x807fffff) | (124 + next() % 5) << 23;
  if (kind == tiny) bits = (bits & 0x807fffff) | (next() % 8 ? 0 : next() % 30) << 23;
  if (kind == wide) bits = (bits & 0x807fffff) | (next() % 255) << 23;
  // One in eight is a special one.
  if (kind == any && next() % 8 == 0) bits = (bits & 0x80000000) | (next() % 3 == 0 ? 0 : 0x7f800000);
  return of_bits(bits);
}

static float *numbers(float *x, size_t count, int kind) {
  for (size_t i = 0; i < count; i++) x[i] = number(kind);
  return x;
}

// `count` weights; halves and bytes have few exponents, and so all kinds but the first are all bits there.
static void fill_weights(void *weights, size_t count, kernel_dtype dtype, int kind) {
  for (size_t i = 0; i < count; i++) {
    float x = number(kind);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint16_t half = (uint16_t)(kind == plain ? (next() & 0x83ff) | (13 + next() % 3) << 10 : next());
    if (dtype == kernel_f32) ((float *)weights)[i] = x;
    if (dtype == kernel_bf16) ((uint16_t *)weights)[i] = (uint16_t)(bits >> 16);
    if (dtype == kernel_f16) ((uint16_t *)weights)[i] = half;
    if (dtype == kernel_f8) ((uint8_t *)weights)[i] = (uint8_t)(kind == plain ? next() & 0xb7 : next());
  }
}

// MARK: hashes

static uint64_t hash;

static void start(uint64_t seed) {
  hash = 14695981039346656037u;
  state = seed * 0x9e3779b97f4a7c15u + 1;
}

static void add_bytes(const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
}

static void add(const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float value = isnan(x[i]) ? 0 : x[i];
    uint8_t is_nan = isnan(x[i]);
    add_bytes(&value, sizeof value);
    add_bytes(&is_nan, 1);
  }
}

static void add_double(double x) {
  double value = isnan(x) ? 12345 : x;
  add_bytes(&value, sizeof value);
}

static void print(const char *kernel, const char *type, int kind) {
  printf("%-20s %-12s %-6s %016llx\n", kernel, type, kind_names[kind], (unsigned long long)hash);
}

// MARK: kernels

#define LARGEST (1 << 18)
static float a[LARGEST], b[LARGEST], c[LARGEST], d[LARGEST], e[LARGEST], f[LARGEST];

typedef struct {
  const char *name;
  size_t rows[6], inners[6], widths[5], row_count, inner_count, width_count, scale_count;
  int kinds;
} product_sizes;

static void products(const product_sizes *s) {
  static const char *const names[] = {"F32", "F16", "BF16", "F8"};
  char label[32];
  for (int form = 0; form < 2; form++)
    for (kernel_dtype dtype = kernel_f32; dtype <= kernel_f8; dtype++)
      for (int kind = 0; kind < s->kinds; kind++) {
        start(1 + kind);
        for (size_t r = 0; r < s->row_count; r++)
          for (size_t i = 0; i < s->inner_count; i++)
            for (size_t w = 0; w < s->width_count; w++) {
              size_t rows = s->rows[r], inner = s->inners[i], width = s->widths[w], stride = (form ? width : inner) + i;
              fill_weights(c, (form ? inner : width) * stride, dtype, kind);
              kernel_scales scales = {numbers(d, s->scale_count, plain), 40, 1, 2, 4};
              kernel_matrix matrix = {c, dtype, stride, scales};
              kernel_rows x = {numbers(a, rows * (inner + 3), kind), inner + 3};
              kernel_rows y = {numbers(b, rows * width, kind), width};
              const float *bias = w % 2 ? NULL : numbers(e, width, kind);
              (form ? kernel_scaled_rows : kernel_dot)(x, rows, matrix, inner, w > 2, width, bias, i % 2, y);
              add(b, rows * width);
            }
        snprintf(label, sizeof label, "%s%s", form ? "scaled_rows" : "dot", s->name);
        print(label, names[dtype], kind);
      }
}

static void attention(int kind) {
  static const size_t widths[] = {8, 40, 64, 80, 128}, counts[] = {0, 1, 6, 19};
  static float query[8192], out[8192], slopes[8192], keys[8192], values[8192], scores[8192], scratch[8192];
  for (int capped = 0; capped < 2; capped++) {
    start(10 + kind);
    for (size_t heads = 1; heads < 8; heads++)
      for (size_t w = 0; w < 5; w++)
        for (size_t n = 0; n < 4; n++) {
          size_t width = widths[w], own = 1 + 3 * (n % 3), stride = width + 5, count = counts[n] + own;
          float cap = capped ? 30 : 0, scale = 0.125f;
          kernel_segment past = {numbers(a, 20 * stride, kind), numbers(b, 20 * stride, kind), stride, counts[n]};
          kernel_segment here = {numbers(c, 20 * stride, kind), numbers(d, 20 * stride, kind), stride, own};
          kernel_rows q = {numbers(query, heads * width, kind), width}, o = {out, width}, s = {slopes, width};
          kernel_attend(q, heads, width, scale, cap, past, here, scores, o);
          add(out, heads * width);
          add(scores, heads * count);
          numbers(out, heads * width, kind);
          numbers(keys, own * stride, kind);
          numbers(values, own * stride, kind);
          kernel_attend_backward(q, heads, width, scale, cap, past, here, scores, o, s, keys, values, scratch);
          add(slopes, heads * width);
          add(keys, own * stride);
          add(values, own * stride);
        }
    print("attend", capped ? "capped" : "plain", kind);
  }
}

static const size_t lengths[] = {1, 2, 15, 16, 17, 31, 64, 129, 577, 2048};
#define EACH_LENGTH(NAME, TYPE, ...)                                   \
  do {                                                                 \
    start(100 + kind);                                                 \
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {    \
      size_t n = lengths[l];                                           \
      numbers(a, n, kind), numbers(b, n, kind), numbers(c, n, kind);   \
      numbers(d, n, kind), numbers(e, n, kind), numbers(f, n, kind);   \
      __VA_ARGS__                                                      \
    }                                                                  \
    print(NAME, TYPE, kind);                                           \
  } while (0)

static void norms(int kind) {
  EACH_LENGTH("rms_norm", "", kernel_rms_norm(a, b, 1e-5f, n, c); add(c, n););
  EACH_LENGTH("rms_norm_backward", "", kernel_rms_norm_backward(a, b, 1e-5f, n, c, d); add(d, n););
  EACH_LENGTH("layer_norm", "", kernel_layer_norm(a, b, l % 2 ? NULL : c, 1e-5f, n, d); add(d, n););
  EACH_LENGTH("layer_norm_backward", "", kernel_layer_norm_backward(a, b, 1e-5f, n, c, d); add(d, n););
  EACH_LENGTH("soft_cap", "", kernel_soft_cap(a, n, 30); add(a, n););
  EACH_LENGTH("soft_cap_backward", "", kernel_soft_cap_backward(a, n, 30, b); add(b, n););
}

static void activations(int kind) {
  static const char *const names[] = {"silu", "gelu_tanh", "gelu", "relu_squared"};
  for (kernel_activation g = kernel_silu; g <= kernel_relu_squared; g++) {
    EACH_LENGTH("activate", names[g], kernel_activate(g, a, l % 2 ? NULL : b, n, c); add(c, n););
    EACH_LENGTH("activate_backward", names[g], kernel_activate_backward(g, a, l % 2 ? NULL : b, n, c, d, e); add(d, n);
                add(e, n););
  }
}

static void sums(int kind) {
  float value;
  size_t index;
  EACH_LENGTH("dot_product", "", value = kernel_dot_product(a, b, n); add(&value, 1););
  EACH_LENGTH("add_scaled", "", kernel_add_scaled(a, b, c[0], n); add(a, n););
  EACH_LENGTH("log_sum_exp", "", value = kernel_log_sum_exp(a, n); add(&value, 1););
  EACH_LENGTH("exp", "", kernel_exp(a, n, b); add(b, n););
  EACH_LENGTH("argmax", "", index = kernel_argmax(a, n); add_bytes(&index, sizeof index););
  EACH_LENGTH("all_finite", "", index = (size_t)kernel_all_finite(a, n); add_bytes(&index, sizeof index););
}

static void sketches(int kind) {
  enum { groups = 5, keys = 60, width = 600 };
  static uint16_t coarse[keys * 32 * groups], fine[keys * 32 * groups];
  static int8_t coarse_values[128 * groups];
  static int16_t fine_values[128 * groups];
  kernel_key_bounds bounds[keys];
  kernel_sketched_row row;
  uint32_t found[keys];
  start(200 + kind);
  numbers(a, width, kind);
  for (size_t k = 0; k < keys; k++) {
    numbers(b, width, kind);
    // Keys near the activation and far from it.
    for (size_t i = 0; i < width; i++) b[i] = i % keys < k ? a[i] : b[i];
    kernel_sketch_key(b, width, kernel_dot_product(b, b, width), 0.3f, groups, c, coarse + k * 32 * groups,
                      fine + k * 32 * groups, bounds + k);
    add(&bounds[k].scale, sizeof bounds[k] / sizeof(float));
  }
  add_bytes(coarse, sizeof coarse);
  add_bytes(fine, sizeof fine);
  if (kernel_sketch_row(a, width, groups, c, coarse_values, fine_values, &row)) {
    add_bytes(coarse_values, sizeof coarse_values);
    add_bytes(fine_values, sizeof fine_values);
    for (int k = 0; k < 2; k++) {
      kernel_rounded rounded = k == 0 ? row.coarse : row.fine;
      add_bytes(&rounded.sum, sizeof rounded.sum);
      add_double(rounded.scale), add_double(rounded.rounding);
    }
    add_double(row.norm);
    kernel_sketch sketch = {coarse, fine, bounds, groups};
    size_t count = kernel_candidates(sketch, row, 0, keys, found);
    add_bytes(found, count * sizeof *found);
  }
  print("sketch", "", kind);
}

// MARK: functions of one number

static void functions_of_one_number(void) {
  start(1);
  for (uint32_t half = 0; half < 65536; half++) add(&(float){kernel_float_from_half((uint16_t)half)}, 1);
  print("float_from_half", "", any);
  start(1);
  for (uint64_t bits = 0; bits < 1ull << 32; bits += 16411) {
    float x = of_bits((uint32_t)bits), sine = kernel_f32_sin(x), cosine = kernel_f32_cos(x);
    kernel_exp(&x, 1, a);
    add(a, 1), add(&sine, 1), add(&cosine, 1);
  }
  print("exp sin cos", "F32", any);
  for (int kind = 0; kind < kinds; kind++) {
    start(300 + kind);
    for (int i = 0; i < 20000; i++) {
      double x = number(kind) * (1 + next() * 0x1p-32), y = number(kind);
      add_double(kernel_f64_exp(x)), add_double(kernel_f64_log(fabs(x)));
      add_double(kernel_f64_pow(fabs(x), y)), add_double(kernel_f64_pow(x, (int)(next() % 9) - 4));
    }
    print("exp log pow", "F64", kind);
  }
}

static void digests(void) {
  uint32_t sha[8];
  uint8_t digest[32];
  start(1);
  kernel_sha256_start(sha);
  kernel_sha256_blocks(sha, numbers(a, 160, any), 10);
  kernel_sha256_end(sha, a, 683, digest);
  add_bytes(digest, sizeof digest);
  print("sha256", "", any);
}

int main(int count, char **arguments) {
  static const char *const names[] = {"baseline", "avx2", "avx512"};
  int isa = 0;
  while (isa < 3 && (count != 2 || strcmp(arguments[1], names[isa]))) isa++;
  if (isa == 3) {
    fprintf(stderr, "usage: kernel_bits baseline|avx2|avx512\n");
    return 2;
  }
  if (!kernel_table_for((kernel_isa)isa)) return 3;
  kernel_use_isa((kernel_isa)isa);
  products(&(product_sizes){"", {1, 2, 3, 5, 8, 17}, {1, 15, 16, 17, 129, 600}, {1, 3, 16, 33, 150}, 6, 6, 5, 4096, kinds});
  // More rows, weights and columns than the kernels take at once.
  products(&(product_sizes){" large", {2, 7, 37, 74}, {768, 785, 1603}, {12, 133}, 4, 3, 2, 20000, 1});
  for (int kind = 0; kind < kinds; kind++) {
    attention(kind);
    norms(kind);
    activations(kind);
    sums(kind);
    sketches(kind);
  }
  functions_of_one_number();
  digests();
  return 0;
}
