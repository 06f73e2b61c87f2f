// The C peer: every case as a C programmer with OpenMP writes it. Built twice, strict and -ffast-math; the strict
// program also runs with the argument `lanes`, where Mandelbrot is blocked by hand so that gcc can vectorise it.
// Speaks the line protocol of harness/peer.ts; the formulas of the inputs are those of data.ts.
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PARALLEL _Pragma("omp parallel for schedule(static)")
#define KERNEL static __attribute__((noinline)) void

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static inline double hash01(uint32_t i, uint32_t seed) {
  uint32_t h = (i + seed) * 2654435761u;
  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 12;
  h *= 0x297a2d39u;
  h ^= h >> 15;
  return (h >> 8) / 16777216.0;
}

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
  }                                                                                                     \
  KERNEL fillStream_##T(long n, T *x, T *y, T *z, int forSum) {                                         \
    PARALLEL for (long i = 0; i < n; i++) {                                                             \
      x[i] = forSum ? hash01(i, 0) + 0.5 : hash01(i, 0) * 8 - 4;                                        \
      if (y) y[i] = hash01(i, 12345) * 4 - 2;                                                           \
      if (z) z[i] = 0;                                                                                  \
    }                                                                                                   \
  }
STREAMS(float)
STREAMS(double)

KERNEL fused(long n, float *restrict out, const float *restrict x, const float *restrict y) {
  PARALLEL for (long i = 0; i < n; i++) out[i] = sinf(x[i]) * expf(-y[i]) + sqrtf(fabsf(x[i] * y[i]));
}

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

KERNEL nBody(int n, const float *restrict X, const float *restrict Y, const float *restrict Z, const float *restrict M,
             float *restrict AX, float *restrict AY, float *restrict AZ) {
  PARALLEL for (int i = 0; i < n; i++) {
    float xi = X[i], yi = Y[i], zi = Z[i], ax = 0, ay = 0, az = 0;
    for (int j = 0; j < n; j++) {
      float dx = X[j] - xi, dy = Y[j] - yi, dz = Z[j] - zi;
      float inverse = 1.0f / sqrtf(dx * dx + dy * dy + dz * dz + 1e-3f);
      float s = M[j] * inverse * inverse * inverse;
      ax += s * dx;
      ay += s * dy;
      az += s * dz;
    }
    AX[i] = ax;
    AY[i] = ay;
    AZ[i] = az;
  }
}

static inline float normal(float d) {
  float k = 1 / (1 + 0.2316419f * fabsf(d));
  float series = k * (0.31938153f + k * (-0.356563782f + k * (1.781477937f + k * (-1.821255978f + k * 1.330274429f))));
  float tail = 0.39894228040143267794f * expf(-0.5f * d * d) * series;
  return d > 0 ? 1 - tail : tail;
}
KERNEL blackScholes(long n, const float *restrict S, const float *restrict X, const float *restrict T,
                    float *restrict call, float *restrict put) {
  const float r = 0.02f, v = 0.3f;
  PARALLEL for (long i = 0; i < n; i++) {
    float s = S[i], x = X[i], t = T[i], rootT = v * sqrtf(t);
    float d1 = (logf(s / x) + (r + 0.5f * v * v) * t) / rootT, d2 = d1 - rootT;
    float n1 = normal(d1), n2 = normal(d2), discounted = x * expf(-r * t);
    call[i] = s * n1 - discounted * n2;
    put[i] = discounted * (1 - n2) - s * (1 - n1);
  }
}

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
// Rows are n + 16 apart: with a power of two, a column of a block would fall into one set of the cache.
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

static volatile int sink;
KERNEL empty(void) {
  PARALLEL for (int i = 0; i < 256; i++) if (i < 0) sink = i;
}

// ---- the peer's side of the protocol

static void *held[16];
static int heldCount;
static void *take(size_t bytes) {
  void *p = NULL;
  if (posix_memalign(&p, 1 << 21, bytes + (1 << 21))) abort();
  return held[heldCount++] = p;
}
static void release(void) {
  while (heldCount > 0) free(held[--heldCount]);
}

static char id[64];
static long n;
static int lanes;
static void *a, *b, *c, *d, *e;
static double value;
static int is(const char *name) { return strcmp(id, name) == 0; }

#define WEIGHTED(T, array, length, place) \
  for (long i_ = 0; i_ < (long)(length); i_++) s += fabs((double)((T *)(array))[i_]) * hash01((place) + i_, 99);

static int prepare(void) {
  value = NAN;
  int f32 = strstr(id, "_f32") != NULL;
  if (is("limit_f64")) strcpy(id, "triad_f64");
  if (is("copy_f32") || is("copy_f64") || is("saxpy_f32") || is("saxpy_f64") || is("triad_f32") || is("triad_f64") ||
      is("sum_f32") || is("sum_f64") || is("fused_f32")) {
    size_t bytes = n * (f32 ? 4 : 8);
    int sum = strncmp(id, "sum", 3) == 0, three = is("fused_f32") || strncmp(id, "triad", 5) == 0;
    a = take(bytes);
    b = sum ? NULL : take(bytes);
    c = three ? take(bytes) : NULL;
    if (f32) fillStream_float(n, a, b, c, sum);
    else fillStream_double(n, a, b, c, sum);
  } else if (is("mandelbrot_f32") || is("mandelbrot_f64")) {
    a = take(n * n * 4);
  } else if (is("n-body_f32")) {
    float *p = a = take(n * 16), *q = b = take(n * 12);
    for (long i = 0; i < n; i++) {
      p[i] = hash01(i, 1) * 2 - 1;
      p[n + i] = hash01(i, 22222) * 2 - 1;
      p[2 * n + i] = hash01(i, 333333) * 2 - 1;
      p[3 * n + i] = hash01(i, 4444444) + 0.1;
      q[i] = q[n + i] = q[2 * n + i] = 0;
    }
  } else if (is("black-scholes_f32")) {
    float *p = a = take(n * 12), *q = b = take(n * 8);
    PARALLEL for (long i = 0; i < n; i++) {
      p[i] = 5 + 25 * hash01(i, 1);
      p[n + i] = 1 + 99 * hash01(i, 22222);
      p[2 * n + i] = 0.25 + 9.75 * hash01(i, 333333);
      q[i] = q[n + i] = 0;
    }
  } else if (is("histogram_f32")) {
    float *p = a = take(n * 4);
    PARALLEL for (long i = 0; i < n; i++) p[i] = hash01(i, 0);
    b = take(1024);
  } else if (is("prefix-sum_f32")) {
    float *p = a = take(n * 4), *q = b = take(n * 4);
    PARALLEL for (long i = 0; i < n; i++) p[i] = hash01(i, 0), q[i] = 0;
  } else if (is("prefix-sum_i32")) {
    int *p = a = take(n * 4), *q = b = take(n * 4);
    PARALLEL for (long i = 0; i < n; i++) p[i] = (int)(hash01(i, 0) * 16), q[i] = 0;
  } else if (is("spmv_f64")) {
    long rows = n * n * n, entries = 7 * rows - 6 * n * n, p = 0, s = n * n;
    int *start = a = take((rows + 1) * 4), *column = b = take(entries * 4);
    double *v = c = take(entries * 8), *u = d = take(rows * 8);
    e = take(rows * 8);
    PARALLEL for (long r = 0; r < rows; r++) u[r] = hash01(r, 7), ((double *)e)[r] = 0;
#define PUT(where, what) (column[p] = (int)(where), v[p++] = (what))
    for (long r = 0; r < rows; r++) {
      long i = r % n, j = r / n % n, k = r / s;
      start[r] = (int)p;
      if (k > 0) PUT(r - s, -1.0625);
      if (j > 0) PUT(r - n, -1.0625);
      if (i > 0) PUT(r - 1, -1.0625);
      PUT(r, 6.4375);
      if (i < n - 1) PUT(r + 1, -1.0625);
      if (j < n - 1) PUT(r + n, -1.0625);
      if (k < n - 1) PUT(r + s, -1.0625);
    }
    start[rows] = (int)p;
  } else if (is("floyd-warshall_f32")) {
    long stride = n + 16;
    float *p = b = take(n * stride * 4);
    a = take(n * stride * 4);
    for (long i = 0; i < n * stride; i++) p[i] = 0;
    for (long i = 0; i < n; i++)
      for (long j = 0; j < n; j++)
        if (i != j) p[i * stride + j] = 1 + 99 * hash01(i * n + j, 5);
  } else if (is("life_u8")) {
    uint8_t *p = c = take(n * n);
    a = take(n * n);
    b = memset(take(n * n), 0, n * n);
    for (long i = 0; i < n * n; i++) {
      long row = i / n, col = i % n;
      p[i] = row > 0 && row < n - 1 && col > 0 && col < n - 1 && hash01(i, 9) < 0.35;
    }
  } else if (is("empty-awake") || is("empty-parked")) {
  } else return 0;
  return 1;
}

static void before(void) {
  if (is("floyd-warshall_f32")) memcpy(a, b, n * (n + 16) * 4);
  if (is("life_u8")) memcpy(a, c, n * n);
}

static void run(void) {
  if (is("copy_f32")) copy_float(n, b, a);
  else if (is("copy_f64")) copy_double(n, b, a);
  else if (is("triad_f32")) triad_float(n, c, a, b);
  else if (is("triad_f64")) triad_double(n, c, a, b);
  else if (is("saxpy_f32")) saxpy_float(n, b, a);
  else if (is("saxpy_f64")) saxpy_double(n, b, a);
  else if (is("sum_f32")) value = sum_float(n, a);
  else if (is("sum_f64")) value = sum_double(n, a);
  else if (is("fused_f32")) fused(n, c, a, b);
  else if (is("mandelbrot_f32")) (lanes ? mandelbrotLanes_float : mandelbrot_float)(n, a);
  else if (is("mandelbrot_f64")) (lanes ? mandelbrotLanes_double : mandelbrot_double)(n, a);
  else if (is("n-body_f32")) {
    float *p = a, *q = b;
    nBody(n, p, p + n, p + 2 * n, p + 3 * n, q, q + n, q + 2 * n);
  } else if (is("black-scholes_f32")) {
    float *p = a, *q = b;
    blackScholes(n, p, p + n, p + 2 * n, q, q + n);
  } else if (is("histogram_f32")) histogram(n, a, b);
  else if (is("prefix-sum_f32")) prefix_float(n, a, b);
  else if (is("prefix-sum_i32")) prefix_int(n, a, b);
  else if (is("spmv_f64")) spmv(n * n * n, a, b, c, d, e);
  else if (is("floyd-warshall_f32")) floydWarshall(n, a);
  else if (is("life_u8")) for (int k = 0; k < 10; k++) k % 2 ? life(n, b, a) : life(n, a, b);
  else empty();
}

static double checksum(void) {
  double s = 0;
  if (strncmp(id, "sum", 3) == 0) return value;
  if (is("copy_f32") || is("saxpy_f32")) WEIGHTED(float, b, n, 0)
  if (is("copy_f64") || is("saxpy_f64")) WEIGHTED(double, b, n, 0)
  if (is("triad_f32") || is("fused_f32")) WEIGHTED(float, c, n, 0)
  if (is("triad_f64")) WEIGHTED(double, c, n, 0)
  if (strncmp(id, "mandelbrot", 10) == 0) WEIGHTED(int, a, n * n, 0)
  if (is("n-body_f32")) WEIGHTED(float, b, 3 * n, 0)
  if (is("black-scholes_f32")) WEIGHTED(float, b, 2 * n, 0)
  if (is("histogram_f32")) WEIGHTED(int, b, 256, 0)
  if (is("prefix-sum_f32")) WEIGHTED(float, b, n, 0)
  if (is("prefix-sum_i32")) WEIGHTED(int, b, n, 0)
  if (is("spmv_f64")) WEIGHTED(double, e, n * n * n, 0)
  if (is("floyd-warshall_f32"))
    for (long i = 0; i < n; i++) WEIGHTED(float, (float *)a + i * (n + 16), n, i * n)
  if (is("life_u8")) WEIGHTED(uint8_t, a, n * n, 0)
  return s;
}

int main(int argc, char **argv) {
  lanes = argc > 2 && strcmp(argv[2], "lanes") == 0;
  char line[256];
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("{\"who\":\"%s\"}\n", argc > 1 ? argv[1] : "C");
  int threads = 1, ready = 0;
  while (fgets(line, sizeof line, stdin)) {
    long warm, inner;
    if (strncmp(line, "quit", 4) == 0) break;
    if (sscanf(line, "prepare %63s %ld %d", id, &n, &threads) == 3) {
      release();
      omp_set_num_threads(threads);
      ready = (!lanes || strncmp(id, "mandelbrot", 10) == 0) && prepare();
      if (!ready) {
        printf("{\"skip\":\"%s\"}\n", lanes ? "only Mandelbrot is blocked by hand" : "not written in C");
        continue;
      }
      before();
      run();
      if (strncmp(id, "empty", 5) == 0) printf("{\"checksum\":0,\"threads\":%d}\n", threads);
      else printf("{\"checksum\":%.17g,\"threads\":%d}\n", checksum(), threads);
    } else if (sscanf(line, "rep %ld %ld", &warm, &inner) == 2 && ready) {
      double seconds = 0;
      for (long k = 0; k < warm; k++) before(), run();
      if (is("empty-parked")) {
        for (long k = 0; k < inner; k++) {
          usleep(50000);
          double from = now();
          run();
          seconds += now() - from;
        }
      } else {
        before();
        double from = now();
        for (long k = 0; k < inner; k++) run();
        seconds = now() - from;
      }
      printf("{\"seconds\":%.9g}\n", seconds / inner);
    } else printf("{\"error\":\"not understood\"}\n");
  }
  return 0;
}
