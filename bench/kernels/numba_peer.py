"""Numba: the same parallel loops, strict or, with the argument `fastmath`, as users write them when only speed matters."""
import math
import sys
import numba
from numba import njit, prange, set_num_threads
from numerics import *
from serve import serve

fastmath = sys.argv[1:] == ["fastmath"]
parallel = njit(parallel=True, fastmath=fastmath)
single = njit(fastmath=fastmath)


@parallel
def copy(x, y):
    for i in prange(x.size):
        y[i] = x[i]


@parallel
def triad(x, y, z, s):
    for i in prange(x.size):
        z[i] = x[i] + s * y[i]


@parallel
def saxpy(x, y, a):
    for i in prange(x.size):
        y[i] = a * x[i] + y[i]


@parallel
def total(x, zero):
    s = zero
    for i in prange(x.size):
        s += x[i]
    return s


@parallel
def fused(x, y, out):
    for i in prange(x.size):
        out[i] = math.sin(x[i]) * math.exp(-y[i]) + math.sqrt(abs(x[i] * y[i]))


@parallel
def mandelbrot(out, cxs, cys):
    n = out.shape[0]
    zero = cxs[0] * 0
    # Static schedules cut the picture into halves of unlike cost: deal the rows out instead, a slice to each turn.
    turns = 64
    for t in prange(turns):
        for row in range(t, n, turns):
            cy = cys[row]
            for col in range(n):
                cx = cxs[col]
                x = zero
                y = zero
                k = 0
                while k < 256:
                    x2 = x * x
                    y2 = y * y
                    if x2 + y2 > 4:
                        break
                    y = x * y + x * y + cy
                    x = x2 - y2 + cx
                    k += 1
                out[row, col] = k


def by_type(F):
    """What has numbers in it, for each type: they would widen f32, or narrow f64."""
    @parallel
    def n_body(x, y, z, m, ax, ay, az):
        for i in prange(x.size):
            sx = F(0)
            sy = F(0)
            sz = F(0)
            for j in range(x.size):
                dx = x[j] - x[i]
                dy = y[j] - y[i]
                dz = z[j] - z[i]
                inverse = F(1) / math.sqrt(dx * dx + dy * dy + dz * dz + F(1e-3))
                s = m[j] * inverse * inverse * inverse
                sx += s * dx
                sy += s * dy
                sz += s * dz
            ax[i] = sx
            ay[i] = sy
            az[i] = sz

    @single
    def normal(d):
        k = F(1) / (F(1) + F(0.2316419) * abs(d))
        series = k * (F(0.31938153) + k * (F(-0.356563782) + k * (F(1.781477937) + k * (F(-1.821255978) + k * F(1.330274429)))))
        tail = F(0.3989422804014327) * math.exp(F(-0.5) * d * d) * series
        return F(1) - tail if d > 0 else tail

    @parallel
    def black_scholes(spot, strike, years, call, put):
        for i in prange(spot.size):
            s = spot[i]
            x = strike[i]
            t = years[i]
            root = F(0.3) * math.sqrt(t)
            d1 = (math.log(s / x) + F(0.02 + 0.5 * 0.3 * 0.3) * t) / root
            d2 = d1 - root
            n1 = normal(d1)
            n2 = normal(d2)
            discounted = x * math.exp(F(-0.02) * t)
            call[i] = s * n1 - discounted * n2
            put[i] = discounted * (F(1) - n2) - s * (F(1) - n1)

    return n_body, black_scholes


by_type = {dtype: by_type(dtype) for dtype in (F, np.float64)}


@single
def count(x, bins):
    for b in range(256):
        bins[b] = 0
    for i in range(x.size):
        bins[np.uint8(x[i] * F(256))] += 1


@parallel
def histogram(x, own, bins):
    parts = own.shape[0]
    for p in prange(parts):
        count(x[x.size * p // parts:x.size * (p + 1) // parts], own[p])
    for b in range(256):
        bins[b] = own[:, b].sum()


@parallel
def prefix(x, out, sums, zero):
    parts = sums.size
    n = x.size
    for p in prange(parts):
        s = zero
        for i in range(n * p // parts, n * (p + 1) // parts):
            s += x[i]
        sums[p] = s
    for p in prange(parts):
        s = zero
        for q in range(p):
            s += sums[q]
        for i in range(n * p // parts, n * (p + 1) // parts):
            s += x[i]
            out[i] = s


@parallel
def spmv(start, column, value, u, out):
    for r in prange(out.size):
        s = 0.0
        for p in range(start[r], start[r + 1]):
            s += value[p] * u[column[p]]
        out[r] = s


@single
def relax_row(d, i, j0, k):
    ik = d[i, k]
    row = d[i, j0:j0 + 64]
    through = d[k, j0:j0 + 64]
    for j in range(64):
        t = ik + through[j]
        row[j] = t if t < row[j] else row[j]


@single
def relax(d, i0, j0, k0):
    for k in range(k0, k0 + 64):
        for i in range(i0, i0 + 64):
            relax_row(d, i, j0, k)


@single
def relax_apart(d, i0, j0, k0):
    for i in range(i0, i0 + 64):
        for k in range(k0, k0 + 64):
            relax_row(d, i, j0, k)


@parallel
def floyd_warshall(d):
    blocks = d.shape[0] // 64
    for kb in range(blocks):
        k0 = kb * 64
        relax(d, k0, k0, k0)
        for b in prange(blocks):
            if b != kb:
                relax(d, k0, b * 64, k0)
                relax(d, b * 64, k0, k0)
        for b in prange(blocks):
            if b != kb:
                for c in range(blocks):
                    if c != kb:
                        relax_apart(d, b * 64, c * 64, k0)


@parallel
def life(now, after):
    n = now.shape[0]
    for row in prange(1, n - 1):
        for c in range(1, n - 1):
            around = (now[row - 1, c - 1] + now[row - 1, c] + now[row - 1, c + 1] + now[row, c - 1] + now[row, c + 1]
                      + now[row + 1, c - 1] + now[row + 1, c] + now[row + 1, c + 1])
            after[row, c] = 1 if around == 3 or (around == 2 and now[row, c] == 1) else 0


@parallel
def heat(now, after, quarter):
    n = now.shape[0]
    for row in prange(1, n - 1):
        for c in range(1, n - 1):
            after[row, c] = quarter * (now[row - 1, c] + now[row, c - 1] + now[row, c + 1] + now[row + 1, c])


@njit(parallel=True)
def empty(a):
    for i in prange(256):
        if i < 0:
            a[0] = i


WAVE = """
def wave(out, x, y, dt):
    for i in range(out.size):
        a = x[i]
        b = y[i]
        u = a
        v = b
        steps = 0
        while steps < 8:
            r = math.sqrt(u * u + v * v + F(0.5))
            f = F(1) / r if u > v else F(0.5) / r
            u = u + dt * (v - u * f)
            v = v - dt * (u + v * f)
            if u * u + v * v > 16:
                u = u * F(0.5)
                v = v * F(0.5)
            steps += 1
        angle = math.sin(u) * math.cos(v)
        decay = math.exp(-abs(u - v))
        out[i] = angle * decay + abs(a - b)
"""


def make_wave():
    space = dict(math=math, F=F)
    exec(WAVE, space)
    return single(space["wave"])


def work(run, *outputs, **more):
    return dict(run=run, checksum=lambda: checksum(*outputs), **more)


def case(make):
    def prepare(n, threads):
        set_num_threads(threads)
        return dict(make(n, threads), threads=threads)
    return prepare


def cases_of(dtype):
    def of_copy(n, _):
        x = stream_x(n, dtype)
        y = np.zeros_like(x)
        return work(lambda: copy(x, y), y)

    def of_triad(n, _):
        x, y = stream_x(n, dtype), stream_y(n, dtype)
        z = np.zeros_like(x)
        return work(lambda: triad(x, y, z, dtype(2.5)), z)

    def of_saxpy(n, _):
        x, y = stream_x(n, dtype), stream_y(n, dtype)
        return work(lambda: saxpy(x, y, dtype(1.5)), y)

    def of_sum(n, _):
        x = (hash01(n) + 0.5).astype(dtype)
        result = [0.0]

        def run():
            result[0] = total(x, dtype(0))
        return dict(run=run, checksum=lambda: result[0])

    def of_mandelbrot(n, _):
        out = np.zeros((n, n), np.int32)
        side = np.arange(n) / n * 2.5
        cxs, cys = (side - 2).astype(dtype), (side - 1.25).astype(dtype)
        return work(lambda: mandelbrot(out, cxs, cys), out)

    def of_fused(n, _):
        x, y = stream_x(n, dtype), stream_y(n, dtype)
        out = np.zeros_like(x)
        return work(lambda: fused(x, y, out), out)

    def of_n_body(n, _):
        given, pull = bodies(n, dtype), np.zeros((3, n), dtype)
        return work(lambda: n_body(*given, pull[0], pull[1], pull[2]), pull)

    def of_black_scholes(n, _):
        given, prices = options(n, dtype), np.zeros((2, n), dtype)
        return work(lambda: black_scholes(*given, prices[0], prices[1]), prices)

    def of_heat(n, _):
        first = (hash01(n * n, 9) * 100).astype(dtype).reshape(n, n)
        now, after = first.copy(), first.copy()

        def run():
            for _ in range(5):
                heat(now, after, dtype(0.25))
                heat(after, now, dtype(0.25))
        return work(run, now, before=lambda: np.copyto(now, first))
    n_body, black_scholes = by_type[dtype]
    name = "f32" if dtype is F else "f64"
    makers = {"copy": of_copy, "triad": of_triad, "saxpy": of_saxpy, "sum": of_sum, "mandelbrot": of_mandelbrot,
              "fused": of_fused, "fused-in-cache": of_fused, "n-body": of_n_body, "black-scholes": of_black_scholes,
              "heat": of_heat, "copy-outside": of_copy, "triad-outside": of_triad, "saxpy-outside": of_saxpy,
              "sum-outside": of_sum}
    return {f"{key}_{name}": case(make) for key, make in makers.items()}


def of_histogram(n, threads):
    x, own, bins = hash01(n).astype(F), np.zeros((threads, 256), np.int64), np.zeros(256, np.int64)
    return work(lambda: histogram(x, own, bins), bins)


def of_prefix(dtype):
    def make(n, threads):
        x = hash01(n).astype(F) if dtype is F else (hash01(n) * 16).astype(dtype)
        out, sums = np.zeros_like(x), np.zeros(threads, dtype)
        return work(lambda: prefix(x, out, sums, dtype(0)), out)
    return make


def of_spmv(n, _):
    given, out = poisson(n), np.zeros(n ** 3)
    return work(lambda: spmv(*given, out), out)


def of_floyd_warshall(n, _):
    # Rows lie n + 16 apart, so that a column of a block does not fall into one set of the cache.
    first = np.zeros((n, n + 16), F)
    first[:, :n] = distance(n)
    d = first.copy()
    return work(lambda: floyd_warshall(d), d[:, :n], before=lambda: np.copyto(d, first))


def of_life(n, _):
    first = alive(n)
    now, after = first.copy(), np.zeros_like(first)

    def run():
        for _ in range(5):
            life(now, after)
            life(after, now)
    return work(run, now, before=lambda: np.copyto(now, first))


def of_empty(rest=None):
    def make(n, _):
        a = np.zeros(2)
        return dict(run=lambda: empty(a), checksum=lambda: 0.0, rest=rest)
    return make


def of_wave(first):
    def make(n, _):
        x, y = stream_x(n), stream_y(n)
        out = np.zeros_like(x)
        known = make_wave()

        def run():
            (make_wave() if first else known)(out, x, y, F(0.05))
        return dict(work(run, out), threads=1)
    return make


cases = {**cases_of(F), **cases_of(np.float64), "first-call_f32": of_wave(True), "cached-call_f32": of_wave(False)}
for name, make in {"histogram_f32": of_histogram, "prefix-sum_f32": of_prefix(F),
                   "prefix-sum_i32": of_prefix(np.int32), "spmv_f64": of_spmv, "floyd-warshall_f32": of_floyd_warshall,
                   "life_u8": of_life, "empty-awake": of_empty(), "empty-parked": of_empty(0.05)}.items():
    cases[name] = case(make)
serve(f"Numba {numba.__version__}{' fastmath' if fastmath else ''}", cases)
