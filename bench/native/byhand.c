// The cases vectorised by hand, with GCC's vector types: one source for vectors of 16, 32 and 64 bytes (-DVB). Built strict and, with -DFAST, for speed alone: see
// lanes.h. Where no type of GCC has an operation (√, masks) it is the processor's own.
#include "../kernels/peer.h"
#include <immintrin.h>
#include <tgmath.h>

/// The part of n elements that belongs to this thread: whole cache lines, but for the last.
static inline void part(long n, long *from, long *to) {
  long k = omp_get_thread_num(), of = omp_get_num_threads(), line = 64;
  *from = n / line * k / of * line;
  *to = k + 1 == of ? n : n / line * (k + 1) / of * line;
}

#define REAL float
#define WHOLE int32_t
#include "lanes.h"
#define REAL double
#define WHOLE int64_t
#include "lanes.h"

typedef uint8_t bytes __attribute__((vector_size(VB), may_alias));
typedef uint8_t bytesAnywhere __attribute__((vector_size(VB), aligned(1), may_alias));
static inline bytes at(const uint8_t *p) { return *(const bytesAnywhere *)p; }

KERNEL life(int n, const uint8_t *now, uint8_t *next) {
  PARALLEL for (int row = 1; row < n - 1; row++) {
    const uint8_t *here = now + (long)row * n, *up = here - n, *down = here + n;
    uint8_t *out = next + (long)row * n;
    for (int c = 1; c < n - 1; c += VB) {
      if (c + VB > n - 1) c = n - 1 - VB;
      bytes around = at(up + c - 1) + at(up + c) + at(up + c + 1) + at(here + c - 1) + at(here + c + 1) +
                     at(down + c - 1) + at(down + c) + at(down + c + 1);
      *(bytesAnywhere *)(out + c) = ((bytes)(around == 3) | ((bytes)(around == 2) & at(here + c))) & 1;
    }
  }
}

/// Four tables take turns, so that equal neighbours do not wait for each other.
KERNEL histogram(long n, const float *x, int *bins) {
  memset(bins, 0, 1024);
#pragma omp parallel
  {
    int own[4][256] = {};
    long from, to, i;
    part(n, &from, &to);
    for (i = from; i + VB / 4 <= to; i += VB / 4) {
      i_float k = __builtin_convertvector(load_float(x + i) * 256, i_float);
      for (int l = 0; l < VB / 4; l++) own[l % 4][k[l]]++;
    }
    for (; i < to; i++) own[0][(int)(x[i] * 256)]++;
    for (int b = 0; b < 256; b++) {
      int count = own[0][b] + own[1][b] + own[2][b] + own[3][b];
#pragma omp atomic
      bins[b] += count;
    }
  }
}

// First the sum of each thread's part, then each part from the sum of those before it; in a vector by shifts of 1, 2, 4 …
#define PREFIX(T, V, ANYWHERE, TAKE)                                                           \
  KERNEL prefix_##T(long n, const T *x, T *out) {                                              \
    enum { L = VB / sizeof(T) };                                                               \
    T sums[256];                                                                               \
    i_float lane;                                                                              \
    for (int l = 0; l < L; l++) lane[l] = l;                                                   \
    _Pragma("omp parallel") {                                                                  \
      int k = omp_get_thread_num();                                                            \
      long from, to, i;                                                                        \
      part(n, &from, &to);                                                                     \
      V s[4] = {}, carry = {}, none = {};                                                      \
      for (i = from; i + 4 * L <= to; i += 4 * L)                                              \
        for (int u = 0; u < 4; u++) s[u] += TAKE(x + i + u * L);                               \
      s[0] += s[1] + s[2] + s[3];                                                              \
      sums[k] = 0;                                                                             \
      for (int l = 0; l < L; l++) sums[k] += s[0][l];                                          \
      for (; i < to; i++) sums[k] += x[i];                                                     \
      _Pragma("omp barrier") for (int b = 0; b < k; b++) carry += sums[b];                     \
      for (i = from; i + L <= to; i += L) {                                                    \
        V v = TAKE(x + i);                                                                     \
        /* Lane l - d of v, or 0 of the other where there is none. */                          \
        _Pragma("GCC unroll 4") for (int d = 1; d < L; d *= 2) v +=                            \
            __builtin_shuffle(v, none, (lane - d) & (2 * L - 1));                              \
        v += carry;                                                                            \
        *(ANYWHERE *)(out + i) = v;                                                            \
        carry = __builtin_shuffle(v, (i_float){} + (L - 1));                                   \
      }                                                                                        \
      T last = carry[0];                                                                       \
      for (; i < to; i++) out[i] = last += x[i];                                               \
    }                                                                                          \
  }
typedef int32_t intsAnywhere __attribute__((vector_size(VB), aligned(4), may_alias));
static inline i_float loadInt(const int *p) { return *(const intsAnywhere *)p; }
PREFIX(float, v_float, u_float, load_float)
PREFIX(int, i_float, intsAnywhere, loadInt)

enum { B = 64 };

/// A row of a block through some nodes, kept in registers: they are none of its own.
static inline void relaxRow(float *d, long stride, long i, long j0, long k0, long k1) {
  enum { L = VB / 4 };
  v_float row[B / L];
  for (int u = 0; u < B / L; u++) row[u] = load_float(d + i * stride + j0 + u * L);
  for (long k = k0; k < k1; k++) {
    v_float ik = (v_float){} + d[i * stride + k];
#pragma GCC unroll 16
    for (int u = 0; u < B / L; u++) {
      v_float through = ik + load_float(d + k * stride + j0 + u * L);
#if VB == 64
      row[u] = (v_float)_mm512_min_ps((__m512)through, (__m512)row[u]);
#elif VB == 32
      row[u] = (v_float)_mm256_min_ps((__m256)through, (__m256)row[u]);
#else
      row[u] = (v_float)_mm_min_ps((__m128)through, (__m128)row[u]);
#endif
    }
  }
  for (int u = 0; u < B / L; u++) store_float(d + i * stride + j0 + u * L, row[u]);
}

/// One node after the other: the blocks may be the same.
static void relax(float *d, long stride, long i0, long j0, long k0) {
  for (long k = k0; k < k0 + B; k++)
    for (long i = i0; i < i0 + B; i++) relaxRow(d, stride, i, j0, k, k + 1);
}

KERNEL floydWarshall(long n, float *d) {
  long blocks = n / B, stride = n + 16;
  for (long kb = 0; kb < blocks; kb++) {
    long k0 = kb * B;
    relax(d, stride, k0, k0, k0);
    PARALLEL for (long b = 0; b < blocks; b++) {
      if (b == kb) continue;
      relax(d, stride, k0, b * B, k0);
      relax(d, stride, b * B, k0, k0);
    }
    PARALLEL for (long b = 0; b < blocks; b++) {
      if (b == kb) continue;
      for (long c = 0; c < blocks; c++)
        for (long i = b * B; c != kb && i < b * B + B; i++) relaxRow(d, stride, i, c * B, k0, k0 + B);
    }
  }
}

#define RUN(T)                                                                                 \
  static void run_##T(void) {                                                                  \
    T *p = a, *q = b;                                                                          \
    if (is("copy")) triad_##T(n, b, a, NULL, 0);                                               \
    else if (is("triad")) triad_##T(n, c, a, b, 2.5);                                          \
    else if (is("saxpy")) saxpy_##T(n, b, a, 1.5);                                             \
    else if (is("sum")) value = sum_##T(n, a);                                                 \
    else if (is("fused")) fused_##T(n, c, a, b);                                               \
    else if (is("mandelbrot")) mandelbrot_##T(n, a);                                           \
    else if (is("n-body")) nBody_##T(n, p, p + n, p + 2 * n, p + 3 * n, q, q + n, q + 2 * n);  \
    else if (is("black-scholes")) blackScholes_##T(n, p, p + n, p + 2 * n, q, q + n);          \
    else if (is("gemm")) gemm_##T(n, a, b, c);                                                 \
    else if (is("batch")) batch_##T(n, batchCount(), a, b, c);                                 \
    else if (is("heat"))                                                                       \
      for (int k = 0; k < generations; k++) heat_##T(n, k % 2 ? b : a, k % 2 ? a : b);         \
  }
RUN(float)
RUN(double)

static void run(void) {
  if (is("histogram")) histogram(n, a, b);
  else if (is("prefix-sum")) kind == F32 ? prefix_float(n, a, b) : prefix_int(n, a, b);
  else if (is("floyd-warshall")) floydWarshall(n, a);
  else if (is("life")) for (int k = 0; k < generations; k++) k % 2 ? life(n, b, a) : life(n, a, b);
  else kind == F32 ? run_float() : run_double();
}

/// Its n-body has no code for what is left behind whole vectors.
static int takes(void) { return kind <= U8 && !is("spmv") && !strstr(name, "empty") && !(is("n-body") && n % 64); }

int main(int argc, char **argv) { return servePeer(argc > 1 ? argv[1] : "C by hand", takes, run); }
