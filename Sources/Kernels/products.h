// The two matrix products. Included once per instruction set. Tiles and blocks change no result: each output has an
// accumulator of its own, summed in one order.

typedef struct {
  kernel_rows x;
  kernel_matrix w;
  size_t inner;
  const float *bias;
  int accumulate;
  kernel_rows y;
} product;

INLINE void keep(const product *all, size_t row, size_t output, float value) {
  float *target = all->y.values + row * all->y.stride + output;
  if (all->bias) value += all->bias[output];
  *target = all->accumulate ? *target + value : value;
}

// What is multiplied at once: a tile's columns fit the first-level cache, those of all rows and weights, and the
// accumulators, the second-level one.
#define BLOCK_COLUMNS 768
#define BLOCK_ROWS (36 / TILE_ROWS * TILE_ROWS)
#define BLOCK_WEIGHTS (60 / TILE_STEP * TILE_STEP)

// Adds to the accumulators `a` [R × W][16] of a tile what the columns from `column` on give, block by block. The tile goes
// through them once for each piece of the lanes: registers hold its accumulators of one piece.
#define DEFINE_TILE(R, W, DTYPE)                                                                                       \
  static __attribute__((noinline)) void tile_##R##_##W##_##DTYPE(                                                      \
      const product *all, size_t row, size_t output, size_t column, float *a) {                                        \
    size_t left = all->inner - column, stride = all->x.stride;                                                         \
    int isLast = left <= BLOCK_COLUMNS;                                                                                \
    const kernel_matrix *w = &all->w;                                                                                  \
    const float *x = all->x.values + row * stride;                                                                     \
    _Pragma("clang loop unroll(disable)") for (size_t first = 0; first < 16; first += PIECE) {                         \
      piece sums[R][W];                                                                                                \
      size_t i = column + first;                                                                                       \
      FULLY for (int r = 0; r < R; r++)                                                                                \
        FULLY for (int o = 0; o < W; o++) sums[r][o] = piece_of(splat(0));                                             \
      if (column > 0)                                                                                                  \
        FULLY for (int r = 0; r < R; r++)                                                                              \
          FULLY for (int o = 0; o < W; o++) memcpy(&sums[r][o], a + first + 16 * (r * W + o), sizeof(piece));          \
      _Pragma("clang loop unroll(disable)")                                                                            \
      for (size_t blocks = (isLast ? left : BLOCK_COLUMNS) / 16; blocks > 0; blocks--, i += 16) {                      \
        piece v[W];                                                                                                    \
        FULLY for (int o = 0; o < W; o++) v[o] = piece_of(load_weights_part(w, output + o, i, DTYPE, PIECE));          \
        FULLY for (int r = 0; r < R; r++) {                                                                            \
          piece u = piece_of(load_part(x + r * stride + i, PIECE));                                                    \
          FULLY for (int o = 0; o < W; o++) sums[r][o] = __builtin_elementwise_fma(u, v[o], sums[r][o]);               \
        }                                                                                                              \
      }                                                                                                                \
      if (isLast && left % 16) {                                                                                       \
        size_t rest = left % 16 < first ? 0 : left % 16 - first, count = rest < PIECE ? rest : PIECE;                  \
        FULLY for (int o = 0; o < W; o++) {                                                                            \
          piece v = piece_of(load_weights_part(w, output + o, i, DTYPE, count));                                       \
          FULLY for (int r = 0; r < R; r++) {                                                                          \
            piece u = piece_of(load_part(x + r * stride + i, count));                                                  \
            sums[r][o] = __builtin_elementwise_fma(u, v, sums[r][o]);                                                  \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
      FULLY for (int r = 0; r < R; r++)                                                                                \
        FULLY for (int o = 0; o < W; o++) memcpy(a + first + 16 * (r * W + o), &sums[r][o], sizeof(piece));            \
    }                                                                                                                  \
    if (!isLast) return;                                                                                               \
    float outputs[R * W];                                                                                              \
    FULLY for (int k = 0; k + 8 <= R * W; k += 8) {                                                                    \
      const float *b = a + 16 * k;                                                                                     \
      lanes8 eight = sum_eight(load(b), load(b + 16), load(b + 32), load(b + 48), load(b + 64), load(b + 80),          \
                               load(b + 96), load(b + 112));                                                           \
      memcpy(outputs + k, &eight, sizeof eight);                                                                       \
    }                                                                                                                  \
    FULLY for (int k = R * W / 8 * 8; k + 4 <= R * W; k += 4) {                                                        \
      const float *b = a + 16 * k;                                                                                     \
      lanes4 four = sum_four(load(b), load(b + 16), load(b + 32), load(b + 48));                                       \
      memcpy(outputs + k, &four, sizeof four);                                                                         \
    }                                                                                                                  \
    FULLY for (int k = R * W / 4 * 4; k < R * W; k++) outputs[k] = sum(load(a + 16 * k));                              \
    FULLY for (int r = 0; r < R; r++)                                                                                  \
      FULLY for (int o = 0; o < W; o++) keep(all, row + r, output + o, outputs[r * W + o]);                            \
  }

// One row streams the weights from memory, which processors read fastest as one run of addresses: several weights side by
// side halved the rate on two of them.
INLINE void one_product(const product *all, size_t row, size_t output, kernel_dtype dtype) {
  const float *x = all->x.values + row * all->x.stride;
  size_t inner = all->inner, i = 0;
  lanes a = splat(0);
  for (; i + 16 <= inner; i += 16) a = fused(load(x + i), load_weights(&all->w, output, i, dtype), a);
  if (i < inner)
    a = fused(load_part(x + i, inner - i), load_weights_part(&all->w, output, i, dtype, inner - i), a);
  keep(all, row, output, sum(a));
}

// Tiles of as equal height as can be: a low one behind high ones would leave registers idle.
INLINE size_t tile_height(size_t rows, size_t most) {
  size_t tiles = (rows + most - 1) / most;
  return (rows + tiles - 1) / tiles;
}

#define RUN_TILES(R, W, DTYPE)                                                                                         \
  case R:                                                                                                              \
    for (size_t output = first; output < last; output += W, a += inner > BLOCK_COLUMNS ? 16 * R * W : 0)               \
      tile_##R##_##W##_##DTYPE(&all, row, output, column, a);                                                          \
    break;

#define DEFINE_DOT(NAME, DTYPE)                                                                                        \
  TILES(DEFINE_TILE, DTYPE)                                                                                            \
  static void NAME(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,                \
                   const float *bias, int accumulate, kernel_rows y) {                                                 \
    product all = {x, w, inner, bias, accumulate, y};                                                                  \
    size_t tiled = rows == 1 ? begin : end - (end - begin) % TILE_STEP;                                                \
    for (size_t row = 0; row < rows; row++)                                                                            \
      for (size_t output = tiled; output < end; output++) one_product(&all, row, output, DTYPE);                       \
    float sums[BLOCK_ROWS * BLOCK_WEIGHTS * 16] __attribute__((aligned(64)));                                          \
    for (size_t first = begin; first < tiled; first += BLOCK_WEIGHTS)                                                  \
      for (size_t top = 0; top < rows; top += BLOCK_ROWS) {                                                            \
        size_t last = first + BLOCK_WEIGHTS < tiled ? first + BLOCK_WEIGHTS : tiled;                                   \
        size_t bottom = top + BLOCK_ROWS < rows ? top + BLOCK_ROWS : rows;                                             \
        size_t column = 0;                                                                                             \
        do {                                                                                                           \
          float *a = sums;                                                                                             \
          for (size_t row = top, height; row < bottom; row += height) {                                                \
            height = tile_height(bottom - row, TILE_ROWS);                                                             \
            switch (height) { TILES(RUN_TILES, DTYPE) }                                                                \
          }                                                                                                            \
          column += BLOCK_COLUMNS;                                                                                     \
        } while (column < inner);                                                                                      \
      }                                                                                                                \
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
  size_t panel = WIDENED_FLOATS / inner / TILE_STEP * TILE_STEP;
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
      if (rows > 2 * TILE_ROWS && TILE_STEP * inner <= WIDENED_FLOATS)
        dot_f8_widened(x, rows, w, inner, begin, end, bias, accumulate, y);
      else
        dot_f8(x, rows, w, inner, begin, end, bias, accumulate, y);
      break;
  }
}

// The rows of weights that a tile of rows goes through before the next one does: what is read of them fits the cache.
#define SCALED_PART 512

// Keeps `count` ≤ 16 sums of a row, with the bias where they are whole.
INLINE void keep_part(const product *all, size_t row, size_t output, int isWhole, lanes value, size_t count) {
  float *target = all->y.values + row * all->y.stride + output;
  if (all->bias && isWhole) value += load_part(all->bias + output, count);
  if (all->accumulate) value = load_part(target, count) + value;
  store_part(target, value, count);
}

// `count` ≤ 16 outputs of a row.
INLINE void few_scaled(const product *all, size_t row, size_t output, size_t count, kernel_dtype dtype) {
  const float *x = all->x.values + row * all->x.stride;
  lanes a = splat(0);
  for (size_t i = 0; i < all->inner; i++)
    a = fused(splat(x[i]), load_weights_part(&all->w, i, output, dtype, count), a);
  keep_part(all, row, output, 1, a, count);
}

// R rows × V vectors of 16 outputs, from row `first` of the weights to `last`.
#define DEFINE_SCALED_TILE(R, V, DTYPE)                                                                                \
  static __attribute__((noinline)) void scaled_##R##_##V##_##DTYPE(                                                    \
      const product *all, size_t row, size_t output, size_t first, size_t last) {                                      \
    size_t stride = all->x.stride;                                                                                     \
    const kernel_matrix *w = &all->w;                                                                                  \
    const float *x = all->x.values + row * stride;                                                                     \
    float *y = all->y.values + row * all->y.stride + output;                                                           \
    lanes a[R][V];                                                                                                     \
    FULLY for (int r = 0; r < R; r++)                                                                                  \
      FULLY for (int v = 0; v < V; v++) a[r][v] = splat(0);                                                            \
    if (first > 0)                                                                                                     \
      FULLY for (int r = 0; r < R; r++)                                                                                \
        FULLY for (int v = 0; v < V; v++) a[r][v] = load(y + r * all->y.stride + 16 * v);                              \
    _Pragma("clang loop unroll(disable)") for (size_t i = first; i < last; i++) {                                      \
      lanes m[V];                                                                                                      \
      FULLY for (int v = 0; v < V; v++) m[v] = load_weights(w, i, output + 16 * v, DTYPE);                             \
      FULLY for (int r = 0; r < R; r++) {                                                                              \
        lanes u = splat(x[r * stride + i]);                                                                            \
        FULLY for (int v = 0; v < V; v++) a[r][v] = fused(u, m[v], a[r][v]);                                           \
      }                                                                                                                \
    }                                                                                                                  \
    FULLY for (int r = 0; r < R; r++)                                                                                  \
      FULLY for (int v = 0; v < V; v++)                                                                                \
        keep_part(all, row + r, output + 16 * v, last == all->inner, a[r][v], 16);                                     \
  }

#define RUN_ONE_ROW(R, V, DTYPE)                                                                                       \
  for (; output + 16 * V <= end; output += 16 * V) scaled_##R##_##V##_##DTYPE(&all, 0, output, 0, inner);

#define RUN_SCALED_TILES(R, V, DTYPE)                                                                                  \
  case R:                                                                                                              \
    for (size_t o = output; o < output + SCALED_STEP; o += 16 * V)                                                     \
      scaled_##R##_##V##_##DTYPE(&all, row, o, first, last);                                                           \
    break;

#define DEFINE_SCALED_ROWS(NAME, DTYPE)                                                                                \
  SCALED_TILES(DEFINE_SCALED_TILE, DTYPE)                                                                              \
  SCALED_ONE_ROW(DEFINE_SCALED_TILE, DTYPE)                                                                            \
  static void NAME(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,                \
                   const float *bias, int accumulate, kernel_rows y) {                                                 \
    product all = {x, w, inner, bias, accumulate, y};                                                                  \
    /* All tiles of rows but the first find a part's weights in the cache; y keeps the sums between parts. */          \
    size_t part = rows == 1 || accumulate || inner == 0 ? inner : SCALED_PART;                                         \
    size_t output = begin;                                                                                             \
    if (rows == 1) SCALED_ONE_ROW(RUN_ONE_ROW, DTYPE)                                                                  \
    for (; output + SCALED_STEP <= end; output += SCALED_STEP) {                                                       \
      size_t first = 0;                                                                                                \
      do {                                                                                                             \
        size_t last = inner - first > part ? first + part : inner;                                                     \
        for (size_t row = 0, height; row < rows; row += height) {                                                      \
          height = tile_height(rows - row, SCALED_ROWS);                                                               \
          switch (height) { SCALED_TILES(RUN_SCALED_TILES, DTYPE) }                                                    \
        }                                                                                                              \
        first = last;                                                                                                  \
      } while (first < inner);                                                                                         \
    }                                                                                                                  \
    for (; output < end; output += 16)                                                                                 \
      for (size_t row = 0; row < rows; row++)                                                                          \
        few_scaled(&all, row, output, end - output < 16 ? end - output : 16, DTYPE);                                   \
  }

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
