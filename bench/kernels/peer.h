// A peer in C: inputs of every case, checksums, and its side of the line protocol of harness/peer.ts. The formulas of the inputs are those of data.ts.
// A program includes it, says which cases it takes and runs them.
#pragma once
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

// ---- the case: its name without dtype and without what only changes where and how often it is run, and its arrays

/// The last ones are of matrices alone.
enum Kind { F32, F64, I32, U8, C64, C128, I8, BF16, kinds };
static const int widths[] = {4, 8, 4, 1, 8, 16, 1, 2};
static char name[64];
static enum Kind kind;
static long n;
static void *a, *b, *c, *d, *e;
/// The result, where it is a number.
static double value;

static int is(const char *other) { return strcmp(name, other) == 0; }
static int isStream(void) { return is("copy") || is("triad") || is("saxpy") || is("sum") || is("fused"); }

static int readName(const char *id) {
  const char *dtype = strrchr(id, '_');
  const char *endings[] = {"_f32", "_f64", "_i32", "_u8", "_c64", "_c128", "_i8", "_bf16"};
  strcpy(name, id);
  kind = F64;
  for (int k = 0; dtype && k < kinds; k++)
    if (strcmp(dtype, endings[k]) == 0) {
      kind = k;
      name[dtype - id] = 0;
    }
  const char *suffixes[] = {"-outside", "-in-cache", "-alone"};
  for (int k = 0; k < 3; k++) {
    char *at = strstr(name, suffixes[k]);
    if (at) *at = 0;
  }
  if (is("limit")) strcpy(name, "triad");
  // The sizes are part of these names.
  if (strncmp(name, "gemm-", 5) == 0) name[4] = 0;
  if (strncmp(name, "batch-", 6) == 0) name[5] = 0;
  return 1;
}

// Pages of 2 MiB, if the system likes.
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

/// Of what the checksum is: rows of some length, that lie `stride` apart.
static struct Output {
  const void *at;
  long rows, length, stride;
  enum Kind kind;
} outputs[2];
static int outputCount;
static void output(const void *at, long length, enum Kind of) {
  outputs[outputCount++] = (struct Output){at, 1, length, 0, of};
}

static double checksum(void) {
  if (!outputCount) return value;
  double s = 0;
  uint32_t place = 0;
  for (int k = 0; k < outputCount; k++) {
    struct Output o = outputs[k];
    for (long row = 0; row < o.rows; row++)
      for (long col = 0; col < o.length; col++) {
        long i = row * o.stride + col;
        double v = o.kind == F32   ? ((float *)o.at)[i]
                   : o.kind == F64 ? ((double *)o.at)[i]
                   : o.kind == I32 ? ((int *)o.at)[i]
                                   : ((uint8_t *)o.at)[i];
        s += fabs(v) * hash01(place++, 99);
      }
  }
  return s;
}

// ---- inputs

/// Matrices of n × n in a batch: as many as make 65536 numbers.
static long batchCount(void) { return 65536 / (n * n); }
enum { generations = 10 };

#define INPUTS(T)                                                                              \
  static int prepare_##T(void) {                                                               \
    T *p, *q;                                                                                  \
    if (isStream()) {                                                                          \
      int isSum = is("sum"), hasTwo = is("triad") || is("fused");                              \
      T *x = a = take(n * sizeof(T)), *y = b = isSum ? NULL : take(n * sizeof(T));             \
      T *z = c = hasTwo ? take(n * sizeof(T)) : NULL;                                          \
      PARALLEL for (long i = 0; i < n; i++) {                                                  \
        x[i] = isSum ? hash01(i, 0) + 0.5 : hash01(i, 0) * 8 - 4;                              \
        if (y) y[i] = hash01(i, 12345) * 4 - 2;                                                \
        if (z) z[i] = 0;                                                                       \
      }                                                                                        \
      if (!isSum) output(hasTwo ? z : y, n, kind);                                             \
    } else if (is("n-body")) {                                                                 \
      p = a = take(4 * n * sizeof(T)), q = b = take(3 * n * sizeof(T));                        \
      for (long i = 0; i < n; i++) {                                                           \
        p[i] = hash01(i, 1) * 2 - 1;                                                           \
        p[n + i] = hash01(i, 22222) * 2 - 1;                                                   \
        p[2 * n + i] = hash01(i, 333333) * 2 - 1;                                              \
        p[3 * n + i] = hash01(i, 4444444) + 0.1;                                               \
        q[i] = q[n + i] = q[2 * n + i] = 0;                                                    \
      }                                                                                        \
      output(q, 3 * n, kind);                                                                  \
    } else if (is("black-scholes")) {                                                          \
      p = a = take(3 * n * sizeof(T)), q = b = take(2 * n * sizeof(T));                        \
      PARALLEL for (long i = 0; i < n; i++) {                                                  \
        p[i] = 5 + 25 * hash01(i, 1);                                                          \
        p[n + i] = 1 + 99 * hash01(i, 22222);                                                  \
        p[2 * n + i] = 0.25 + 9.75 * hash01(i, 333333);                                        \
        q[i] = q[n + i] = 0;                                                                   \
      }                                                                                        \
      output(q, 2 * n, kind);                                                                  \
    } else if (is("gemm") || is("batch")) {                                                    \
      long numbers = n * n * (is("batch") ? batchCount() : 1);                                 \
      T *x = a = take(numbers * sizeof(T)), *y = b = take(numbers * sizeof(T));                \
      T *z = c = take(numbers * sizeof(T));                                                    \
      PARALLEL for (long i = 0; i < numbers; i++)                                              \
        x[i] = hash01(i, 0) * 2 - 1, y[i] = hash01(i, 12345) * 2 - 1, z[i] = 0;                \
      output(z, numbers, kind);                                                                \
    } else if (is("gemv") || is("gemv-turned")) {                                              \
      T *x = a = take(n * n * sizeof(T)), *y = b = take(n * sizeof(T));                        \
      T *z = c = take(n * sizeof(T));                                                          \
      PARALLEL for (long i = 0; i < n * n; i++) x[i] = hash01(i, 0) * 2 - 1;                   \
      for (long i = 0; i < n; i++) y[i] = hash01(i, 12345) * 2 - 1, z[i] = 0;                  \
      output(z, n, kind);                                                                      \
    } else if (is("heat")) {                                                                   \
      T *x = a = take(n * n * sizeof(T)), *y = b = take(n * n * sizeof(T));                    \
      T *z = c = take(n * n * sizeof(T));                                                      \
      PARALLEL for (long i = 0; i < n * n; i++) x[i] = y[i] = z[i] = hash01(i, 9) * 100;       \
      output(x, n * n, kind);                                                                  \
    } else return 0;                                                                           \
    return 1;                                                                                  \
  }
INPUTS(float)
INPUTS(double)

/// Matrices whose elements are not numbers of C.
static int prepareProduct(void) {
  long numbers = n * n;
  a = take(numbers * widths[kind]), b = take(numbers * widths[kind]);
  if (kind == I8) {
    int8_t *x = a, *y = b;
    PARALLEL for (long i = 0; i < numbers; i++)
      x[i] = (int)(hash01(i, 0) * 256) - 128, y[i] = (int)(hash01(i, 12345) * 256) - 128;
    output(c = take(numbers * 4), numbers, I32);
  } else if (kind == BF16) {
    uint16_t *x = a, *y = b;
    PARALLEL for (long i = 0; i < numbers; i++) {
      union { float number; uint32_t bits; } p = {hash01(i, 0) * 2 - 1}, q = {hash01(i, 12345) * 2 - 1};
      x[i] = p.bits >> 16, y[i] = q.bits >> 16;
    }
    output(c = take(numbers * 4), numbers, F32);
  } else if (kind == C64) {
    float *x = a, *y = b;
    PARALLEL for (long i = 0; i < 2 * numbers; i++) x[i] = hash01(i, 0) * 2 - 1, y[i] = hash01(i, 12345) * 2 - 1;
    output(c = take(numbers * 8), 2 * numbers, F32);
  } else {
    double *x = a, *y = b;
    PARALLEL for (long i = 0; i < 2 * numbers; i++) x[i] = hash01(i, 0) * 2 - 1, y[i] = hash01(i, 12345) * 2 - 1;
    output(c = take(numbers * 16), 2 * numbers, F64);
  }
  return 1;
}

static int prepare(void) {
  value = NAN;
  outputCount = 0;
  if (is("mandelbrot")) output(a = take(n * n * 4), n * n, I32);
  else if (is("histogram")) {
    float *p = a = take(n * 4);
    PARALLEL for (long i = 0; i < n; i++) p[i] = hash01(i, 0);
    output(b = take(1024), 256, I32);
  } else if (is("prefix-sum")) {
    a = take(n * 4), b = take(n * 4);
    if (kind == F32) {
      float *p = a, *q = b;
      PARALLEL for (long i = 0; i < n; i++) p[i] = hash01(i, 0), q[i] = 0;
    } else {
      int *p = a, *q = b;
      PARALLEL for (long i = 0; i < n; i++) p[i] = (int)(hash01(i, 0) * 16), q[i] = 0;
    }
    output(b, n, kind);
  } else if (is("spmv")) {
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
    output(e, rows, F64);
  } else if (is("floyd-warshall")) {
    // Rows are n + 16 apart: with a power of two, a column of a block would fall into one set of the cache.
    long stride = n + 16;
    float *p = c = take(n * stride * 4);
    a = take(n * stride * 4);
    for (long i = 0; i < n * stride; i++) p[i] = 0;
    for (long i = 0; i < n; i++)
      for (long j = 0; j < n; j++)
        if (i != j) p[i * stride + j] = 1 + 99 * hash01(i * n + j, 5);
    outputs[outputCount++] = (struct Output){a, n, n, stride, F32};
  } else if (is("life")) {
    uint8_t *p = c = take(n * n);
    a = take(n * n);
    b = memset(take(n * n), 0, n * n);
    for (long i = 0; i < n * n; i++) {
      long row = i / n, col = i % n;
      p[i] = row > 0 && row < n - 1 && col > 0 && col < n - 1 && hash01(i, 9) < 0.35;
    }
    output(a, n * n, U8);
  } else if (is("empty-awake") || is("empty-parked")) value = 0;
  else if (kind > U8) return is("gemm") && prepareProduct();
  else return kind == F32 ? prepare_float() : prepare_double();
  return 1;
}

/// Puts back what a run destroys.
static void before(void) {
  if (is("floyd-warshall")) memcpy(a, c, n * (n + 16) * 4);
  if (is("life")) memcpy(a, c, n * n);
  if (is("heat")) memcpy(a, c, n * n * widths[kind]);
}

// ---- the protocol

/// @param takes whether the program has the case; run: runs it once
static int servePeer(const char *who, int (*takes)(void), void (*run)(void)) {
  char line[256], id[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("{\"who\":\"%s\"}\n", who);
  int threads = 1, ready = 0;
  while (fgets(line, sizeof line, stdin)) {
    long warm, inner;
    if (strncmp(line, "quit", 4) == 0) break;
    if (sscanf(line, "prepare %63s %ld %d", id, &n, &threads) == 3) {
      release();
      omp_set_num_threads(threads);
      readName(id);
      ready = takes() && prepare();
      if (!ready) {
        printf("{\"skip\":\"not written for it\"}\n");
        continue;
      }
      before();
      run();
      printf("{\"checksum\":%.17g,\"threads\":%d}\n", checksum(), threads);
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
