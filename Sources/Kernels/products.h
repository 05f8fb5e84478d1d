// The two matrix products. Included once per instruction set, whose registers must hold TILE_ROWS × TILE_WEIGHTS
// accumulators. A tile's size changes no result: each output has an accumulator of its own, summed in one order.

// The sums of a tile's accumulators `a`, eight, four or one at a time.
#define SUM_TILE(R, W)                                                                                                 \
  float sums[R * W];                                                                                                   \
  _Pragma("clang loop unroll(full)") for (int k = 0; k + 8 <= R * W; k += 8) {                                         \
    lanes8 eight = sum_eight(a[k / W][k % W], a[(k + 1) / W][(k + 1) % W], a[(k + 2) / W][(k + 2) % W],                \
                             a[(k + 3) / W][(k + 3) % W], a[(k + 4) / W][(k + 4) % W],                                 \
                             a[(k + 5) / W][(k + 5) % W], a[(k + 6) / W][(k + 6) % W],                                 \
                             a[(k + 7) / W][(k + 7) % W]);                                                             \
    memcpy(sums + k, &eight, sizeof eight);                                                                            \
  }                                                                                                                    \
  _Pragma("clang loop unroll(full)") for (int k = R * W / 8 * 8; k + 4 <= R * W; k += 4) {                             \
    lanes4 four = sum_four(a[k / W][k % W], a[(k + 1) / W][(k + 1) % W], a[(k + 2) / W][(k + 2) % W],                  \
                           a[(k + 3) / W][(k + 3) % W]);                                                               \
    memcpy(sums + k, &four, sizeof four);                                                                              \
  }                                                                                                                    \
  _Pragma("clang loop unroll(full)") for (int k = R * W / 4 * 4; k < R * W; k++) sums[k] = sum(a[k / W][k % W])

#define PRODUCT_TILE(R, W, DTYPE)                                                                                      \
  do {                                                                                                                 \
    lanes a[R][W];                                                                                                     \
    for (int r = 0; r < R; r++)                                                                                        \
      for (int o = 0; o < W; o++) a[r][o] = splat(0);                                                                  \
    size_t i = 0;                                                                                                      \
    for (; i + 16 <= inner; i += 16) {                                                                                 \
      lanes v[W];                                                                                                      \
      _Pragma("clang loop unroll(full)") for (int o = 0; o < W; o++) {                                                 \
        v[o] = load_weights(&w, output + o, i, DTYPE);                                                                 \
      }                                                                                                                \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                                                 \
        lanes u = load(x.values + (row + r) * x.stride + i);                                                           \
        _Pragma("clang loop unroll(full)") for (int o = 0; o < W; o++) a[r][o] = fused(u, v[o], a[r][o]);              \
      }                                                                                                                \
    }                                                                                                                  \
    if (i < inner)                                                                                                     \
      _Pragma("clang loop unroll(full)") for (int o = 0; o < W; o++) {                                                 \
        lanes v = load_weights_part(&w, output + o, i, DTYPE, inner - i);                                              \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++)                                                 \
            a[r][o] = fused(load_part(x.values + (row + r) * x.stride + i, inner - i), v, a[r][o]);                    \
      }                                                                                                                \
    SUM_TILE(R, W);                                                                                                    \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                                                   \
      float *target = y.values + (row + r) * y.stride + output;                                                        \
      _Pragma("clang loop unroll(full)") for (int o = 0; o < W; o++) {                                                 \
        float value = bias ? sums[r * W + o] + bias[output + o] : sums[r * W + o];                                     \
        target[o] = accumulate ? target[o] + value : value;                                                            \
      }                                                                                                                \
    }                                                                                                                  \
  } while (0)

// The number of rows of `inner` floats that the second-level cache keeps while all weights are read.
INLINE size_t rows_in_cache(size_t inner) { return 262144 / (4 * inner + 1) / TILE_ROWS * TILE_ROWS + TILE_ROWS; }

#define DEFINE_DOT(NAME, DTYPE)                                                                                        \
  static void NAME(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,                \
                   const float *bias, int accumulate, kernel_rows y) {                                                 \
    size_t block = rows_in_cache(inner);                                                                               \
    for (size_t first = 0; first < rows; first += block) {                                                             \
      size_t last = first + block < rows ? first + block : rows;                                                       \
      size_t output = begin;                                                                                           \
      /* One row streams the weights from memory, which processors read fastest as one run of addresses: several */    \
      /* weights side by side halved the rate on two of them. */                                                       \
      if (last - first == 1)                                                                                           \
        for (size_t row = first; output < end; output++) PRODUCT_TILE(1, 1, DTYPE);                                    \
      for (; output + TILE_WEIGHTS <= end; output += TILE_WEIGHTS) {                                                   \
        size_t row = first;                                                                                            \
        for (; row + TILE_ROWS <= last; row += TILE_ROWS) PRODUCT_TILE(TILE_ROWS, TILE_WEIGHTS, DTYPE);                \
        switch (last - row) {                                                                                          \
          case 4: PRODUCT_TILE(4, TILE_WEIGHTS, DTYPE); break;                                                         \
          case 3: PRODUCT_TILE(3, TILE_WEIGHTS, DTYPE); break;                                                         \
          case 2: PRODUCT_TILE(2, TILE_WEIGHTS, DTYPE); break;                                                         \
          case 1: PRODUCT_TILE(1, TILE_WEIGHTS, DTYPE); break;                                                         \
        }                                                                                                              \
      }                                                                                                                \
      for (; output < end; output++) {                                                                                 \
        size_t row = first;                                                                                            \
        for (; row + TILE_ROWS <= last; row += TILE_ROWS) PRODUCT_TILE(TILE_ROWS, 1, DTYPE);                           \
        for (; row < last; row++) PRODUCT_TILE(1, 1, DTYPE);                                                           \
      }                                                                                                                \
    }                                                                                                                  \
  }

DEFINE_DOT(dot_f32, kernel_f32)
DEFINE_DOT(dot_f16, kernel_f16)
DEFINE_DOT(dot_bf16, kernel_bf16)
DEFINE_DOT(dot_f8, kernel_f8)

// The number of widened weights that fit the second-level cache and a thread's stack.
#define WIDENED_FLOATS 65536

// As `dot_f8`, to the bit, for many rows: widens a panel of weights once, not once per tile of rows.
static void dot_f8_widened(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                           const float *bias, int accumulate, kernel_rows y) {
  size_t panel = WIDENED_FLOATS / inner / TILE_WEIGHTS * TILE_WEIGHTS;
  float scratch[WIDENED_FLOATS];
  kernel_matrix widened = {scratch, kernel_f32, inner, {0}};
  for (size_t output = begin; output < end; output += panel) {
    size_t count = end - output < panel ? end - output : panel;
    for (size_t o = 0; o < count; o++) {
      size_t i = 0;
      for (; i + 16 <= inner; i += 16) store(scratch + o * inner + i, load_weights(&w, output + o, i, kernel_f8));
      if (i < inner)
        store_part(scratch + o * inner + i, load_weights_part(&w, output + o, i, kernel_f8, inner - i), inner - i);
    }
    kernel_rows target = {y.values + output, y.stride};
    dot_f32(x, rows, widened, inner, 0, count, bias ? bias + output : NULL, accumulate, target);
  }
}

static void dot(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                const float *bias, int accumulate, kernel_rows y) {
  switch (w.dtype) {
    case kernel_f32: dot_f32(x, rows, w, inner, begin, end, bias, accumulate, y); break;
    case kernel_f16: dot_f16(x, rows, w, inner, begin, end, bias, accumulate, y); break;
    case kernel_bf16: dot_bf16(x, rows, w, inner, begin, end, bias, accumulate, y); break;
    case kernel_f8:
      if (rows > 2 * TILE_ROWS && TILE_WEIGHTS * inner <= WIDENED_FLOATS)
        dot_f8_widened(x, rows, w, inner, begin, end, bias, accumulate, y);
      else
        dot_f8(x, rows, w, inner, begin, end, bias, accumulate, y);
      break;
  }
}

// The rows of weights that a tile of rows goes through before the next one does: what is read of them fits the cache.
#define SCALED_PART 512

// R rows × V vectors of outputs, from row `first` of the weights to `last`; where V is 1, of STORE_COUNT ≤ 16 outputs.
#define SCALED_TILE(R, V, LOAD, STORE_COUNT)                                                                           \
  do {                                                                                                                 \
    lanes a[R][V];                                                                                                     \
    for (int r = 0; r < R; r++)                                                                                        \
      for (int v = 0; v < V; v++) {                                                                                    \
        const float *sum = y.values + (row + r) * y.stride + output + 16 * v;                                          \
        a[r][v] = first > 0 ? load_part(sum, STORE_COUNT) : splat(0);                                                  \
      }                                                                                                                \
    for (size_t i = first; i < last; i++) {                                                                            \
      lanes m[V];                                                                                                      \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < V; v++) m[v] = LOAD(i, output + 16 * v);                  \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                                                 \
        lanes u = splat(x.values[(row + r) * x.stride + i]);                                                           \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < V; v++) a[r][v] = fused(u, m[v], a[r][v]);              \
      }                                                                                                                \
    }                                                                                                                  \
    for (int r = 0; r < R; r++)                                                                                        \
      for (int v = 0; v < V; v++) {                                                                                    \
        float *target = y.values + (row + r) * y.stride + output + 16 * v;                                             \
        lanes value = a[r][v];                                                                                         \
        if (bias && last == inner) value += load_part(bias + output + 16 * v, STORE_COUNT);                            \
        if (accumulate) value = load_part(target, STORE_COUNT) + value;                                                \
        store_part(target, value, STORE_COUNT);                                                                        \
      }                                                                                                                \
  } while (0)

#define DEFINE_SCALED_ROWS(NAME, DTYPE)                                                                                \
  static void NAME(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,                \
                   const float *bias, int accumulate, kernel_rows y) {                                                 \
    /* All tiles of rows but the first find a part's weights in the cache; y keeps the sums between parts. */          \
    size_t part = rows == 1 || accumulate || inner == 0 ? inner : SCALED_PART;                                         \
    size_t output = begin;                                                                                             \
    if (rows == 1)                                                                                                     \
      for (size_t row = 0, first = 0, last = inner; output + 16 * SCALED_ONE_ROW <= end; output += 16 * SCALED_ONE_ROW)\
        SCALED_TILE(1, SCALED_ONE_ROW, WHOLE_##DTYPE, 16);                                                             \
    for (; output + 16 * SCALED_VECTORS <= end; output += 16 * SCALED_VECTORS) {                                       \
      size_t first = 0;                                                                                                \
      do {                                                                                                             \
        size_t last = inner - first > part ? first + part : inner;                                                     \
        size_t row = 0;                                                                                                \
        for (; row + SCALED_ROWS <= rows; row += SCALED_ROWS)                                                          \
          SCALED_TILE(SCALED_ROWS, SCALED_VECTORS, WHOLE_##DTYPE, 16);                                                 \
        for (; row + 3 <= rows; row += 3) SCALED_TILE(3, SCALED_VECTORS, WHOLE_##DTYPE, 16);                           \
        for (; row < rows; row++) SCALED_TILE(1, SCALED_VECTORS, WHOLE_##DTYPE, 16);                                   \
        first = last;                                                                                                  \
      } while (first < inner);                                                                                         \
    }                                                                                                                  \
    for (; output < end; output += 16) {                                                                               \
      size_t count = end - output < 16 ? end - output : 16;                                                            \
      for (size_t row = 0, first = 0, last = inner; row < rows; row++) SCALED_TILE(1, 1, PART_##DTYPE, count);         \
    }                                                                                                                  \
  }

#define WHOLE_kernel_f32(row, column) load_weights(&w, row, column, kernel_f32)
#define WHOLE_kernel_f16(row, column) load_weights(&w, row, column, kernel_f16)
#define WHOLE_kernel_bf16(row, column) load_weights(&w, row, column, kernel_bf16)
#define WHOLE_kernel_f8(row, column) load_weights(&w, row, column, kernel_f8)
#define PART_kernel_f32(row, column) load_weights_part(&w, row, column, kernel_f32, count)
#define PART_kernel_f16(row, column) load_weights_part(&w, row, column, kernel_f16, count)
#define PART_kernel_bf16(row, column) load_weights_part(&w, row, column, kernel_bf16, count)
#define PART_kernel_f8(row, column) load_weights_part(&w, row, column, kernel_f8, count)

DEFINE_SCALED_ROWS(scaled_f32, kernel_f32)
DEFINE_SCALED_ROWS(scaled_f16, kernel_f16)
DEFINE_SCALED_ROWS(scaled_bf16, kernel_bf16)
DEFINE_SCALED_ROWS(scaled_f8, kernel_f8)

static void scaled_rows(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                        const float *bias, int accumulate, kernel_rows y) {
  switch (w.dtype) {
    case kernel_f32: scaled_f32(x, rows, w, inner, begin, end, bias, accumulate, y); break;
    case kernel_f16: scaled_f16(x, rows, w, inner, begin, end, bias, accumulate, y); break;
    case kernel_bf16: scaled_bf16(x, rows, w, inner, begin, end, bias, accumulate, y); break;
    case kernel_f8: scaled_f8(x, rows, w, inner, begin, end, bias, accumulate, y); break;
  }
}
