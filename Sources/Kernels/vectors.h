// Functions of one row: sums, norms, activations. Included once per instruction set.

static float dot_product(const float *a, const float *b, size_t count) {
  lanes s = splat(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) s = fused(load(a + i), load(b + i), s);
  if (i < count) s = fused(load_part(a + i, count - i), load_part(b + i, count - i), s);
  return sum(s);
}

static void add_scaled(float *y, const float *x, float scale, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) store(y + i, fused(splat(scale), load(x + i), load(y + i)));
  if (i < count)
    store_part(y + i, fused(splat(scale), load_part(x + i, count - i), load_part(y + i, count - i)), count - i);
}

static void exponentials(const float *x, size_t count, float *y) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) store(y + i, exponential(load(x + i)));
  if (i < count) store_part(y + i, exponential(load_part(x + i, count - i)), count - i);
}

INLINE float largest(const float *x, size_t count) {
  lanes most = splat(-INFINITY);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) most = __builtin_elementwise_max(load(x + i), most);
  float m = -INFINITY;
  for (; i < count; i++) m = x[i] > m ? x[i] : m;
  for (int k = 0; k < 16; k++) m = most[k] > m ? most[k] : m;
  return m;
}

// Turns x into exp(x − shift), and returns the sum.
INLINE float shifted_exponentials(float *x, size_t count, float shift) {
  lanes s = splat(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    lanes e = exponential(load(x + i) - splat(shift));
    store(x + i, e);
    s += e;
  }
  if (i < count) {
    lanes e = exponential(load_part(x + i, count - i) - splat(shift));
    store_part(x + i, e, count - i);
    s += load_part(x + i, count - i);
  }
  return sum(s);
}

static float log_sum_exp(const float *x, size_t count) {
  float shift = largest(x, count);
  lanes s = splat(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) s += exponential(load(x + i) - splat(shift));
  if (i < count) {
    float rest[16] = {0};
    for (size_t j = 0; i + j < count; j++) rest[j] = x[i + j];
    store(rest, exponential(load(rest) - splat(shift)));
    s += load_part(rest, count - i);
  }
  return shift + (float)kernel_f64_log(sum(s));
}

static void rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y) {
  float scale = 1 / sqrtf(dot_product(x, x, count) / (float)count + epsilon);
  for (size_t i = 0; i < count; i++) y[i] = x[i] * scale * weight[i];
}

// With n = x·s, s = (mean(x²) + ε)^(−1/2) and g = d_y·weight:  d_x += s (g − n mean(g·n)).
static void rms_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                              float *d_x) {
  float scale = 1 / sqrtf(dot_product(x, x, count) / (float)count + epsilon);
  lanes s = splat(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) s = fused(load(d_y + i) * load(weight + i), load(x + i), s);
  if (i < count) {
    size_t n = count - i;
    s = fused(load_part(d_y + i, n) * load_part(weight + i, n), load_part(x + i, n), s);
  }
  float mean = sum(s) * scale / (float)count;
  for (i = 0; i < count; i++) d_x[i] += scale * (d_y[i] * weight[i] - x[i] * scale * mean);
}

INLINE float mean_of(const float *x, size_t count) {
  lanes s = splat(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) s += load(x + i);
  if (i < count) s += load_part(x + i, count - i);
  return sum(s) / (float)count;
}

INLINE float inverse_deviation(const float *x, float mean, float epsilon, size_t count) {
  lanes s = splat(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    lanes d = load(x + i) - splat(mean);
    s = fused(d, d, s);
  }
  if (i < count) {
    float rest[16] = {0};
    for (size_t j = 0; i + j < count; j++) rest[j] = x[i + j] - mean;
    s = fused(load(rest), load(rest), s);
  }
  return 1 / sqrtf(sum(s) / (float)count + epsilon);
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count,
                       float *y) {
  float mean = mean_of(x, count), scale = inverse_deviation(x, mean, epsilon, count);
  for (size_t i = 0; i < count; i++) {
    float n = (x[i] - mean) * scale * weight[i];
    y[i] = bias ? n + bias[i] : n;
  }
}

// With n = (x − mean)·s and g = d_y·weight:  d_x += s (g − mean(g) − n mean(g·n)).
static void layer_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                                float *d_x) {
  float mean = mean_of(x, count), scale = inverse_deviation(x, mean, epsilon, count);
  float gradient_mean = dot_product(d_y, weight, count) / (float)count, product = 0;
  for (size_t i = 0; i < count; i++) product += d_y[i] * weight[i] * ((x[i] - mean) * scale);
  product /= (float)count;
  for (size_t i = 0; i < count; i++)
    d_x[i] += scale * (d_y[i] * weight[i] - gradient_mean - (x[i] - mean) * scale * product);
}

// MARK: activations

INLINE lanes logistic(lanes x) { return splat(1) / (splat(1) + exponential(-x)); }

// By tanh(u) = 2 logistic(2u) − 1.
static void soft_cap(float *x, size_t count, float cap) {
  for (size_t i = 0; i < count; i += 16) {
    size_t n = count - i < 16 ? count - i : 16;
    lanes gate = logistic(splat(2 / cap) * load_part(x + i, n));
    store_part(x + i, splat(cap) * fused(splat(2), gate, splat(-1)), n);
  }
}

// tanh' = 1 − tanh².
static void soft_cap_backward(const float *y, size_t count, float cap, float *d) {
  for (size_t i = 0; i < count; i++) {
    float t = y[i] / cap;
    d[i] *= 1 - t * t;
  }
}

// The two parts of GELU's tanh form, with u = √(2/π) (x + 0.044715 x³): the logistic of 2u, which is (1 + tanh u) / 2,
// and u'.
INLINE lanes gelu_gate(lanes x, lanes *slope) {
  const lanes c = splat(0.7978845608028654f);
  lanes square = x * x;
  *slope = c * fused(splat(3 * 0.044715f), square, splat(1));
  return logistic(splat(2) * c * x * fused(splat(0.044715f), square, splat(1)));
}

// Φ, the normal distribution function, by erfc's rational Chebyshev fit (Numerical Recipes, erfcc: within 1.2e-7
// relative).
INLINE lanes normal_distribution(lanes x) {
  lanes z = __builtin_elementwise_abs(x) * splat(0.70710678118654752f);
  lanes t = splat(1) / fused(splat(0.5f), z, splat(1));
  lanes p = splat(0.17087277f);
  p = fused(p, t, splat(-0.82215223f));
  p = fused(p, t, splat(1.48851587f));
  p = fused(p, t, splat(-1.13520398f));
  p = fused(p, t, splat(0.27886807f));
  p = fused(p, t, splat(-0.18628806f));
  p = fused(p, t, splat(0.09678418f));
  p = fused(p, t, splat(0.37409196f));
  p = fused(p, t, splat(1.00002368f));
  p = fused(p, t, splat(-1.26551223f));
  lanes tail = splat(0.5f) * t * exponential(p - z * z);
  lanes_int negative = x < splat(0);
  return (lanes)(((lanes_int)tail & negative) | ((lanes_int)(splat(1) - tail) & ~negative));
}

// max(x, 0), and NaN for NaN.
INLINE lanes positive_part(lanes x) {
  lanes_int negative = x < splat(0);
  return (lanes)((lanes_int)x & ~negative);
}

INLINE lanes activation_value(kernel_activation f, lanes x) {
  lanes slope;
  if (f == kernel_gelu) return x * normal_distribution(x);
  if (f == kernel_relu_squared) return positive_part(x) * positive_part(x);
  return x * (f == kernel_silu ? logistic(x) : gelu_gate(x, &slope));
}

INLINE lanes activation_slope(kernel_activation f, lanes x) {
  if (f == kernel_relu_squared) return splat(2) * positive_part(x);
  if (f == kernel_silu) {
    lanes gate = logistic(x);
    return gate * fused(x, splat(1) - gate, splat(1));
  }
  if (f == kernel_gelu) {
    lanes density = splat(0.3989422804014327f) * exponential(splat(-0.5f) * x * x);
    return fused(x, density, normal_distribution(x));
  }
  lanes slope, gate = gelu_gate(x, &slope);
  return fused(x * gate * (splat(1) - gate), splat(2) * slope, gate);
}

static void activate(kernel_activation f, const float *x, const float *up, size_t count, float *y) {
  for (size_t i = 0; i < count; i += 16) {
    size_t n = count - i < 16 ? count - i : 16;
    lanes value = activation_value(f, load_part(x + i, n));
    if (up) value *= load_part(up + i, n);
    store_part(y + i, value, n);
  }
}

static void activate_backward(kernel_activation f, const float *x, const float *up, size_t count, const float *d_y,
                              float *d_x, float *d_up) {
  for (size_t i = 0; i < count; i += 16) {
    size_t n = count - i < 16 ? count - i : 16;
    lanes v = load_part(x + i, n), d = load_part(d_y + i, n);
    if (up) {
      store_part(d_up + i, d * activation_value(f, v), n);
      d *= load_part(up + i, n);
    }
    store_part(d_x + i, d * activation_slope(f, v), n);
  }
}
