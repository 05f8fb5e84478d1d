// Integer products of activations with keys of four bits per element. Included once per instruction set.

typedef int16_t lanes_i16 __attribute__((vector_size(64)));
typedef uint16_t lanes_words __attribute__((vector_size(64)));
typedef int16_t half_i16 __attribute__((vector_size(32)));
typedef int32_t half_int __attribute__((vector_size(32)));

// Sixteen sums of two neighbouring products each.
INLINE lanes_int pair_products(lanes_i16 a, lanes_i16 b) {
#if PAIR_PRODUCTS == 512
  return (lanes_int)__builtin_ia32_pmaddwd512(a, b);
#elif PAIR_PRODUCTS == 256
#define HALF(V, FIRST)                                                                                                 \
  __builtin_shufflevector(V, V, FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 4, FIRST + 5, FIRST + 6, FIRST + 7,    \
                          FIRST + 8, FIRST + 9, FIRST + 10, FIRST + 11, FIRST + 12, FIRST + 13, FIRST + 14,            \
                          FIRST + 15)
  half_int lower = (half_int)__builtin_ia32_pmaddwd256(HALF(a, 0), HALF(b, 0));
  half_int upper = (half_int)__builtin_ia32_pmaddwd256(HALF(a, 16), HALF(b, 16));
  return __builtin_shufflevector(lower, upper, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#undef HALF
#else
#define ALTERNATE(V, FIRST)                                                                                            \
  __builtin_convertvector(                                                                                             \
      __builtin_shufflevector(V, V, FIRST, FIRST + 2, FIRST + 4, FIRST + 6, FIRST + 8, FIRST + 10, FIRST + 12,         \
                              FIRST + 14, FIRST + 16, FIRST + 18, FIRST + 20, FIRST + 22, FIRST + 24, FIRST + 26,      \
                              FIRST + 28, FIRST + 30),                                                                 \
      lanes_int)
  return ALTERNATE(a, 0) * ALTERNATE(b, 0) + ALTERNATE(a, 1) * ALTERNATE(b, 1);
#undef ALTERNATE
#endif
}

typedef uint8_t lanes_codes __attribute__((vector_size(64)));
typedef int8_t lanes_i8 __attribute__((vector_size(64)));
typedef uint8_t half_codes __attribute__((vector_size(32)));
typedef int8_t half_i8 __attribute__((vector_size(32)));

// Thirty-two sums of two neighbouring products each, of codes up to 15 and integers of at most 127.
INLINE lanes_i16 byte_pair_products(lanes_codes q, lanes_i8 x) {
#if PAIR_PRODUCTS == 512
  return (lanes_i16)__builtin_ia32_pmaddubsw512(q, x);
#elif PAIR_PRODUCTS == 256
  half_codes codes[2];
  half_i8 values[2];
  half_i16 products[2];
  memcpy(codes, &q, sizeof q);
  memcpy(values, &x, sizeof x);
  for (int k = 0; k < 2; k++) products[k] = (half_i16)__builtin_ia32_pmaddubsw256(codes[k], values[k]);
  lanes_i16 both;
  memcpy(&both, products, sizeof both);
  return both;
#else
  lanes_i16 words = (lanes_i16)q, pairs = (lanes_i16)x;
  lanes_i16 first = (lanes_i16)((lanes_words)x << 8) >> 8;
  return (words & 0xff) * first + (words >> 8) * (pairs >> 8);
#endif
}

// Σ x_i q_i, where of each 64 bytes, bits 4n to 4n + 3 of byte j are q of element 64 n + j of 128 integers.
INLINE int32_t coarse_product(const uint16_t *words, const int8_t *x, size_t groups) {
  lanes_int s = {0};
  for (size_t g = 0; g < groups;) {
    // What four groups sum up to is at most 4 · 4 · 15 · 127.
    lanes_i16 part = {0};
    for (size_t end = g + 4 < groups ? g + 4 : groups; g < end; g++, words += 32, x += 128) {
      lanes_codes bytes;
      lanes_i8 v[2];
      memcpy(&bytes, words, sizeof bytes);
      memcpy(v, x, sizeof v);
      part += byte_pair_products(bytes & 15, v[0]);
      part += byte_pair_products(bytes >> 4, v[1]);
    }
    s += pair_products(part, (lanes_i16){0} + 1);
  }
  int32_t total = 0;
  for (int k = 0; k < 16; k++) total += s[k];
  return total;
}

// Σ x_i q_i; of each 32 words, bits 4n to 4n + 3 of word j are q of element 32 n + j of 128.
INLINE int32_t nibble_product(const uint16_t *words, const int16_t *x, size_t groups) {
  lanes_int s = {0};
  for (size_t g = 0; g < groups; g++, words += 32, x += 128) {
    lanes_words w;
    lanes_i16 v[4];
    memcpy(&w, words, sizeof w);
    memcpy(v, x, sizeof v);
    s += pair_products((lanes_i16)(w & 15), v[0]);
    s += pair_products((lanes_i16)(w >> 4 & 15), v[1]);
    s += pair_products((lanes_i16)(w >> 8 & 15), v[2]);
    s += pair_products((lanes_i16)(w >> 12), v[3]);
  }
  int32_t total = 0;
  for (int k = 0; k < 16; k++) total += s[k];
  return total;
}

INLINE int is_outside(double similarity, double error, const kernel_key_bounds *key) {
  return similarity + error < key->low || similarity - error > key->high;
}

static size_t candidates(kernel_sketch sketch, kernel_sketched_row x, size_t begin, size_t end, uint32_t *found) {
  size_t likely = 0, count = 0, words = 32 * sketch.groups;
  for (size_t k = begin; k < end; k++) {
    const kernel_key_bounds *key = sketch.bounds + k;
    int64_t product = 16 * (int64_t)coarse_product(sketch.coarse + k * words, x.coarse_values, sketch.groups);
    double similarity = x.coarse.scale * key->scale * (double)(product - 120 * x.coarse.sum);
    if (is_outside(similarity, x.norm * key->coarse_error + x.coarse.rounding * key->norm, key)) continue;
    for (size_t g = 0; g < sketch.groups; g++) __builtin_prefetch(sketch.fine + k * words + 32 * g);
    found[likely++] = (uint32_t)k;
  }
  for (size_t i = 0; i < likely; i++) {
    size_t k = found[i];
    const kernel_key_bounds *key = sketch.bounds + k;
    int64_t product = 16 * (int64_t)nibble_product(sketch.coarse + k * words, x.fine_values, sketch.groups);
    product += nibble_product(sketch.fine + k * words, x.fine_values, sketch.groups);
    double similarity = x.fine.scale * key->scale * ((double)product - 127.5 * (double)x.fine.sum);
    if (is_outside(similarity, x.norm * key->fine_error + x.fine.rounding * key->norm, key)) continue;
    found[count++] = (uint32_t)k;
  }
  return count;
}
// The Hadamard transform of each `block`, a power of two, of `count` values, without a factor.
static void hadamard(float *x, size_t count, size_t block) {
  for (size_t half = 1; half < block; half *= 2)
    for (size_t first = 0; first < count; first += 2 * half)
      for (size_t i = first; i < first + half; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a + b;
        x[i + half] = a - b;
      }
}

// The codes of a transformed key of 128 `groups` values, and the sums of the squares of x − y, x − z, y and z: z is x in
// steps of `scale`, code c standing for c − 127.5 of them, and y what the upper four bits of the codes say.
static void sketch_codes(const float *x, size_t groups, float scale, uint16_t *coarse, uint16_t *fine, float sums[4]) {
  lanes total[4] = {splat(0), splat(0), splat(0), splat(0)};
  for (size_t g = 0; g < groups; g++)
    for (size_t j = 0; j < 32; j += 16) {
      lanes_u16 upper = {0}, lower = {0};
      for (size_t n = 0; n < 4; n++) {
        lanes v = load(x + 128 * g + 32 * n + j);
        lanes steps = __builtin_elementwise_floor(v / splat(scale)) + splat(128);
        steps = __builtin_elementwise_min(__builtin_elementwise_max(steps, splat(0)), splat(255));
        lanes_u16 code = __builtin_convertvector(steps, lanes_u16);
        lanes y = splat(scale) * (__builtin_convertvector(code & 0xf0, lanes) - splat(120));
        lanes z = splat(scale) * (steps - splat(127.5f));
        total[0] = fused(v - y, v - y, total[0]);
        total[1] = fused(v - z, v - z, total[1]);
        total[2] = fused(y, y, total[2]);
        total[3] = fused(z, z, total[3]);
        upper |= code >> 4 << (uint16_t)(4 * n);
        lower |= (code & 15) << (uint16_t)(4 * n);
      }
      memcpy(coarse + 32 * g + j, &upper, sizeof upper);
      memcpy(fine + 32 * g + j, &lower, sizeof lower);
    }
  for (int k = 0; k < 4; k++) sums[k] = sum(total[k]);
}
