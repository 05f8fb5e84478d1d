// Numerical kernels, one accumulation order each: the same inputs give the same bits whatever the number of rows, the
// number of threads and the instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

// SHA-256 of `count` bytes (FIPS 180-4).
void kernel_sha256(const void *bytes, size_t count, uint8_t digest[32]);

// An IEEE 754 half as a float; exact.
float kernel_float_from_half(uint16_t half);
