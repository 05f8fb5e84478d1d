// Elementary functions of one number, by additions, multiplications, divisions and integers alone: what the C libraries
// have differs in the last bits.
#include <math.h>
#include <string.h>

#include "kernels.h"

#pragma STDC FP_CONTRACT OFF

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// MARK: sums of two doubles, the second below half a unit in the last place of the first

typedef struct {
  double high;
  double low;
} pair;

// a + b, of |a| ≥ |b| (Dekker 1971).
static pair ordered_sum(double a, double b) {
  double high = a + b;
  return (pair){high, b - (high - a)};
}

// a + b (Knuth).
static pair exact_sum(double a, double b) {
  double high = a + b, c = high - a;
  return (pair){high, (a - (high - c)) + (b - c)};
}

// a · b (Veltkamp and Dekker).
static pair exact_product(double a, double b) {
  const double splitter = 0x1p27 + 1;
  double s = splitter * a, t = splitter * b, high = a * b;
  double a1 = s - (s - a), b1 = t - (t - b), a2 = a - a1, b2 = b - b1;
  return (pair){high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2};
}

static pair product(pair a, pair b) {
  pair p = exact_product(a.high, b.high);
  return ordered_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

// ln 2; the first part has 41 bits, and so its products with exponents are exact.
static const pair log_of_2 = {0x1.62e42fefa3p-1, 0x1.3de6af278ece6p-42};

// MARK: logarithm

// 2 artanh s = 2 (s + s³ / 3 + s⁵ / 5 + …) for |s| ≤ 0.172, within 2^-65.
static pair twice_area_tangent(pair s) {
  pair square = product(s, s);
  double x = square.high, rest = 1.0 / 25;
  _Pragma("clang loop unroll(full)") for (int n = 23; n >= 5; n -= 2) rest = rest * x + 1.0 / n;
  pair p = exact_product(x, rest);
  p = ordered_sum(p.high, p.low + square.low * rest);
  const pair third = {1.0 / 3, 0x1.5555555555555p-56};
  pair q = ordered_sum(third.high, p.high);
  pair cubic = product(product(s, square), (pair){q.high, q.low + (third.low + p.low)});
  pair sum = ordered_sum(s.high, cubic.high);
  return (pair){2 * sum.high, 2 * (sum.low + (s.low + cubic.low))};
}

// ln x of a finite x above 0: with x = 2^k m and √½ ≤ m < √2, k ln 2 + 2 artanh((m − 1) / (m + 1)).
static pair logarithm(double x) {
  double k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    k = -54;
  }
  int64_t exponent = (int64_t)(bits_of(x) - bits_of(0x1.6a09e667f3bcdp-1)) >> 52;
  k += (double)exponent;
  double m = double_of(bits_of(x) - ((uint64_t)exponent << 52)), numerator = m - 1;
  pair denominator = exact_sum(m, 1);
  double s = numerator / denominator.high;
  pair back = exact_product(s, denominator.high);
  double remainder = ((numerator - back.high) - back.low) - s * denominator.low;
  pair l = twice_area_tangent((pair){s, remainder / denominator.high});
  pair sum = exact_sum(k * log_of_2.high, l.high);
  return ordered_sum(sum.high, sum.low + (k * log_of_2.low + l.low));
}

double kernel_f64_log(double x) {
  if (isnan(x) || x == INFINITY) return x;
  if (x <= 0) return x == 0 ? -INFINITY : NAN;
  return logarithm(x).high;
}

// MARK: exponential and powers

static const double inverse_factorials[] = {
    1,          1,           1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,        1.0 / 720,
    1.0 / 5040, 1.0 / 40320, 1.0 / 362880,  1.0 / 3628800,  1.0 / 39916800,  1.0 / 479001600,  1.0 / 6227020800,
    1.0 / 87178291200, 1.0 / 1307674368000, 1.0 / 20922789888000,
};

// e^x: with x = n ln 2 + r and |r| ≤ ln 2 / 2, 2^n times the Taylor polynomial of degree 14 at r.
static double exponential(pair x) {
  if (x.high > 710) return INFINITY;
  if (x.high < -746) return 0;
  const double magic = 0x1.8p52;
  double n = (x.high * 0x1.71547652b82fep0 + magic) - magic;
  pair r = exact_sum(x.high - n * log_of_2.high, -n * log_of_2.low);
  r = ordered_sum(r.high, r.low + x.low);
  pair square = exact_product(r.high, r.high);
  double series = inverse_factorials[14];
  for (int i = 13; i >= 3; i--) series = series * r.high + inverse_factorials[i];
  pair linear = ordered_sum(1, r.high);
  pair quadratic = ordered_sum(linear.high, square.high / 2);
  double rest = linear.low + quadratic.low + (r.low + r.high * r.low) + square.low / 2 + square.high * r.high * series;
  // In two factors, so that neither overflows.
  int64_t whole = (int64_t)n, half = whole >> 1;
  return (quadratic.high + rest) * double_of((uint64_t)(half + 1023) << 52) *
         double_of((uint64_t)(whole - half + 1023) << 52);
}

double kernel_f64_exp(double x) { return isnan(x) ? x : exponential((pair){x, 0}); }

double kernel_f64_pow(double x, double y) {
  if (x == 1 || y == 0) return 1;
  if (isnan(x) || isnan(y)) return x + y;
  // From 2^53 on every number is even.
  int is_small = fabs(y) < 0x1p53, is_whole = !is_small || (double)(int64_t)y == y;
  int is_odd = is_small && is_whole && ((int64_t)y & 1);
  if (x < 0 && isfinite(x) && !is_whole) return NAN;
  double sign = is_odd && signbit(x) ? -1 : 1, size = fabs(x);
  if (size == 0 || size == INFINITY) return sign * ((size == 0) == (y < 0) ? INFINITY : 0);
  if (size == 1) return sign;
  if (fabs(y) > 0x1p70) return (size > 1) == (y > 0) ? INFINITY : 0;
  pair l = logarithm(size), power = exact_product(y, l.high);
  return sign * exponential(ordered_sum(power.high, power.low + y * l.low));
}

// MARK: sine and cosine

__extension__ typedef unsigned __int128 wide;

// The first bits of 2 / π.
static const uint32_t two_over_pi[] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                       0xdb629599, 0x3c439041, 0xfe5163ab};

// x − quadrant · π/2 within ±π/4, the quadrant modulo 4, for a finite x ≥ 0: by 96 bits of 2 / π, those that come before
// them making whole turns (Payne and Hanek 1983).
static double reduced(float x, unsigned *quadrant) {
  *quadrant = 0;
  if (x < 0.785f) return x;
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  // x = mantissa · 2^exponent; the product is in units of 2^-94 quadrants.
  int exponent = (int)(bits >> 23) - 150, first = exponent > 2 ? exponent - 2 : 0;
  const uint32_t *word = two_over_pi + first / 32;
  wide window = ((wide)word[0] << 96 | (wide)word[1] << 64 | (wide)word[2] << 32 | word[3]) << first % 32 >> 32;
  wide product = window * ((bits & 0x7fffff) | 0x800000), one = (wide)1 << 94;
  if (exponent < 2) product >>= 2 - exponent;
  *quadrant = (unsigned)((product + one / 2) >> 94) & 3;
  wide rest = (product + one / 2) & (one - 1);
  int is_negative = rest < one / 2;
  wide size = is_negative ? one / 2 - rest : rest - one / 2;
  double r = ((double)(uint64_t)(size >> 64) * 0x1p64 + (double)(uint64_t)size) * (0x1.921fb54442d18p0 * 0x1p-94);
  return is_negative ? -r : r;
}

// sin x of x ≥ 0 that is `quadrants` quarters of a turn further on.
static double turned_sine(float x, unsigned quadrants) {
  unsigned quadrant;
  double r = reduced(x, &quadrant), square = r * r;
  quadrant += quadrants;
  int first = quadrant & 1 ? 0 : 1;
  double series = inverse_factorials[14 + first];
  for (int i = 12 + first; i >= first; i -= 2) series = inverse_factorials[i] - series * square;
  double value = first ? r * series : series;
  return quadrant & 2 ? -value : value;
}

float kernel_f32_sin(float x) {
  if (!isfinite(x)) return x - x;
  float s = (float)turned_sine(fabsf(x), 0);
  return signbit(x) ? -s : s;
}

float kernel_f32_cos(float x) { return isfinite(x) ? (float)turned_sine(fabsf(x), 1) : x - x; }
