// Kernels written by hand for wasm SIMD: the best that 128-bit vectors give, to compare Skein's generated code with.
// Built twice by clang: with relaxed multiply-add, and (-DSTRICT) with a rounding after each operation.
// The unroll factors were picked by measuring on an AVX-512 Xeon under V8.
#include <stdint.h>

typedef float vf __attribute__((vector_size(16)));
typedef float vfu __attribute__((vector_size(16), aligned(4)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef int32_t viu __attribute__((vector_size(16), aligned(4)));
typedef double vd __attribute__((vector_size(16)));
typedef int64_t vl __attribute__((vector_size(16)));
typedef signed char vc __attribute__((vector_size(16)));

#define IN static inline __attribute__((always_inline))
#define EXPORT __attribute__((visibility("default")))
#define UNROLL _Pragma("clang loop unroll(full)")

IN vf load(const float *p) { return *(const vfu *)p; }
IN void store(float *p, vf v) { *(vfu *)p = v; }
IN vf all(float x) { return (vf){x, x, x, x}; }
IN vd alld(double x) { return (vd){x, x}; }

#ifdef STRICT
#define MADD(a, b, c) ((a) * (b) + (c))
#define NMADD(a, b, c) ((c) - (a) * (b))
#define MADDD(a, b, c) ((a) * (b) + (c))
#else
#define MADD(a, b, c) __builtin_wasm_relaxed_madd_f32x4(a, b, c)
#define NMADD(a, b, c) __builtin_wasm_relaxed_nmadd_f32x4(a, b, c)
#define MADDD(a, b, c) __builtin_wasm_relaxed_madd_f64x2(a, b, c)
#endif

void *memset(void *d, int c, unsigned long n) {
  char *p = d;
  for (unsigned long i = 0; i < n; i++) {
    p[i] = (char)c;
    __asm__ volatile("");
  }
  return d;
}

// Rows from, from + step, … of n × n pixels. Eight vectors in flight hide the latency of the recurrence; whether all
// lanes have left is asked every fourth iteration only, because a lane that left no longer counts.
enum { U = 8 };
EXPORT void mandelbrot32(int n, int from, int step, int *out) {
  for (int row = from; row < n; row += step) {
    vf cy = all((float)(-1.25 + 2.5 * row / n));
    for (int c0 = 0; c0 < n; c0 += U * 4) {
      vf cx[U], x[U], y[U];
      vi k[U];
      for (int u = 0; u < U; u++) {
        for (int l = 0; l < 4; l++) cx[u][l] = (float)(-2.0 + 2.5 * (c0 + u * 4 + l) / n);
        x[u] = y[u] = all(0);
        k[u] = (vi){0};
      }
      for (int it = 0; it < 256; it += 4) {
        vi any;
        UNROLL for (int q = 0; q < 4; q++) {
          any = (vi){0};
          UNROLL for (int u = 0; u < U; u++) {
            vf y2 = y[u] * y[u], r2 = MADD(x[u], x[u], y2), t = x[u] + x[u];
            vi in = r2 <= all(4);
            k[u] -= in;
            any |= in;
            y[u] = MADD(t, y[u], cy);
            x[u] = MADD(x[u], x[u], cx[u] - y2);
          }
        }
        if (!__builtin_wasm_any_true_v128((vc)any)) break;
      }
      for (int u = 0; u < U; u++) *(viu *)(out + (long)row * n + c0 + u * 4) = k[u];
    }
  }
}

EXPORT void mandelbrot64(int n, int from, int step, int *out) {
  for (int row = from; row < n; row += step) {
    vd cy = alld(-1.25 + 2.5 * row / n);
    for (int c0 = 0; c0 < n; c0 += U * 2) {
      vd cx[U], x[U], y[U];
      vl k[U];
      for (int u = 0; u < U; u++) {
        for (int l = 0; l < 2; l++) cx[u][l] = -2.0 + 2.5 * (c0 + u * 2 + l) / n;
        x[u] = y[u] = alld(0);
        k[u] = (vl){0};
      }
      for (int it = 0; it < 256; it += 4) {
        vl any;
        UNROLL for (int q = 0; q < 4; q++) {
          any = (vl){0};
          UNROLL for (int u = 0; u < U; u++) {
            vd y2 = y[u] * y[u], r2 = MADDD(x[u], x[u], y2), t = x[u] + x[u];
            vl in = r2 <= alld(4);
            k[u] -= in;
            any |= in;
            y[u] = MADDD(t, y[u], cy);
            x[u] = MADDD(x[u], x[u], cx[u] - y2);
          }
        }
        if (!__builtin_wasm_any_true_v128((vc)any)) break;
      }
      for (int u = 0; u < U; u++)
        for (int l = 0; l < 2; l++) out[(long)row * n + c0 + u * 2 + l] = (int)k[u][l];
    }
  }
}

// Bodies from … to of n; p holds x, y, z, mass, a receives the three accelerations, n numbers each.
enum { UN = 2 };
EXPORT void nbody(int n, int from, int to, const float *p, float *a) {
  const float *X = p, *Y = p + n, *Z = p + 2 * n, *M = p + 3 * n;
  for (int i = from; i < to; i++) {
    vf xi = all(X[i]), yi = all(Y[i]), zi = all(Z[i]), ax[UN], ay[UN], az[UN];
    for (int u = 0; u < UN; u++) ax[u] = ay[u] = az[u] = all(0);
    for (int j = 0; j < n; j += UN * 4) {
      UNROLL for (int u = 0; u < UN; u++) {
        int q = j + u * 4;
        vf dx = load(X + q) - xi, dy = load(Y + q) - yi, dz = load(Z + q) - zi;
        vf r2 = MADD(dx, dx, MADD(dy, dy, MADD(dz, dz, all(1e-3f))));
        vf v = all(1) / __builtin_wasm_sqrt_f32x4(r2), s = load(M + q) * v * (v * v);
        ax[u] = MADD(s, dx, ax[u]);
        ay[u] = MADD(s, dy, ay[u]);
        az[u] = MADD(s, dz, az[u]);
      }
    }
    for (int u = 1; u < UN; u++) {
      ax[0] += ax[u];
      ay[0] += ay[u];
      az[0] += az[u];
    }
    float sx = 0, sy = 0, sz = 0;
    for (int l = 0; l < 4; l++) {
      sx += ax[0][l];
      sy += ay[0][l];
      sz += az[0][l];
    }
    a[i] = sx;
    a[n + i] = sy;
    a[2 * n + i] = sz;
  }
}

// sin by a three-term reduction, exp by a two-term one, both by polynomials; error at most 9e-7 of max(1, |result|) for
// x in [-4,4], y in [-2,2]. Constants are loaded in the loop: V8 rebuilds a v128.const with several moves each time.
static const float constants[] = {
    12582912.0f, 1.44269504f, 0.693145752f, 1.42860677e-6f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
    1.6666665459e-1f, 5.0000001201e-1f, 1.0f, 0.318309886f, 3.140625f, 9.67502593994140625e-4f,
    1.509957990978376e-7f, 2.6083159809786593e-6f, -1.981069071916863e-4f, 8.33307858556509e-3f,
    -1.6666659712791443e-1f};
float table[32];
#define K(i) all(t[i])

IN vf vexp(vf x, const float *t) {
  vf magic = K(0), e = MADD(x, K(1), magic), q = e - magic;
  vf r = NMADD(q, K(2), x);
  r = NMADD(q, K(3), r);
  vf p = MADD(K(4), r, K(5));
  p = MADD(p, r, K(6));
  p = MADD(p, r, K(7));
  p = MADD(p, r, K(8));
  p = MADD(p, r * r, r) + K(9);
  return (vf)((vi)p + ((vi)e << 23));
}

IN vf vsin(vf x, const float *t) {
  vf magic = K(0), e = MADD(x, K(10), magic), q = e - magic;
  vf r = NMADD(q, K(11), x);
  r = NMADD(q, K(12), r);
  r = NMADD(q, K(13), r);
  vf s = r * r, p = MADD(K(14), s, K(15));
  p = MADD(p, s, K(16));
  p = MADD(p, s, K(17));
  p = MADD(p, s * r, r);
  return (vf)((vi)p ^ ((vi)e << 31));
}

EXPORT void fused(int from, int to, float *out, const float *x, const float *y) {
  for (int i = 0; i < 18; i++) table[i] = constants[i];
  const float *t = table;
  // Opaque to the compiler, so that the loads stay in the loop: stores to out might alias.
  __asm__ volatile("" : "+r"(t) : : "memory");
  for (int i = from; i < to; i += 4) {
    vf a = load(x + i), b = load(y + i);
    store(out + i, MADD(vsin(a, t), vexp(-b, t), __builtin_wasm_sqrt_f32x4(__builtin_wasm_abs_f32x4(a * b))));
  }
}
