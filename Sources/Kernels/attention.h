// Attention of one row, forward and backward. Included once per instruction set, after vectors.h.

// The scores of G heads that share their keys, for T tokens from `t` on; T is a multiple of four.
INLINE void scores_of_tokens(const int G, const int T, kernel_rows q, size_t width, float scale, kernel_segment s,
                             size_t t, float *scores, size_t scores_stride) {
  lanes a[32];
  _Pragma("clang loop unroll(full)") for (int k = 0; k < G * T; k++) a[k] = splat(0);
  for (size_t i = 0; i < width; i += 16) {
    size_t n = width - i < 16 ? width - i : 16;
    lanes u[4];
    _Pragma("clang loop unroll(full)") for (int g = 0; g < G; g++) {
      const float *query = q.values + g * q.stride + i;
      u[g] = n == 16 ? load(query) : load_part(query, n);
    }
    _Pragma("clang loop unroll(full)") for (int k = 0; k < T; k++) {
      const float *key = s.keys + (t + k) * s.stride + i;
      lanes v = n == 16 ? load(key) : load_part(key, n);
      _Pragma("clang loop unroll(full)") for (int g = 0; g < G; g++) a[g * T + k] = fused(u[g], v, a[g * T + k]);
    }
  }
  float sums[32];
  _Pragma("clang loop unroll(full)") for (int k = 0; k + 8 <= G * T; k += 8) {
    lanes8 eight = sum_eight(a[k], a[k + 1], a[k + 2], a[k + 3], a[k + 4], a[k + 5], a[k + 6], a[k + 7]) * scale;
    memcpy(sums + k, &eight, sizeof eight);
  }
  if (G * T % 8) {
    const int k = G * T - 4;
    lanes4 four = sum_four(a[k], a[k + 1], a[k + 2], a[k + 3]) * scale;
    memcpy(sums + k, &four, sizeof four);
  }
  for (int g = 0; g < G; g++) memcpy(scores + g * scores_stride + t, sums + g * T, T * sizeof *sums);
}

// The scores of G heads that share their keys.
INLINE void scores_of(const int G, kernel_rows q, size_t width, float scale, kernel_segment s, float *scores,
                      size_t scores_stride) {
  size_t t = 0;
  if (G * SCORE_TOKENS <= 24)
    for (; t + SCORE_TOKENS <= s.count; t += SCORE_TOKENS)
      scores_of_tokens(G, SCORE_TOKENS, q, width, scale, s, t, scores, scores_stride);
  for (; t + 4 <= s.count; t += 4) scores_of_tokens(G, 4, q, width, scale, s, t, scores, scores_stride);
  for (; t < s.count; t++)
    for (int g = 0; g < G; g++)
      scores[g * scores_stride + t] = dot_product(q.values + g * q.stride, s.keys + t * s.stride, width) * scale;
}

// C × 16 columns of the weighted values of G heads, in the order of the tokens.
INLINE void weighted_columns(const int G, const int C, const float *p, size_t p_stride, size_t column, size_t width,
                             kernel_segment earlier, kernel_segment own, kernel_rows out) {
  lanes a[4][4];
  for (int g = 0; g < G; g++)
    for (int c = 0; c < C; c++) a[g][c] = splat(0);
  size_t n = width - column < 16 ? width - column : 16;
  for (int part = 0; part < 2; part++) {
    kernel_segment s = part ? own : earlier;
    for (size_t t = 0; t < s.count; t++, p++) {
      const float *row = s.values + t * s.stride + column;
      lanes v[4];
      _Pragma("clang loop unroll(full)") for (int c = 0; c < C; c++)
          v[c] = n == 16 ? load(row + 16 * c) : load_part(row, n);
      _Pragma("clang loop unroll(full)") for (int g = 0; g < G; g++) {
        lanes weight = splat(p[g * p_stride]);
        _Pragma("clang loop unroll(full)") for (int c = 0; c < C; c++) a[g][c] = fused(weight, v[c], a[g][c]);
      }
    }
  }
  for (int g = 0; g < G; g++)
    for (int c = 0; c < C; c++) {
      float *target = out.values + g * out.stride + column + 16 * c;
      if (n == 16) store(target, a[g][c]);
      else store_part(target, a[g][c], n);
    }
}

INLINE void attend_group(const int G, kernel_rows q, size_t width, float scale, float cap, kernel_segment earlier,
                         kernel_segment own, float *scores, kernel_rows out) {
  size_t count = earlier.count + own.count;
  scores_of(G, q, width, scale, earlier, scores, count);
  scores_of(G, q, width, scale, own, scores + earlier.count, count);
  if (cap > 0) soft_cap(scores, G * count, cap);
  for (int g = 0; g < G; g++) {
    float *s = scores + g * count;
    float inverse = 1 / shifted_exponentials(s, count, largest(s, count));
    for (size_t t = 0; t < count; t++) s[t] *= inverse;
  }
  size_t column = 0;
  for (; column + 64 <= width; column += 64)
    weighted_columns(G, 4, scores, count, column, width, earlier, own, out);
  for (; column < width; column += 16) weighted_columns(G, 1, scores, count, column, width, earlier, own, out);
}

static void attend(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                   kernel_segment own, float *scores, kernel_rows out) {
  size_t count = earlier.count + own.count;
  while (heads > 0) {
    size_t group = heads < 4 ? heads : 4;
    switch (group) {
      case 1: attend_group(1, q, width, scale, cap, earlier, own, scores, out); break;
      case 2: attend_group(2, q, width, scale, cap, earlier, own, scores, out); break;
      case 3: attend_group(3, q, width, scale, cap, earlier, own, scores, out); break;
      default: attend_group(4, q, width, scale, cap, earlier, own, scores, out); break;
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
