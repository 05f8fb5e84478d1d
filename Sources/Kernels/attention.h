// Attention of one row, forward and backward. Included once per instruction set, after vectors.h.

// Four scores of one head: its accumulators of all lanes fit the registers.
INLINE void scores_of_one(const float *query, size_t width, const float *keys, size_t stride, lanes *a) {
  FULLY for (int k = 0; k < 4; k++) a[k] = splat(0);
  for (size_t i = 0; i < width; i += 16) {
    size_t n = width - i < 16 ? width - i : 16;
    lanes u = n == 16 ? load(query + i) : load_part(query + i, n);
    FULLY for (int k = 0; k < 4; k++) {
      const float *key = keys + k * stride + i;
      a[k] = fused(u, n == 16 ? load(key) : load_part(key, n), a[k]);
    }
  }
}

// The scores of G heads that share their keys, for four tokens. Registers hold the accumulators of one piece of the lanes,
// as in a tile of a product.
INLINE void scores_of_several(const int G, kernel_rows q, size_t width, const float *keys, size_t stride, lanes *a) {
  _Pragma("clang loop unroll(disable)") for (size_t first = 0; first < 16; first += PIECE) {
    piece part[16];
    FULLY for (int k = 0; k < G * 4; k++) part[k] = piece_of(splat(0));
    _Pragma("clang loop unroll(disable)") for (size_t i = 0; i < width; i += 16) {
      size_t left = width - i < first ? 0 : width - i - first, n = left < PIECE ? left : PIECE;
      const float *query = q.values + i + first, *key = keys + i + first;
      piece u[4];
      FULLY for (int g = 0; g < G; g++) {
        u[g] = piece_of(n == PIECE ? load_part(query + g * q.stride, PIECE) : load_part(query + g * q.stride, n));
      }
      FULLY for (int k = 0; k < 4; k++) {
        piece v = piece_of(n == PIECE ? load_part(key + k * stride, PIECE) : load_part(key + k * stride, n));
        FULLY for (int g = 0; g < G; g++) part[g * 4 + k] = __builtin_elementwise_fma(u[g], v, part[g * 4 + k]);
      }
    }
    FULLY for (int k = 0; k < G * 4; k++) memcpy((float *)&a[k] + first, &part[k], sizeof(piece));
  }
}

// The scores of G heads that share their keys.
#define DEFINE_SCORES(G)                                                                                               \
  static __attribute__((noinline)) void scores_of_##G(kernel_rows q, size_t width, float scale, kernel_segment s,      \
                                                      float *scores, size_t scores_stride) {                           \
    size_t t = 0;                                                                                                      \
    for (; t + 4 <= s.count; t += 4) {                                                                                 \
      lanes a[4 * G];                                                                                                  \
      const float *keys = s.keys + t * s.stride;                                                                       \
      if (G == 1) scores_of_one(q.values, width, keys, s.stride, a);                                                   \
      else scores_of_several(G, q, width, keys, s.stride, a);                                                          \
      FULLY for (int g = 0; g < G; g++) {                                                                              \
        lanes4 four = sum_four(a[4 * g], a[4 * g + 1], a[4 * g + 2], a[4 * g + 3]) * scale;                            \
        memcpy(scores + g * scores_stride + t, &four, sizeof four);                                                    \
      }                                                                                                                \
    }                                                                                                                  \
    for (; t < s.count; t++)                                                                                           \
      for (int g = 0; g < G; g++)                                                                                      \
        scores[g * scores_stride + t] = dot_product(q.values + g * q.stride, s.keys + t * s.stride, width) * scale;    \
  }

// C × 16 columns of the weighted values of G heads, in the order of the tokens.
INLINE void weighted_columns(const int G, const int C, const float *p, size_t p_stride, size_t column, size_t count,
                             kernel_segment earlier, kernel_segment own, kernel_rows out) {
  lanes a[4][4];
  FULLY for (int g = 0; g < G; g++)
    FULLY for (int c = 0; c < C; c++) a[g][c] = splat(0);
  _Pragma("clang loop unroll(disable)") for (int part = 0; part < 2; part++) {
    kernel_segment s = part ? own : earlier;
    _Pragma("clang loop unroll(disable)") for (size_t t = 0; t < s.count; t++, p++) {
      const float *row = s.values + t * s.stride + column;
      lanes v[4];
      FULLY for (int c = 0; c < C; c++) v[c] = load_part(row + 16 * c, count);
      FULLY for (int g = 0; g < G; g++) {
        lanes weight = splat(p[g * p_stride]);
        FULLY for (int c = 0; c < C; c++) a[g][c] = fused(weight, v[c], a[g][c]);
      }
    }
  }
  FULLY for (int g = 0; g < G; g++)
    FULLY for (int c = 0; c < C; c++) store_part(out.values + g * out.stride + column + 16 * c, a[g][c], count);
}

// The weighted values of G heads.
#define DEFINE_WEIGHTED(G)                                                                                             \
  static __attribute__((noinline)) void weighted_##G(const float *p, size_t p_stride, size_t width,                    \
                                                     kernel_segment earlier, kernel_segment own, kernel_rows out) {    \
    size_t column = 0;                                                                                                 \
    for (; column + 16 * VALUE_VECTORS(G) <= width; column += 16 * VALUE_VECTORS(G))                                   \
      weighted_columns(G, VALUE_VECTORS(G), p, p_stride, column, 16, earlier, own, out);                               \
    for (; column < width; column += 16)                                                                               \
      weighted_columns(G, 1, p, p_stride, column, width - column < 16 ? width - column : 16, earlier, own, out);       \
  }

#define DEFINE_ATTEND(G)                                                                                               \
  DEFINE_SCORES(G)                                                                                                     \
  DEFINE_WEIGHTED(G)                                                                                                   \
  static void attend_##G(kernel_rows q, size_t width, float scale, float cap, kernel_segment earlier,                  \
                         kernel_segment own, float *scores, kernel_rows out) {                                         \
    size_t count = earlier.count + own.count;                                                                          \
    scores_of_##G(q, width, scale, earlier, scores, count);                                                            \
    scores_of_##G(q, width, scale, own, scores + earlier.count, count);                                                \
    if (cap > 0) soft_cap(scores, G * count, cap);                                                                     \
    for (int g = 0; g < G; g++) {                                                                                      \
      float *s = scores + g * count;                                                                                   \
      float inverse = 1 / shifted_exponentials(s, count, largest(s, count));                                           \
      for (size_t t = 0; t < count; t++) s[t] *= inverse;                                                              \
    }                                                                                                                  \
    weighted_##G(scores, count, width, earlier, own, out);                                                             \
  }

DEFINE_ATTEND(1)
DEFINE_ATTEND(2)
DEFINE_ATTEND(3)
#if MOST_HEADS > 3
DEFINE_ATTEND(4)
#endif

static void attend(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                   kernel_segment own, float *scores, kernel_rows out) {
  size_t count = earlier.count + own.count;
  while (heads > 0) {
    size_t group = tile_height(heads, MOST_HEADS);
    switch (group) {
      case 1: attend_1(q, width, scale, cap, earlier, own, scores, out); break;
      case 2: attend_2(q, width, scale, cap, earlier, own, scores, out); break;
      case 3: attend_3(q, width, scale, cap, earlier, own, scores, out); break;
#if MOST_HEADS > 3
      default: attend_4(q, width, scale, cap, earlier, own, scores, out); break;
#endif
    }
    heads -= group;
    q.values += group * q.stride;
    out.values += group * out.stride;
    scores += group * count;
  }
}

// Multiplies d_scores by the slopes that soft_cap has at the scores of one head; capped: earlier.count + own.count floats.
INLINE void cap_backward(const float *query, size_t width, float scale, float cap, kernel_segment earlier,
                         kernel_segment own, float *capped, float *d_scores) {
  size_t count = earlier.count + own.count;
  for (size_t t = 0; t < earlier.count; t++)
    capped[t] = dot_product(query, earlier.keys + t * earlier.stride, width) * scale;
  for (size_t t = 0; t < own.count; t++)
    capped[earlier.count + t] = dot_product(query, own.keys + t * own.stride, width) * scale;
  soft_cap(capped, count, cap);
  soft_cap_backward(capped, count, cap, d_scores);
}

static void attend_backward(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                            kernel_segment own, const float *probabilities, kernel_rows d_out, kernel_rows d_q,
                            float *d_keys, float *d_values, float *scratch) {
  size_t count = earlier.count + own.count;
  for (size_t h = 0; h < heads; h++) {
    const float *p = probabilities + h * count, *d = d_out.values + h * d_out.stride;
    const float *query = q.values + h * q.stride;
    float *d_query = d_q.values + h * d_q.stride;
    for (size_t t = 0; t < earlier.count; t++)
      scratch[t] = dot_product(d, earlier.values + t * earlier.stride, width);
    for (size_t t = 0; t < own.count; t++)
      scratch[earlier.count + t] = dot_product(d, own.values + t * own.stride, width);
    float mean = dot_product(p, scratch, count);
    for (size_t t = 0; t < count; t++) scratch[t] = p[t] * (scratch[t] - mean) * scale;
    if (cap > 0) cap_backward(query, width, scale, cap, earlier, own, scratch + count, scratch);
    memset(d_query, 0, width * sizeof *d_query);
    for (size_t t = 0; t < earlier.count; t++)
      add_scaled(d_query, earlier.keys + t * earlier.stride, scratch[t], width);
    for (size_t t = 0; t < own.count; t++) {
      float s = scratch[earlier.count + t];
      add_scaled(d_query, own.keys + t * own.stride, s, width);
      add_scaled(d_keys + t * own.stride, query, s, width);
      add_scaled(d_values + t * own.stride, d, p[earlier.count + t], width);
    }
  }
}
