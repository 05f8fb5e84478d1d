// The choice of an instruction set, and the public functions, which call the chosen one's.
#include <stdatomic.h>
#include <string.h>

#include "kernel_table.h"

const kernel_table *kernel_table_for(kernel_isa isa) {
  if (isa == kernel_baseline) return &kernel_table_baseline;
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (isa == kernel_avx2 && avx2) return &kernel_table_avx2;
  if (isa == kernel_avx512 && avx512) return &kernel_table_avx512;
#endif
  return NULL;
}

// Null before the first call of a kernel.
static _Atomic(const kernel_table *) chosen;

static const kernel_table *choose_best(void) {
  const kernel_table *best = kernel_table_for(kernel_avx512);
  if (!best) best = kernel_table_for(kernel_avx2);
  if (!best) best = kernel_table_for(kernel_baseline);
  atomic_store_explicit(&chosen, best, memory_order_relaxed);
  return best;
}

void kernel_use_isa(kernel_isa isa) { atomic_store_explicit(&chosen, kernel_table_for(isa), memory_order_relaxed); }

const kernel_table *kernel_table_in_use(void) {
  const kernel_table *known = atomic_load_explicit(&chosen, memory_order_relaxed);
  return known ? known : choose_best();
}

void kernel_dot(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                const float *bias, int accumulate, kernel_rows y) {
  kernel_table_in_use()->dot(x, rows, w, inner, begin, end, bias, accumulate, y);
}
void kernel_scaled_rows(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                        const float *bias, int accumulate, kernel_rows y) {
  kernel_table_in_use()->scaled_rows(x, rows, w, inner, begin, end, bias, accumulate, y);
}
void kernel_attend(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                   kernel_segment own, float *scores, kernel_rows out) {
  kernel_table_in_use()->attend(q, heads, width, scale, cap, earlier, own, scores, out);
}
void kernel_attend_backward(kernel_rows q, size_t heads, size_t width, float scale, float cap, kernel_segment earlier,
                            kernel_segment own, const float *probabilities, kernel_rows d_out, kernel_rows d_q,
                            float *d_keys, float *d_values, float *scratch) {
  kernel_table_in_use()->attend_backward(q, heads, width, scale, cap, earlier, own, probabilities, d_out, d_q, d_keys, d_values,
                           scratch);
}
void kernel_rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y) {
  kernel_table_in_use()->rms_norm(x, weight, epsilon, count, y);
}
void kernel_rms_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                              float *d_x) {
  kernel_table_in_use()->rms_norm_backward(x, weight, epsilon, count, d_y, d_x);
}
void kernel_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count, float *y) {
  kernel_table_in_use()->layer_norm(x, weight, bias, epsilon, count, y);
}
void kernel_layer_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                                float *d_x) {
  kernel_table_in_use()->layer_norm_backward(x, weight, epsilon, count, d_y, d_x);
}
void kernel_soft_cap(float *x, size_t count, float cap) { kernel_table_in_use()->soft_cap(x, count, cap); }
void kernel_soft_cap_backward(const float *y, size_t count, float cap, float *d) {
  kernel_table_in_use()->soft_cap_backward(y, count, cap, d);
}
void kernel_activate(kernel_activation f, const float *x, const float *up, size_t count, float *y) {
  kernel_table_in_use()->activate(f, x, up, count, y);
}
void kernel_activate_backward(kernel_activation f, const float *x, const float *up, size_t count, const float *d_y,
                              float *d_x, float *d_up) {
  kernel_table_in_use()->activate_backward(f, x, up, count, d_y, d_x, d_up);
}
float kernel_dot_product(const float *a, const float *b, size_t count) { return kernel_table_in_use()->dot_product(a, b, count); }
void kernel_add_scaled(float *y, const float *x, float scale, size_t count) { kernel_table_in_use()->add_scaled(y, x, scale, count); }
float kernel_log_sum_exp(const float *x, size_t count) { return kernel_table_in_use()->log_sum_exp(x, count); }
void kernel_exp(const float *x, size_t count, float *y) { kernel_table_in_use()->exp(x, count, y); }
size_t kernel_candidates(kernel_sketch sketch, kernel_sketched_row row, size_t begin, size_t end, uint32_t *found) {
  return kernel_table_in_use()->candidates(sketch, row, begin, end, found);
}

int kernel_all_finite(const float *x, size_t count) {
  uint32_t others = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    others |= (bits & 0x7F800000) == 0x7F800000;
  }
  return !others;
}

size_t kernel_argmax(const float *x, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++)
    if (x[i] > x[best]) best = i;
  return best;
}
