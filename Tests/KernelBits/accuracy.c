// Measures the functions of one number against those of 80-bit arithmetic, for Benchmarks/elementary.
//
// usage: accuracy COUNT STEP     COUNT arguments for each function of doubles, every STEP-th positive float
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

_Static_assert(LDBL_MANT_DIG == 64, "needs the long double of x86-64");

static uint64_t state = 88172645463325252u;

static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static double between(double low, double high) { return low + (high - low) * ((double)(next() >> 11) * 0x1p-53); }

// A double above 0, each as likely as any other.
static double positive(void) {
  uint64_t bits = next() % 0x7ff0000000000000u;
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

typedef struct {
  double largest;
  long count, others;
} errors;

// Counts a result of a type with `digits` bits, whose least exponent is `least`; `nearest` is `exact` in that type.
static void count(errors *e, double result, double nearest, long double exact, int digits, int least) {
  int exponent;
  frexp(nearest, &exponent);
  if (exponent < least) exponent = least;
  double error = nearest == 0 || isinf(nearest) ? 0 : (double)fabsl((result - exact) / ldexpl(1, exponent - digits));
  if (!(error <= e->largest)) e->largest = error;
  e->count++;
  e->others += result != nearest;
}

static void of_double(errors *e, double result, long double exact) { count(e, result, (double)exact, exact, 53, -1021); }
static void of_float(errors *e, float result, long double exact) { count(e, result, (float)exact, exact, 24, -125); }

static void print(const char *name, errors e) {
  printf("%-22s %10ld arguments: at most %.4f units, %ld not the nearest\n", name, e.count, e.largest, e.others);
}

int main(int argc, char **arguments) {
  if (argc != 3 || atol(arguments[1]) < 1 || atol(arguments[2]) < 1) {
    fprintf(stderr, "usage: accuracy COUNT STEP\n");
    return 2;
  }
  long all = atol(arguments[1]);
  uint64_t step = (uint64_t)atol(arguments[2]);
  errors exps = {0}, subnormal = {0}, logs = {0}, near_one = {0}, powers = {0}, sines = {0}, cosines = {0}, rounded = {0};
  for (long i = 0; i < all; i++) {
    double x = between(-708, 709.7), y = positive(), small = between(-745, -708), one = between(0.5, 2);
    of_double(&exps, kernel_f64_exp(x), expl(x));
    of_double(&subnormal, kernel_f64_exp(small), expl(small));
    of_double(&logs, kernel_f64_log(y), logl(y));
    of_double(&near_one, kernel_f64_log(one), logl(one));
    double power = x / log(y);
    of_double(&powers, kernel_f64_pow(y, power), powl(y, power));
  }
  for (uint64_t bits = 0; bits < 0x7f800000; bits += step) {
    uint32_t word = (uint32_t)bits;
    float x;
    memcpy(&x, &word, sizeof x);
    of_float(&sines, kernel_f32_sin(x), sinl(x));
    of_float(&cosines, kernel_f32_cos(x), cosl(x));
    of_float(&rounded, (float)kernel_f64_log(x), logl(x));
  }
  print("exp F64", exps);
  print("exp F64, subnormal", subnormal);
  print("log F64", logs);
  print("log F64, 0.5 to 2", near_one);
  print("pow F64", powers);
  print("sin F32", sines);
  print("cos F32", cosines);
  print("log F64 as F32", rounded);
  return 0;
}
