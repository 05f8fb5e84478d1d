// Sixteen lanes of float, whatever registers they take, and operations on them that fix each lane's result.
// Included once per instruction set, inside its target region.
#include <math.h>
#include <string.h>

typedef float lanes __attribute__((vector_size(64)));
typedef float lanes8 __attribute__((vector_size(32)));
typedef float lanes4 __attribute__((vector_size(16)));
typedef int32_t lanes_int __attribute__((vector_size(64)));
typedef uint32_t lanes_uint __attribute__((vector_size(64)));
typedef uint8_t lanes_u8 __attribute__((vector_size(16)));
typedef uint16_t lanes_u16 __attribute__((vector_size(32)));
typedef _Float16 lanes_half __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))
#define FULLY _Pragma("clang loop unroll(full)")

INLINE lanes splat(float x) { return (lanes){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE lanes fused(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }

// The first PIECE of the lanes, which are few enough for a tile's accumulators to stay in registers.
typedef float piece __attribute__((vector_size(4 * PIECE)));
INLINE piece piece_of(lanes v) {
  piece first;
  memcpy(&first, &v, sizeof first);
  return first;
}

INLINE lanes load(const float *p) {
  lanes v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store(float *p, lanes v) { memcpy(p, &v, sizeof v); }

// The first `count` ≤ 16 values, then zeros.
INLINE lanes load_part(const float *p, size_t count) {
  lanes v = splat(0);
  memcpy(&v, p, count * sizeof *p);
  return v;
}
INLINE void store_part(float *p, lanes v, size_t count) { memcpy(p, &v, count * sizeof *p); }

INLINE lanes widen_bf16(lanes_u16 bits) {
  return (lanes)(__builtin_convertvector(bits, lanes_uint) << 16);
}

INLINE lanes widen_f16(lanes_u16 bits) {
#if HAS_HALF
  return __builtin_convertvector((lanes_half)bits, lanes);
#else
  lanes_uint wide = __builtin_convertvector(bits, lanes_uint);
  lanes_uint magnitude = (lanes_uint)((lanes)((wide & 0x7fff) << 13) * splat(0x1p112f));
  lanes_uint special = (lanes_uint)((wide & 0x7c00) == 0x7c00);
  return (lanes)(magnitude | (special & 0x7f800000) | (wide & 0x8000) << 16);
#endif
}

// The 256th part of E4M3 values: their bits as halves, whose exponent bias is larger by 8.
INLINE lanes widen_f8(lanes_u8 bits) {
  lanes_u16 wide = __builtin_convertvector(bits, lanes_u16);
  lanes_u16 nan = (lanes_u16)((wide & 0x7f) == 0x7f);
  return widen_f16((wide & 0x80) << 8 | (wide & 0x7f) << 7 | (nan & 0x7e00));
}

// The scales of `count` weights of a row, from `column` on.
INLINE lanes scales_of(const kernel_scales *scales, size_t row, size_t column, size_t count) {
  const float *s = scales->values + ((scales->first_row + row) >> scales->row_shift) * scales->stride;
  size_t last = column + count - 1;
  if (column >> scales->column_shift == last >> scales->column_shift) return splat(s[column >> scales->column_shift]);
  lanes v;
  for (size_t i = 0; i < 16; i++) v[i] = s[(column + i < last ? column + i : last) >> scales->column_shift];
  return v;
}

// `count` ≤ 16 weights of a row, from `column` on, then zeros.
INLINE lanes load_weights_part(const kernel_matrix *w, size_t row, size_t column, kernel_dtype dtype, size_t count) {
  size_t index = row * w->stride + column;
  if (dtype == kernel_f32) return load_part((const float *)w->weights + index, count);
  if (dtype == kernel_f8) {
    // Without a weight there need be no scale.
    if (count == 0) return splat(0);
    lanes_u8 bytes = {0};
    memcpy(&bytes, (const uint8_t *)w->weights + index, count);
    return widen_f8(bytes) * scales_of(&w->scales, row, column, count);
  }
  lanes_u16 bits = {0};
  memcpy(&bits, (const uint16_t *)w->weights + index, count * sizeof(uint16_t));
  return dtype == kernel_bf16 ? widen_bf16(bits) : widen_f16(bits);
}

INLINE lanes load_weights(const kernel_matrix *w, size_t row, size_t column, kernel_dtype dtype) {
  return load_weights_part(w, row, column, dtype, 16);
}

// The one reduction tree: adds the upper half to the lower, down to one lane.
INLINE lanes4 folded(lanes v) {
  lanes8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
             __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  return __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
}
INLINE float sum(lanes v) {
  lanes4 b = folded(v);
  return (b[0] + b[2]) + (b[1] + b[3]);
}
// Four sums at once, each by that tree.
INLINE lanes4 sum_four(lanes v0, lanes v1, lanes v2, lanes v3) {
  lanes4 a = folded(v0), b = folded(v1), c = folded(v2), d = folded(v3);
  lanes4 ab = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  lanes4 cd = __builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7);
  return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}
// Eight sums at once, each by that tree.
INLINE lanes8 sum_eight(lanes v0, lanes v1, lanes v2, lanes v3, lanes v4, lanes v5, lanes v6, lanes v7) {
#define HALVES(A, B)                                                                          \
  (__builtin_shufflevector(A, B, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +    \
   __builtin_shufflevector(A, B, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define QUARTERS(A, B)                                                                        \
  (__builtin_shufflevector(A, B, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +  \
   __builtin_shufflevector(A, B, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
  lanes even = QUARTERS(HALVES(v0, v2), HALVES(v4, v6)), odd = QUARTERS(HALVES(v1, v3), HALVES(v5, v7));
  lanes pairs = __builtin_shufflevector(even, odd, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
                __builtin_shufflevector(even, odd, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  return __builtin_shufflevector(pairs, pairs, 0, 2, 4, 6, 8, 10, 12, 14) +
         __builtin_shufflevector(pairs, pairs, 1, 3, 5, 7, 9, 11, 13, 15);
#undef HALVES
#undef QUARTERS
}

// exp x = 2^n · p(r), |r| ≤ ln 2 / 2, p the Taylor polynomial of degree 7 (truncation below 3e-9 relative).
INLINE lanes exponential(lanes x) {
  lanes_int low = x < splat(-87.3f);
  x = __builtin_elementwise_min(__builtin_elementwise_max(x, splat(-87.3f)), splat(88.7f));
  const lanes magic = splat(12582912.0f);
  lanes n = fused(x, splat(1.44269504088896341f), magic) - magic;
  lanes r = fused(n, splat(-0.693145751953125f), x);
  r = fused(n, splat(-1.42860682030941723e-6f), r);
  lanes p = splat(1.0f / 5040);
  p = fused(p, r, splat(1.0f / 720));
  p = fused(p, r, splat(1.0f / 120));
  p = fused(p, r, splat(1.0f / 24));
  p = fused(p, r, splat(1.0f / 6));
  p = fused(p, r, splat(0.5f));
  p = fused(p, r, splat(1.0f));
  p = fused(p, r, splat(1.0f));
  // In two factors, so that n = 128 does not overflow the exponent field.
  lanes_int whole = __builtin_convertvector(n, lanes_int), half = whole >> 1;
  lanes result = p * (lanes)((half + 127) << 23) * (lanes)((whole - half + 127) << 23);
  return (lanes)((lanes_int)result & ~low);
}
