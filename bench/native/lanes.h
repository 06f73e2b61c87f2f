// The cases on vectors of one type, by hand: included with REAL float and double, in vectors of VB bytes. What is strict rounds after each operation
// (-ffp-contract=off), as Skein's kernels do; with -DFAST and contraction it has fused multiply-add and the processor's estimate of 1/√x.
// exp, log and sin are those of compute/kernel/src/math, so that equal arithmetic is compared.
#define GLUE_(x, y) x##_##y
#define GLUE(x, y) GLUE_(x, y)
#define N(x) GLUE(x, REAL)
#undef I
#define V N(v)
#define I N(i)
#define IS_F32 (sizeof(REAL) == 4)

typedef REAL V __attribute__((vector_size(VB)));
typedef REAL N(u) __attribute__((vector_size(VB), aligned(sizeof(REAL)), may_alias));
typedef WHOLE I __attribute__((vector_size(VB)));
enum { N(lanes) = VB / sizeof(REAL) };
#define L N(lanes)

static inline V N(load)(const REAL *p) { return *(const N(u) *)p; }
static inline void N(store)(REAL *p, V v) { *(N(u) *)p = v; }
#define load N(load)
#define store N(store)
#define all(x) ((V){} + (REAL)(x))
#define allI(x) ((I){} + (WHOLE)(x))
#define choose(m, x, y) ((V)(((I)(m) & (I)(x)) | (~(I)(m) & (I)(y))))
#define absolute(x) ((V)((I)(x) & allI(~((WHOLE)1 << (8 * sizeof(REAL) - 1)))))

static inline V N(root)(V x) {
#if VB == 64
  return IS_F32 ? (V)_mm512_sqrt_ps((__m512)x) : (V)_mm512_sqrt_pd((__m512d)x);
#elif VB == 32
  return IS_F32 ? (V)_mm256_sqrt_ps((__m256)x) : (V)_mm256_sqrt_pd((__m256d)x);
#else
  return IS_F32 ? (V)_mm_sqrt_ps((__m128)x) : (V)_mm_sqrt_pd((__m128d)x);
#endif
}

static inline V N(inverseRoot)(V x) {
#if defined FAST && VB == 64
  // Newton's step doubles the 14 bits of the estimate; f64 takes two.
  V y = IS_F32 ? (V)_mm512_rsqrt14_ps((__m512)x) : (V)_mm512_rsqrt14_pd((__m512d)x), h = y * (REAL)0.5;
  y = h * (1 - x * y * y) + y;
  if (IS_F32) return y;
  h = y * (REAL)0.5;
  return h * (1 - x * y * y) + y;
#else
  return 1 / N(root)(x);
#endif
}

/// Whether any lane is set of a comparison's result.
static inline int N(any)(I m) {
#if VB == 64
  return IS_F32 ? _mm512_test_epi32_mask((__m512i)m, (__m512i)m) != 0 : _mm512_test_epi64_mask((__m512i)m, (__m512i)m) != 0;
#elif VB == 32
  return !_mm256_testz_si256((__m256i)m, (__m256i)m);
#else
  return _mm_movemask_epi8((__m128i)m) != 0;
#endif
}

// ---- functions of Math. Where they have no code for an argument they tell it in `rare`, and the caller does its vector again, one by one.

#define MAGIC ((REAL)(IS_F32 ? 12582912.0 : 6755399441055744.0))
enum { N(mantissa) = sizeof(REAL) == 4 ? 23 : 52 };

/// c[0] + c[1] x + …: by Horner's rule, long ones in two chains.
static inline __attribute__((always_inline)) V N(polynomial)(V x, const REAL *k, int count) {
  V p;
  if (IS_F32 || count < 6) {
    p = all(k[count - 1]);
#pragma GCC unroll 16
    for (int i = count - 2; i >= 0; i--) p = p * x + k[i];
    return p;
  }
  V y = x * x, q = all(k[count - 1 - count % 2]);
  p = all(k[count - 2 + count % 2]);
#pragma GCC unroll 16
  for (int i = count - 3 - count % 2; i >= 1; i -= 2) q = q * y + k[i];
#pragma GCC unroll 16
  for (int i = count - 4 + count % 2; i >= 1; i -= 2) p = p * y + k[i];
  // k[1], k[3] … and k[2], k[4] …
  return (q + p * x) * x + k[0];
}

static inline __attribute__((always_inline)) V N(exponential)(V x) {
  static const REAL f32[] = {0.49999994, 0.166665122, 0.0416690856, 0.00837029237, 0.00137804064};
  static const REAL f64[] = {0.5000000000000011,    0.16666666666666413,  0.04166666666653026,  0.008333333333494349,
                             0.0013888888943599765, 0.0001984126950674667, 2.4801493133631723e-5, 2.755758629166966e-6,
                             2.7630234972619825e-7, 2.5000066352604553e-8};
  V t = x * (REAL)1.4426950408889634 + MAGIC, q = t - MAGIC;
  V r = x - q * (REAL)(IS_F32 ? 0.693145751953125 : 0.6931471805598903);
  r = r - q * (REAL)(IS_F32 ? 1.428606765330187e-6 : 5.497923018708371e-14);
  V p = (IS_F32 ? N(polynomial)(r, f32, 5) : N(polynomial)(r, f64, 10)) * (r * r) + r + 1;
  V y = (V)((I)p + ((I)t << N(mantissa)));
  if (N(any)((I)(absolute(x) > (REAL)(IS_F32 ? 87.33 : 708.39)))) {
    // The result may not be normal: two factors, so that it is rounded once.
    const WHOLE bias = IS_F32 ? 127 : 1023;
    const REAL saturates = IS_F32 ? 150 : 1000;
    I k = (I)t - (I)all(MAGIC), half = k >> 1;
    y = p * (V)((half + bias) << N(mantissa)) * (V)((k - half + bias) << N(mantissa));
    y = choose(x < -saturates, all(0), choose(x > saturates, all(INFINITY), y));
  }
  return y;
}

static inline __attribute__((always_inline)) V N(logarithm)(V x, I *rare) {
  static const REAL f32[] = {0.6666677594184875, 0.399774968624115, 0.298730731010437};
  static const REAL f64[] = {0.6666666666666734, 0.3999999999941434,  0.28571428742472477, 0.2222219856364367,
                             0.181835648617608,  0.15314035898408324, 0.14796105287459915};
  const WHOLE lowest = IS_F32 ? 0x3f3504f3 : (WHOLE)0x3fe6a09e667f3bcd;
  I offset = (I)x - lowest, place = offset & allI(~(((WHOLE)1 << N(mantissa)) - 1));
  V m = (V)((I)x - place), k = __builtin_convertvector(offset >> N(mantissa), V);
  V f = m - 1, s = f / (f + 2), z = s * s;
  V rest = (IS_F32 ? N(polynomial)(z, f32, 3) : N(polynomial)(z, f64, 7)) * z;
  V near = f - s * (f - rest);
  V y = near + k * (REAL)(IS_F32 ? 1.428606765330187e-6 : 5.497923018708371e-14);
  // As whole numbers: denormal, negative, infinite and NaN lie outside.
  const WHOLE tiny = (WHOLE)1 << N(mantissa), infinite = IS_F32 ? 0x7f800000 : (WHOLE)0x7ff0000000000000;
  *rare |= ((I)x < tiny) | ((I)x >= infinite);
  return y + k * (REAL)(IS_F32 ? 0.693145751953125 : 0.6931471805598903);
}

static inline __attribute__((always_inline)) V N(sine)(V x, I *rare) {
  static const REAL f32[] = {0.166666612, -0.00833307579, 0.000198095906, -2.60539741e-6};
  static const REAL f64[] = {0.16666666666666666,    -0.008333333333333194,   0.00019841269841209183,
                             -2.7557319211130876e-6, 2.5052106872196485e-8,   -1.6058939674546297e-10,
                             7.642990651999791e-13,  -2.721165936595307e-15};
  V t = x * (REAL)0.3183098861837907 + MAGIC, q = t - MAGIC;
  V first = x - q * (REAL)(IS_F32 ? 3.14154052734375 : 3.1415926535846666);
  V second = q * (REAL)(IS_F32 ? 5.212612450122833e-5 : 5.1266883031679116e-12);
  V high = first - second, low = q * (REAL)(IS_F32 ? 1.215420125655342e-10 : 2.1125998133974855e-23);
  V r = IS_F32 ? high : high - (low + (second - (first - high))), s = r * r;
  V rest = r * s * (IS_F32 ? N(polynomial)(s, f32, 4) : N(polynomial)(s, f64, 8));
  *rare |= (I)(absolute(x) > (REAL)(IS_F32 ? 350 : 2e5));
  return (V)((I)(r - (IS_F32 ? low + rest : rest)) ^ ((I)t << (8 * sizeof(REAL) - 1)));
}

// ---- streams: what is larger than the caches is stored past them

/// Bytes that a thread's part has to have for stores past the caches.
enum { N(large) = 4 << 20 };

static inline void N(pass)(REAL *p, V v) {
#if VB == 64
  _mm512_stream_ps((float *)p, (__m512)v);
#elif VB == 32
  _mm256_stream_ps((float *)p, (__m256)v);
#else
  _mm_stream_ps((float *)p, (__m128)v);
#endif
}

/// out[i] = x[i] + s · y[i]; a copy where y is NULL.
KERNEL N(triad)(long n, REAL *out, const REAL *x, const REAL *y, REAL s) {
#pragma omp parallel
  {
    long from, to, i;
    part(n, &from, &to);
    int isPast = (to - from) * (long)sizeof(REAL) > N(large) && (uintptr_t)(out + from) % VB == 0;
    i = from;
    if (y && isPast) for (; i + L <= to; i += L) N(pass)(out + i, load(x + i) + s * load(y + i));
    else if (y) for (; i + L <= to; i += L) store(out + i, load(x + i) + s * load(y + i));
    else if (isPast) for (; i + L <= to; i += L) N(pass)(out + i, load(x + i));
    else for (; i + L <= to; i += L) store(out + i, load(x + i));
    for (; i < to; i++) out[i] = y ? x[i] + s * y[i] : x[i];
    _mm_sfence();
  }
}

KERNEL N(saxpy)(long n, REAL *out, const REAL *x, REAL s) {
#pragma omp parallel
  {
    long from, to, i;
    part(n, &from, &to);
    for (i = from; i + L <= to; i += L) store(out + i, s * load(x + i) + load(out + i));
    for (; i < to; i++) out[i] = s * x[i] + out[i];
  }
}

/// Eight sums side by side.
static __attribute__((noinline)) REAL N(sum)(long n, const REAL *x) {
  REAL total = 0;
#pragma omp parallel reduction(+ : total)
  {
    long from, to, i;
    part(n, &from, &to);
    V s[8] = {};
    for (i = from; i + 8 * L <= to; i += 8 * L)
      for (int u = 0; u < 8; u++) s[u] += load(x + i + u * L);
    for (int h = 4; h > 0; h /= 2)
      for (int u = 0; u < h; u++) s[u] += s[u + h];
    for (int l = 0; l < L; l++) total += s[0][l];
    for (; i < to; i++) total += x[i];
  }
  return total;
}

KERNEL N(fusedPlain)(long from, long to, REAL *out, const REAL *x, const REAL *y) {
  for (long i = from; i < to; i++) out[i] = sin(x[i]) * exp(-y[i]) + sqrt(fabs(x[i] * y[i]));
}

KERNEL N(fused)(long n, REAL *out, const REAL *x, const REAL *y) {
#pragma omp parallel
  {
    long from, to, i;
    part(n, &from, &to);
    for (i = from; i < to; i += L) {
      // The last vector may lie over the one before: it computes some elements again.
      if (i + L > to && to - from >= L) i = to - L;
      V p = load(x + i), q = load(y + i);
      I rare = {};
      store(out + i, N(sine)(p, &rare) * N(exponential)(-q) + N(root)(absolute(p * q)));
      if (__builtin_expect(N(any)(rare), 0)) N(fusedPlain)(i, i + L, out, x, y);
    }
  }
}

// ---- Mandelbrot: some vectors in flight, asked every fourth iteration whether a lane is left

KERNEL N(mandelbrot)(int n, int *out) {
  enum { U = 4 };
#pragma omp parallel for schedule(dynamic, 8)
  for (int row = 0; row < n; row++) {
    V cy = all(-1.25 + 2.5 * row / n);
    for (int c0 = 0; c0 < n; c0 += U * L) {
      V cx[U], x[U], y[U];
      I k[U];
      for (int u = 0; u < U; u++) {
        for (int l = 0; l < L; l++) cx[u][l] = -2.0 + 2.5 * (c0 + u * L + l) / n;
        x[u] = y[u] = all(0);
        k[u] = allI(0);
      }
      for (int it = 0; it < 256; it += 4) {
        int left = 0;
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
          left = 0;
#pragma GCC unroll 4
          for (int u = 0; u < U; u++) {
            V x2 = x[u] * x[u], y2 = y[u] * y[u], r2 = x2 + y2;
#if VB == 64
            if (IS_F32) {
              __mmask16 in = _mm512_cmp_ps_mask((__m512)r2, (__m512)all(4), _CMP_LE_OQ);
              k[u] = (I)_mm512_mask_sub_epi32((__m512i)k[u], in, (__m512i)k[u], (__m512i)allI(-1));
              left |= in;
            } else {
              __mmask8 in = _mm512_cmp_pd_mask((__m512d)r2, (__m512d)all(4), _CMP_LE_OQ);
              k[u] = (I)_mm512_mask_sub_epi64((__m512i)k[u], in, (__m512i)k[u], (__m512i)allI(-1));
              left |= in;
            }
#else
            I in = (I)(r2 <= 4);
            k[u] -= in;
            if (q == 3) left |= N(any)(in);
#endif
            // A lane that has left may become NaN: it counts no more.
            y[u] = (x[u] + x[u]) * y[u] + cy;
            x[u] = x2 - y2 + cx[u];
          }
        }
        if (!left) break;
      }
      for (int u = 0; u < U; u++)
        for (int l = 0; l < L; l++)
          if (c0 + u * L + l < n) out[(long)row * n + c0 + u * L + l] = (int)k[u][l];
    }
  }
}

KERNEL N(nBody)(int n, const REAL *X, const REAL *Y, const REAL *Z, const REAL *M, REAL *AX, REAL *AY, REAL *AZ) {
  // A vector of bodies feels one body after the other, so that sums are those of the plain loop. Four vectors share each body that is loaded.
  enum { U = 4 };
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; i += U * L) {
    V x[U], y[U], z[U], sx[U], sy[U], sz[U];
    for (int u = 0; u < U; u++) {
      x[u] = load(X + i + u * L), y[u] = load(Y + i + u * L), z[u] = load(Z + i + u * L);
      sx[u] = sy[u] = sz[u] = all(0);
    }
    for (int j = 0; j < n; j++) {
#pragma GCC unroll 4
      for (int u = 0; u < U; u++) {
        V dx = X[j] - x[u], dy = Y[j] - y[u], dz = Z[j] - z[u];
        V inverse = N(inverseRoot)(dx * dx + dy * dy + dz * dz + (REAL)1e-3);
        V s = M[j] * inverse * inverse * inverse;
        sx[u] += s * dx, sy[u] += s * dy, sz[u] += s * dz;
      }
    }
    for (int u = 0; u < U; u++) {
      store(AX + i + u * L, sx[u]);
      store(AY + i + u * L, sy[u]);
      store(AZ + i + u * L, sz[u]);
    }
  }
}

static inline V N(normal)(V d) {
  V k = 1 / (1 + (REAL)0.2316419 * absolute(d));
  V series = (REAL)-1.821255978 + k * (REAL)1.330274429;
  series = k * ((REAL)0.31938153 + k * ((REAL)-0.356563782 + k * ((REAL)1.781477937 + k * series)));
  V tail = (REAL)0.39894228040143267794 * N(exponential)((REAL)-0.5 * d * d) * series;
  return choose(d > 0, 1 - tail, tail);
}

static REAL N(normalPlain)(REAL d) {
  REAL k = 1 / (1 + (REAL)0.2316419 * fabs(d));
  REAL series = (REAL)-1.821255978 + k * (REAL)1.330274429;
  series = k * ((REAL)0.31938153 + k * ((REAL)-0.356563782 + k * ((REAL)1.781477937 + k * series)));
  REAL tail = (REAL)0.39894228040143267794 * exp((REAL)-0.5 * d * d) * series;
  return d > 0 ? 1 - tail : tail;
}

KERNEL N(blackScholesPlain)(long from, long to, const REAL *S, const REAL *X, const REAL *T, REAL *call, REAL *put) {
  const REAL r = 0.02, v = 0.3;
  for (long i = from; i < to; i++) {
    REAL s = S[i], x = X[i], t = T[i], rootT = v * sqrt(t);
    REAL d1 = (log(s / x) + (r + (REAL)0.5 * v * v) * t) / rootT, d2 = d1 - rootT;
    REAL n1 = N(normalPlain)(d1), n2 = N(normalPlain)(d2), discounted = x * exp(-r * t);
    call[i] = s * n1 - discounted * n2;
    put[i] = discounted * (1 - n2) - s * (1 - n1);
  }
}

KERNEL N(blackScholes)(long n, const REAL *S, const REAL *X, const REAL *T, REAL *call, REAL *put) {
  const REAL r = 0.02, v = 0.3;
#pragma omp parallel
  {
    long from, to, i;
    part(n, &from, &to);
    for (i = from; i < to; i += L) {
      if (i + L > to && to - from >= L) i = to - L;
      V s = load(S + i), x = load(X + i), t = load(T + i), rootT = v * N(root)(t);
      I rare = {};
      V d1 = (N(logarithm)(s / x, &rare) + (r + (REAL)0.5 * v * v) * t) / rootT, d2 = d1 - rootT;
      V n1 = N(normal)(d1), n2 = N(normal)(d2), discounted = x * N(exponential)(-r * t);
      store(call + i, s * n1 - discounted * n2);
      store(put + i, discounted * (1 - n2) - s * (1 - n1));
      if (__builtin_expect(N(any)(rare), 0)) N(blackScholesPlain)(i, i + L, S, X, T, call, put);
    }
  }
}

// ---- matrix products: packed panels, a block of C in registers

// As many as the registers hold: 8 × 3 of 32, or 4 × 3 of 16.
enum { N(MR) = VB == 64 ? 8 : 4, N(NV) = 3, N(NR) = 3 * N(lanes), N(KC) = 256, N(MC) = 128 };

/// C (MR × 3 vectors) = or += A's panel times B's.
static inline void N(micro)(long depth, const REAL *pa, const REAL *pb, REAL *C, long stride, int isFirst) {
  V acc[N(MR)][N(NV)] = {};
  for (long k = 0; k < depth; k++, pa += N(MR), pb += N(NR)) {
    V bv[N(NV)];
#pragma GCC unroll 3
    for (int v = 0; v < N(NV); v++) bv[v] = load(pb + v * L);
#pragma GCC unroll 8
    for (int i = 0; i < N(MR); i++)
#pragma GCC unroll 3
      for (int v = 0; v < N(NV); v++) acc[i][v] += pa[i] * bv[v];
  }
#pragma GCC unroll 8
  for (int i = 0; i < N(MR); i++)
#pragma GCC unroll 3
    for (int v = 0; v < N(NV); v++) {
      REAL *to = C + i * stride + v * L;
      store(to, isFirst ? acc[i][v] : load(to) + acc[i][v]);
    }
}

/// Rows from `from` to `to` of C = A·B, by one thread. `room`: for a panel of B, a block of A, and a block of C.
static void N(gemmRows)(long n, long from, long to, const REAL *A, const REAL *B, REAL *C, REAL *room) {
  REAL *pb = room, *pa = pb + N(KC) * (n + N(NR)), *edge = pa + N(MC) * N(KC);
  for (long k0 = 0; k0 < n; k0 += N(KC)) {
    long depth = n - k0 < N(KC) ? n - k0 : N(KC);
    for (long j = 0; j < n; j += N(NR))
      for (long k = 0; k < depth; k++)
        for (long q = 0; q < N(NR); q++) pb[j * depth + k * N(NR) + q] = j + q < n ? B[(k0 + k) * n + j + q] : 0;
    for (long i0 = from; i0 < to; i0 += N(MC)) {
      long rows = to - i0 < N(MC) ? to - i0 : N(MC);
      for (long i = 0; i < rows; i += N(MR))
        for (long k = 0; k < depth; k++)
          for (long q = 0; q < N(MR); q++)
            pa[i * depth + k * N(MR) + q] = i + q < rows ? A[(i0 + i + q) * n + k0 + k] : 0;
      for (long j = 0; j < n; j += N(NR))
        for (long i = 0; i < rows; i += N(MR)) {
          REAL *to = C + (i0 + i) * n + j;
          if (j + N(NR) <= n && i + N(MR) <= rows) N(micro)(depth, pa + i * depth, pb + j * depth, to, n, k0 == 0);
          else {
            N(micro)(depth, pa + i * depth, pb + j * depth, edge, N(NR), 1);
            for (long q = 0; q < N(MR) && i + q < rows; q++)
              for (long p = 0; p < N(NR) && j + p < n; p++)
                to[q * n + p] = (k0 ? to[q * n + p] : 0) + edge[q * N(NR) + p];
          }
        }
    }
  }
}

static long N(roomFor)(long n) { return N(KC) * (n + N(NR)) + N(MC) * N(KC) + N(MR) * N(NR) + 64; }

KERNEL N(gemm)(long n, const REAL *A, const REAL *B, REAL *C) {
#pragma omp parallel
  {
    REAL *room = aligned_alloc(64, (N(roomFor)(n) * sizeof(REAL) + 63) / 64 * 64);
    long k = omp_get_thread_num(), of = omp_get_num_threads();
    N(gemmRows)(n, n * k / of / N(MR) * N(MR), k + 1 == of ? n : n * (k + 1) / of / N(MR) * N(MR), A, B, C, room);
    free(room);
  }
}

/// Rows of 8 numbers, where those are less than a vector.
enum { N(few) = 8 * sizeof(REAL) < VB ? 8 * sizeof(REAL) : VB };

/// Matrices so small that rows of B stay in registers or the nearest cache: no packing.
KERNEL N(batch)(long n, long count, const REAL *A, const REAL *B, REAL *C) {
#pragma omp parallel for schedule(static)
  for (long p = 0; p < count; p++) {
    const REAL *x = A + p * n * n, *y = B + p * n * n;
    REAL *z = C + p * n * n;
    for (long j = 0; j < n; j += L)
      for (long i = 0; i < n; i += 8) {
        V acc[8] = {};
        for (long k = 0; k < n; k++) {
          V row = {};
          if (n >= L) row = load(y + k * n + j);
          else __builtin_memcpy(&row, y + k * n, N(few));
#pragma GCC unroll 8
          for (int q = 0; q < 8; q++) acc[q] += x[(i + q) * n + k] * row;
        }
#pragma GCC unroll 8
        for (int q = 0; q < 8; q++)
          if (n >= L) store(z + (i + q) * n + j, acc[q]);
          else __builtin_memcpy(z + (i + q) * n, &acc[q], N(few));
      }
  }
}

KERNEL N(heat)(int n, const REAL *from, REAL *to) {
#pragma omp parallel for schedule(static)
  for (int row = 1; row < n - 1; row++) {
    const REAL *at = from + (long)row * n;
    REAL *out = to + (long)row * n;
    for (int c = 1; c < n - 1; c += L) {
      if (c + L > n - 1) c = n - 1 - L;
      store(out + c, (REAL)0.25 * (load(at + c - n) + load(at + c - 1) + load(at + c + 1) + load(at + c + n)));
    }
  }
}

#undef V
#undef L
#undef load
#undef store
#undef REAL
#undef WHOLE
#undef MAGIC
