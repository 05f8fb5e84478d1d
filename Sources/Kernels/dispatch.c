#include <stdatomic.h>

#include "kernel_table.h"

static const kernel_table *table_of(kernel_isa isa) {
#if defined(__x86_64__)
  if (isa == kernel_avx512) return &kernel_table_avx512;
  if (isa == kernel_avx2) return &kernel_table_avx2;
#endif
  return &kernel_table_baseline;
}

int kernel_isa_available(kernel_isa isa) {
  if (isa == kernel_baseline) return 1;
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (isa == kernel_avx2) return avx2;
  return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}

static _Atomic(int) current_isa = -1;

kernel_isa kernel_current_isa(void) {
  int isa = atomic_load_explicit(&current_isa, memory_order_relaxed);
  if (isa < 0) {
    isa = kernel_isa_available(kernel_avx512) ? kernel_avx512
          : kernel_isa_available(kernel_avx2) ? kernel_avx2
                                              : kernel_baseline;
    atomic_store_explicit(&current_isa, isa, memory_order_relaxed);
  }
  return (kernel_isa)isa;
}

void kernel_use_isa(kernel_isa isa) {
  if (kernel_isa_available(isa)) atomic_store_explicit(&current_isa, (int)isa, memory_order_relaxed);
}

#define T table_of(kernel_current_isa())

void kernel_dot(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                const float *bias, int accumulate, kernel_rows y) {
  T->dot(x, rows, w, inner, begin, end, bias, accumulate, y);
}
void kernel_scaled_rows(kernel_rows x, size_t rows, kernel_matrix w, size_t inner, size_t begin, size_t end,
                        const float *bias, int accumulate, kernel_rows y) {
  T->scaled_rows(x, rows, w, inner, begin, end, bias, accumulate, y);
}
void kernel_attend(kernel_rows q, size_t heads, size_t width, float scale, kernel_segment earlier,
                   kernel_segment own, float *scores, kernel_rows out) {
  T->attend(q, heads, width, scale, earlier, own, scores, out);
}
void kernel_attend_backward(kernel_rows q, size_t heads, size_t width, float scale, kernel_segment earlier,
                            kernel_segment own, const float *probabilities, kernel_rows d_out, kernel_rows d_q,
                            float *d_keys, float *d_values, float *scratch) {
  T->attend_backward(q, heads, width, scale, earlier, own, probabilities, d_out, d_q, d_keys, d_values, scratch);
}
void kernel_rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y) {
  T->rms_norm(x, weight, epsilon, count, y);
}
void kernel_rms_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                              float *d_x) {
  T->rms_norm_backward(x, weight, epsilon, count, d_y, d_x);
}
void kernel_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count, float *y) {
  T->layer_norm(x, weight, bias, epsilon, count, y);
}
void kernel_layer_norm_backward(const float *x, const float *weight, float epsilon, size_t count, const float *d_y,
                                float *d_x) {
  T->layer_norm_backward(x, weight, epsilon, count, d_y, d_x);
}
void kernel_activate(kernel_activation f, const float *x, const float *up, size_t count, float *y) {
  T->activate(f, x, up, count, y);
}
void kernel_activate_backward(kernel_activation f, const float *x, const float *up, size_t count, const float *d_y,
                              float *d_x, float *d_up) {
  T->activate_backward(f, x, up, count, d_y, d_x, d_up);
}
float kernel_dot_product(const float *a, const float *b, size_t count) { return T->dot_product(a, b, count); }
void kernel_add_scaled(float *y, const float *x, float scale, size_t count) { T->add_scaled(y, x, scale, count); }
float kernel_log_sum_exp(const float *x, size_t count) { return T->log_sum_exp(x, count); }
void kernel_exp(const float *x, size_t count, float *y) { T->exp(x, count, y); }

size_t kernel_argmax(const float *x, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++)
    if (x[i] > x[best]) best = i;
  return best;
}
