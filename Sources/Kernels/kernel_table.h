// The functions that exist once an instruction set.
#pragma once
#include "kernels.h"

typedef struct {
  void (*dot)(kernel_rows, size_t, kernel_matrix, size_t, size_t, size_t, const float *, int, kernel_rows);
  void (*scaled_rows)(kernel_rows, size_t, kernel_matrix, size_t, size_t, size_t, const float *, int, kernel_rows);
  void (*attend)(kernel_rows, size_t, size_t, float, kernel_segment, kernel_segment, float *, kernel_rows);
  void (*attend_backward)(kernel_rows, size_t, size_t, float, kernel_segment, kernel_segment, const float *,
                          kernel_rows, kernel_rows, float *, float *, float *);
  void (*rms_norm)(const float *, const float *, float, size_t, float *);
  void (*rms_norm_backward)(const float *, const float *, float, size_t, const float *, float *);
  void (*layer_norm)(const float *, const float *, const float *, float, size_t, float *);
  void (*layer_norm_backward)(const float *, const float *, float, size_t, const float *, float *);
  void (*activate)(kernel_activation, const float *, const float *, size_t, float *);
  void (*activate_backward)(kernel_activation, const float *, const float *, size_t, const float *, float *, float *);
  float (*dot_product)(const float *, const float *, size_t);
  void (*add_scaled)(float *, const float *, float, size_t);
  float (*log_sum_exp)(const float *, size_t);
  void (*exp)(const float *, size_t, float *);
} kernel_table;

extern const kernel_table kernel_table_baseline;
#if defined(__x86_64__)
extern const kernel_table kernel_table_avx2;
extern const kernel_table kernel_table_avx512;
#endif
