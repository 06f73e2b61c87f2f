// The C peer: every case as a C programmer with OpenMP writes it. Built strict, with -ffast-math and with -Ofast; the strict
// program also runs with the argument `lanes`, where Mandelbrot is blocked by hand so that gcc can vectorise it.
#include "peer.h"
#include <tgmath.h>

// ---- streaming, for both widths

#define STREAMS(T)                                                                                      \
  KERNEL copy_##T(long n, T *restrict y, const T *restrict x) { PARALLEL for (long i = 0; i < n; i++) y[i] = x[i]; } \
  KERNEL triad_##T(long n, T *restrict z, const T *restrict x, const T *restrict y) {                   \
    PARALLEL for (long i = 0; i < n; i++) z[i] = x[i] + (T)2.5 * y[i];                                  \
  }                                                                                                     \
  KERNEL saxpy_##T(long n, T *restrict y, const T *restrict x) {                                        \
    PARALLEL for (long i = 0; i < n; i++) y[i] = (T)1.5 * x[i] + y[i];                                  \
  }                                                                                                     \
  static __attribute__((noinline)) T sum_##T(long n, const T *restrict x) {                             \
    T s = 0;                                                                                            \
    _Pragma("omp parallel for simd schedule(static) reduction(+ : s)") for (long i = 0; i < n; i++) s += x[i]; \
    return s;                                                                                           \
  }
STREAMS(float)
STREAMS(double)

#define FUSED(T)                                                                                        \
  KERNEL fused_##T(long n, T *restrict out, const T *restrict x, const T *restrict y) {                 \
    PARALLEL for (long i = 0; i < n; i++) out[i] = sin(x[i]) * exp(-y[i]) + sqrt(fabs(x[i] * y[i]));    \
  }
FUSED(float)
FUSED(double)

// ---- Mandelbrot: the plain loop, and blocks of 64 pixels in step

#define MANDELBROT(T, I)                                                                                \
  KERNEL mandelbrot_##T(int n, int *restrict out) {                                                     \
    _Pragma("omp parallel for schedule(dynamic, 8)") for (int row = 0; row < n; row++) {                \
      T cy = (T)(-1.25 + 2.5 * row / n);                                                                \
      for (int col = 0; col < n; col++) {                                                               \
        T cx = (T)(-2.0 + 2.5 * col / n), x = 0, y = 0;                                                 \
        int k = 0;                                                                                      \
        for (; k < 256; k++) {                                                                          \
          T x2 = x * x, y2 = y * y;                                                                     \
          if (x2 + y2 > 4) break;                                                                       \
          y = 2 * x * y + cy;                                                                           \
          x = x2 - y2 + cx;                                                                             \
        }                                                                                               \
        out[(long)row * n + col] = k;                                                                   \
      }                                                                                                 \
    }                                                                                                   \
  }                                                                                                     \
  KERNEL mandelbrotLanes_##T(int n, int *restrict out) {                                                \
    enum { L = 64 };                                                                                    \
    _Pragma("omp parallel for schedule(dynamic, 8)") for (int row = 0; row < n; row++) {                \
      T cy = (T)(-1.25 + 2.5 * row / n);                                                                \
      for (int c0 = 0; c0 < n; c0 += L) {                                                               \
        T cx[L], x[L], y[L];                                                                            \
        I k[L];                                                                                         \
        for (int l = 0; l < L; l++) {                                                                   \
          cx[l] = (T)(-2.0 + 2.5 * (c0 + l) / n);                                                       \
          x[l] = y[l] = 0;                                                                              \
          k[l] = 0;                                                                                     \
        }                                                                                               \
        for (int it = 0; it < 256; it++) {                                                              \
          I any = 0;                                                                                    \
          _Pragma("omp simd reduction(+ : any)") for (int l = 0; l < L; l++) {                          \
            T x2 = x[l] * x[l], y2 = y[l] * y[l];                                                       \
            I m = (x2 + y2) <= (T)4;                                                                    \
            T ny = 2 * x[l] * y[l] + cy, nx = x2 - y2 + cx[l];                                          \
            y[l] = m ? ny : y[l];                                                                       \
            x[l] = m ? nx : x[l];                                                                       \
            k[l] += m;                                                                                  \
            any += m;                                                                                   \
          }                                                                                             \
          if (!any) break;                                                                              \
        }                                                                                               \
        for (int l = 0; l < L; l++) out[(long)row * n + c0 + l] = (int)k[l];                            \
      }                                                                                                 \
    }                                                                                                   \
  }
MANDELBROT(float, int32_t)
MANDELBROT(double, int64_t)

#define N_BODY(T)                                                                                       \
  KERNEL nBody_##T(int n, const T *restrict X, const T *restrict Y, const T *restrict Z, const T *restrict M, \
                   T *restrict AX, T *restrict AY, T *restrict AZ) {                                    \
    PARALLEL for (int i = 0; i < n; i++) {                                                              \
      T xi = X[i], yi = Y[i], zi = Z[i], ax = 0, ay = 0, az = 0;                                        \
      for (int j = 0; j < n; j++) {                                                                     \
        T dx = X[j] - xi, dy = Y[j] - yi, dz = Z[j] - zi;                                               \
        T inverse = 1 / sqrt(dx * dx + dy * dy + dz * dz + (T)1e-3);                                    \
        T s = M[j] * inverse * inverse * inverse;                                                       \
        ax += s * dx;                                                                                   \
        ay += s * dy;                                                                                   \
        az += s * dz;                                                                                   \
      }                                                                                                 \
      AX[i] = ax;                                                                                       \
      AY[i] = ay;                                                                                       \
      AZ[i] = az;                                                                                       \
    }                                                                                                   \
  }
N_BODY(float)
N_BODY(double)

#define BLACK_SCHOLES(T)                                                                                \
  static inline T normal_##T(T d) {                                                                     \
    T k = 1 / (1 + (T)0.2316419 * fabs(d));                                                             \
    T series = (T)-1.821255978 + k * (T)1.330274429;                                                    \
    series = k * ((T)0.31938153 + k * ((T)-0.356563782 + k * ((T)1.781477937 + k * series)));           \
    T tail = (T)0.39894228040143267794 * exp((T)-0.5 * d * d) * series;                                 \
    return d > 0 ? 1 - tail : tail;                                                                     \
  }                                                                                                     \
  KERNEL blackScholes_##T(long n, const T *restrict S, const T *restrict X, const T *restrict Y,        \
                          T *restrict call, T *restrict put) {                                          \
    const T r = 0.02, v = 0.3;                                                                          \
    PARALLEL for (long i = 0; i < n; i++) {                                                             \
      T s = S[i], x = X[i], t = Y[i], rootT = v * sqrt(t);                                              \
      T d1 = (log(s / x) + (r + (T)0.5 * v * v) * t) / rootT, d2 = d1 - rootT;                          \
      T n1 = normal_##T(d1), n2 = normal_##T(d2), discounted = x * exp(-r * t);                         \
      call[i] = s * n1 - discounted * n2;                                                               \
      put[i] = discounted * (1 - n2) - s * (1 - n1);                                                    \
    }                                                                                                   \
  }
BLACK_SCHOLES(float)
BLACK_SCHOLES(double)

KERNEL histogram(long n, const float *restrict x, int *bins) {
  for (int b = 0; b < 256; b++) bins[b] = 0;
#pragma omp parallel for schedule(static) reduction(+ : bins[:256])
  for (long i = 0; i < n; i++) bins[(int)(x[i] * 256)]++;
}

// First the sum of each thread's part, then each part from the sum of those before it.
#define PREFIX(T)                                                                                       \
  KERNEL prefix_##T(long n, const T *restrict x, T *restrict out) {                                     \
    T sums[256];                                                                                        \
    _Pragma("omp parallel") {                                                                           \
      int k = omp_get_thread_num(), of = omp_get_num_threads();                                         \
      long from = n * k / of, to = n * (k + 1) / of;                                                    \
      T s = 0;                                                                                          \
      if (k + 1 < of) {                                                                                 \
        _Pragma("omp simd reduction(+ : s)") for (long i = from; i < to; i++) s += x[i];                \
      }                                                                                                 \
      sums[k] = s;                                                                                      \
      _Pragma("omp barrier") s = 0;                                                                     \
      for (int b = 0; b < k; b++) s += sums[b];                                                         \
      for (long i = from; i < to; i++) {                                                                \
        s += x[i];                                                                                      \
        out[i] = s;                                                                                     \
      }                                                                                                 \
    }                                                                                                   \
  }
PREFIX(float)
PREFIX(int)

KERNEL spmv(long rows, const int *restrict start, const int *restrict column, const double *restrict value,
            const double *restrict u, double *restrict w) {
  PARALLEL for (long r = 0; r < rows; r++) {
    double s = 0;
    for (int p = start[r]; p < start[r + 1]; p++) s += value[p] * u[column[p]];
    w[r] = s;
  }
}

enum { B = 64 };
static inline void relaxRow(float *d, int stride, int i, int j0, int k) {
  float ik = d[(long)i * stride + k], *row = d + (long)i * stride, *through = d + (long)k * stride;
#pragma omp simd
  for (int j = j0; j < j0 + B; j++) {
    float t = ik + through[j];
    row[j] = t < row[j] ? t : row[j];
  }
}
static void relax(float *d, int stride, int i0, int j0, int k0) {
  for (int k = k0; k < k0 + B; k++)
    for (int i = i0; i < i0 + B; i++) relaxRow(d, stride, i, j0, k);
}
// Where the three blocks differ a row may be done at once, and stays in the nearest cache.
static void relaxApart(float *d, int stride, int i0, int j0, int k0) {
  for (int i = i0; i < i0 + B; i++)
    for (int k = k0; k < k0 + B; k++) relaxRow(d, stride, i, j0, k);
}
KERNEL floydWarshall(int n, float *d) {
  int blocks = n / B, stride = n + 16;
  for (int kb = 0; kb < blocks; kb++) {
    int k0 = kb * B;
    relax(d, stride, k0, k0, k0);
    PARALLEL for (int b = 0; b < blocks; b++) {
      if (b == kb) continue;
      relax(d, stride, k0, b * B, k0);
      relax(d, stride, b * B, k0, k0);
    }
    PARALLEL for (int b = 0; b < blocks; b++) {
      if (b == kb) continue;
      for (int c = 0; c < blocks; c++)
        if (c != kb) relaxApart(d, stride, b * B, c * B, k0);
    }
  }
}

KERNEL life(int n, const uint8_t *restrict now, uint8_t *restrict next) {
  PARALLEL for (int row = 1; row < n - 1; row++) {
    const uint8_t *up = now + (long)(row - 1) * n, *at = up + n, *down = at + n;
    uint8_t *out = next + (long)row * n;
    for (int c = 1; c < n - 1; c++) {
      uint8_t around = up[c - 1] + up[c] + up[c + 1] + at[c - 1] + at[c + 1] + down[c - 1] + down[c] + down[c + 1];
      out[c] = (around == 3) | ((around == 2) & at[c]);
    }
  }
}

#define HEAT(T)                                                                                         \
  KERNEL heat_##T(int n, const T *restrict from, T *restrict to) {                                      \
    PARALLEL for (int row = 1; row < n - 1; row++) {                                                    \
      const T *at = from + (long)row * n;                                                               \
      T *out = to + (long)row * n;                                                                      \
      for (int c = 1; c < n - 1; c++) out[c] = (T)0.25 * (at[c - n] + at[c - 1] + at[c + 1] + at[c + n]); \
    }                                                                                                   \
  }
HEAT(float)
HEAT(double)

// Matrix products in the order that reads rows of both; of a batch, one after the other.
#define GEMM(T)                                                                                         \
  static inline void row_##T(long n, const T *restrict A, const T *restrict B, T *restrict C) {         \
    for (long j = 0; j < n; j++) C[j] = 0;                                                              \
    for (long k = 0; k < n; k++)                                                                        \
      for (long j = 0; j < n; j++) C[j] += A[k] * B[k * n + j];                                         \
  }                                                                                                     \
  KERNEL gemm_##T(long n, const T *A, const T *B, T *C) {                                               \
    PARALLEL for (long i = 0; i < n; i++) row_##T(n, A + i * n, B, C + i * n);                          \
  }                                                                                                     \
  KERNEL batch_##T(long n, long count, const T *A, const T *B, T *C) {                                  \
    PARALLEL for (long p = 0; p < count; p++)                                                           \
      for (long i = 0; i < n; i++) row_##T(n, A + p * n * n + i * n, B + p * n * n, C + p * n * n + i * n); \
  }
GEMM(float)
GEMM(double)

#define COMPLEX(T)                                                                                      \
  KERNEL gemmComplex_##T(long n, const T *A, const T *B, T *C) {                                        \
    PARALLEL for (long i = 0; i < n; i++) {                                                             \
      T *c = memset(C + 2 * i * n, 0, 2 * n * sizeof(T));                                               \
      for (long k = 0; k < n; k++) {                                                                    \
        const T re = A[2 * (i * n + k)], im = A[2 * (i * n + k) + 1], *b = B + 2 * k * n;               \
        for (long j = 0; j < n; j++) {                                                                  \
          c[2 * j] += re * b[2 * j] - im * b[2 * j + 1];                                                \
          c[2 * j + 1] += re * b[2 * j + 1] + im * b[2 * j];                                            \
        }                                                                                               \
      }                                                                                                 \
    }                                                                                                   \
  }
COMPLEX(float)
COMPLEX(double)

KERNEL gemmBytes(long n, const int8_t *A, const int8_t *B, int *C) {
  PARALLEL for (long i = 0; i < n; i++) {
    int *c = memset(C + i * n, 0, n * sizeof(int));
    for (long k = 0; k < n; k++)
      for (long j = 0; j < n; j++) c[j] += A[i * n + k] * B[k * n + j];
  }
}

static inline float wide(uint16_t half) { return (union { uint32_t bits; float number; }){(uint32_t)half << 16}.number; }
KERNEL gemmBrain(long n, const uint16_t *A, const uint16_t *B, float *C) {
  PARALLEL for (long i = 0; i < n; i++) {
    float *c = memset(C + i * n, 0, n * sizeof(float));
    for (long k = 0; k < n; k++)
      for (long j = 0; j < n; j++) c[j] += wide(A[i * n + k]) * wide(B[k * n + j]);
  }
}

static volatile int sink;
KERNEL empty(void) {
  PARALLEL for (int i = 0; i < 256; i++) if (i < 0) sink = i;
}

// ---- cases

#define RUN(T)                                                                                          \
  static void run_##T(void) {                                                                            \
    T *p = a, *q = b;                                                                                   \
    if (is("copy")) copy_##T(n, b, a);                                                                  \
    else if (is("triad")) triad_##T(n, c, a, b);                                                        \
    else if (is("saxpy")) saxpy_##T(n, b, a);                                                           \
    else if (is("sum")) value = sum_##T(n, a);                                                          \
    else if (is("fused")) fused_##T(n, c, a, b);                                                        \
    else if (is("mandelbrot")) (lanes ? mandelbrotLanes_##T : mandelbrot_##T)(n, a);                    \
    else if (is("n-body")) nBody_##T(n, p, p + n, p + 2 * n, p + 3 * n, q, q + n, q + 2 * n);           \
    else if (is("black-scholes")) blackScholes_##T(n, p, p + n, p + 2 * n, q, q + n);                   \
    else if (is("gemm")) gemm_##T(n, a, b, c);                                                          \
    else if (is("batch")) batch_##T(n, batchCount(), a, b, c);                                          \
    else if (is("heat")) {                                                                              \
      for (int k = 0; k < generations; k++) heat_##T(n, k % 2 ? b : a, k % 2 ? a : b);                  \
    }                                                                                                   \
  }
static int lanes;
RUN(float)
RUN(double)

static void run(void) {
  if (is("histogram")) histogram(n, a, b);
  else if (is("prefix-sum")) kind == F32 ? prefix_float(n, a, b) : prefix_int(n, a, b);
  else if (is("spmv")) spmv(n * n * n, a, b, c, d, e);
  else if (is("floyd-warshall")) floydWarshall(n, a);
  else if (is("life")) for (int k = 0; k < generations; k++) k % 2 ? life(n, b, a) : life(n, a, b);
  else if (is("empty-awake") || is("empty-parked")) empty();
  else if (kind == C64) gemmComplex_float(n, a, b, c);
  else if (kind == C128) gemmComplex_double(n, a, b, c);
  else if (kind == I8) gemmBytes(n, a, b, c);
  else if (kind == BF16) gemmBrain(n, a, b, c);
  else kind == F32 ? run_float() : run_double();
}

/// Naive products of large matrices take too long to wait for.
static int takes(void) { return lanes ? is("mandelbrot") : !(is("gemm") && n > 512); }

int main(int argc, char **argv) {
  lanes = argc > 2 && strcmp(argv[2], "lanes") == 0;
  return servePeer(argc > 1 ? argv[1] : "C", takes, run);
}
