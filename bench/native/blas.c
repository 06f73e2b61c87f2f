// Matrix products by OpenBLAS, which is opened when it runs: `blas <who> <library> <prefix of its names>`. A batch is a loop over its
// products, each on one thread; dealt to all threads only if they are large, since OpenBLAS takes a lock for each.
#include "../kernels/peer.h"
#include <dlfcn.h>

enum { rowMajor = 101, plainly = 111, turned = 112 };
typedef void (*Sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void (*Dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
typedef void (*Sgemv)(int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void (*Dgemv)(int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
static Sgemv sgemv;
static Dgemv dgemv;
typedef void (*Complex)(int, int, int, int, int, int, const void *, const void *, int, const void *, int, const void *, void *, int);
static Sgemm sgemm;
static Dgemm dgemm;
static Complex cgemm, zgemm;
static void (*setThreads)(int);

static void product(void *x, void *y, void *z) {
  static const float one[] = {1, 0}, none[] = {0, 0};
  static const double oneWide[] = {1, 0}, noneWide[] = {0, 0};
  if (kind == C64) cgemm(rowMajor, plainly, plainly, n, n, n, one, x, n, y, n, none, z, n);
  else if (kind == C128) zgemm(rowMajor, plainly, plainly, n, n, n, oneWide, x, n, y, n, noneWide, z, n);
  else if (kind == F32) sgemm(rowMajor, plainly, plainly, n, n, n, 1, x, n, y, n, 0, z, n);
  else dgemm(rowMajor, plainly, plainly, n, n, n, 1, x, n, y, n, 0, z, n);
}

static void run(void) {
  setThreads(is("batch") ? 1 : omp_get_max_threads());
  if (is("gemm")) {
    product(a, b, c);
    return;
  }
  if (is("gemv") || is("gemv-turned")) {
    int way = is("gemv") ? plainly : turned;
    if (kind == F32) sgemv(rowMajor, way, n, n, 1, a, n, b, 1, 0, c, 1);
    else dgemv(rowMajor, way, n, n, 1, a, n, b, 1, 0, c, 1);
    return;
  }
  long bytes = n * n * widths[kind], count = batchCount();
#pragma omp parallel for schedule(static) if (n >= 64)
  for (long p = 0; p < count; p++)
    product((char *)a + p * bytes, (char *)b + p * bytes, (char *)c + p * bytes);
}

static int takes(void) {
  return (is("gemm") || is("batch") || is("gemv") || is("gemv-turned")) && kind != I8 && kind != BF16;
}

static void *find(void *library, const char *prefix, const char *called) {
  char text[128];
  snprintf(text, sizeof text, "%s%s", prefix, called);
  void *found = dlsym(library, text);
  if (!found) fprintf(stderr, "Error: no %s in it\n", text);
  return found;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  void *library = dlopen(argv[2], RTLD_NOW);
  if (!library) return fprintf(stderr, "Error: %s\n", dlerror()), 1;
  sgemm = (Sgemm)find(library, argv[3], "cblas_sgemm");
  dgemm = (Dgemm)find(library, argv[3], "cblas_dgemm");
  sgemv = (Sgemv)find(library, argv[3], "cblas_sgemv");
  dgemv = (Dgemv)find(library, argv[3], "cblas_dgemv");
  cgemm = (Complex)find(library, argv[3], "cblas_cgemm");
  zgemm = (Complex)find(library, argv[3], "cblas_zgemm");
  setThreads = (void (*)(int))find(library, argv[3], "openblas_set_num_threads");
  if (!sgemm || !dgemm || !sgemv || !dgemv || !cgemm || !zgemm || !setThreads) return 1;
  char *(*core)(void) = (char *(*)(void))find(library, argv[3], "openblas_get_corename");
  char who[256];
  snprintf(who, sizeof who, "%s (%s)", argv[1], core ? core() : "unknown processor");
  return servePeer(who, takes, run);
}
