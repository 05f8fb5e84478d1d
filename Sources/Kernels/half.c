#include "kernels.h"

#include <string.h>

float kernel_float_from_half(uint16_t half) {
  _Float16 value;
  memcpy(&value, &half, sizeof value);
  return (float)value;
}
