"""NumPy and SciPy. Their element-wise code runs on one thread; results go to arrays made once where NumPy can."""
import numpy as np
import scipy
import scipy.sparse
from numerics import *
from serve import serve


def copy(dtype):
    def make(n, _):
        x = stream_x(n, dtype)
        y = np.empty_like(x)
        return dict(run=lambda: np.copyto(y, x), checksum=lambda: checksum(y))
    return make


def triad(dtype):
    def make(n, _):
        x, y = stream_x(n, dtype), stream_y(n, dtype)
        z = np.empty_like(x)
        s = dtype(2.5)

        def run():
            np.multiply(y, s, out=z)
            np.add(x, z, out=z)
        return dict(run=run, checksum=lambda: checksum(z))
    return make


def saxpy(dtype):
    def make(n, _):
        x, y = stream_x(n, dtype), stream_y(n, dtype)
        a = dtype(1.5)

        def run():
            np.add(y, a * x, out=y)
        return dict(run=run, checksum=lambda: checksum(y))
    return make


def total(dtype):
    def make(n, _):
        x = (hash01(n) + 0.5).astype(dtype)
        result = [0.0]

        def run():
            result[0] = x.sum()
        return dict(run=run, checksum=lambda: result[0])
    return make


def fused(n, _):
    x, y = stream_x(n), stream_y(n)
    out = [None]

    def run():
        out[0] = np.sin(x) * np.exp(-y) + np.sqrt(np.abs(x * y))
    return dict(run=run, checksum=lambda: checksum(out[0]))


def mandelbrot(real):
    def make(n, _):
        out = [None]
        side = np.arange(n) / n * 2.5
        complex_type = np.complex64 if real is F else np.complex128

        def run():
            c = ((side - 2)[None, :] + 1j * (side - 1.25)[:, None]).astype(complex_type).ravel()
            z, index, count = np.zeros_like(c), np.arange(c.size), np.zeros(c.size, np.int32)
            for _ in range(256):
                live = z.real * z.real + z.imag * z.imag <= 4
                index, z, c = index[live], z[live], c[live]
                count[index] += 1
                z = z * z + c
            out[0] = count
        return dict(run=run, checksum=lambda: checksum(out[0]))
    return make


def n_body(n, _):
    x, y, z, m = bodies(n)
    pull = np.zeros((3, n), F)

    def run():
        for b in range(0, n, 256):
            dx, dy, dz = x[None] - x[b:b + 256, None], y[None] - y[b:b + 256, None], z[None] - z[b:b + 256, None]
            inverse = 1 / np.sqrt(dx * dx + dy * dy + dz * dz + F(1e-3))
            s = m * inverse * inverse * inverse
            for k, d in enumerate((dx, dy, dz)):
                pull[k, b:b + 256] = (s * d).sum(1)
    return dict(run=run, checksum=lambda: checksum(pull))


def black_scholes(n, _):
    spot, strike, years = options(n)
    prices = [None, None]
    k0, terms, scale = normal_constants()

    def normal(d):
        k = 1 / (1 + F(k0) * np.abs(d))
        series = k * F(terms[4])
        for term in terms[3::-1]:
            series = k * (F(term) + series)
        tail = F(scale) * np.exp(F(-0.5) * d * d) * series
        return np.where(d > 0, 1 - tail, tail)

    def run():
        root = F(0.3) * np.sqrt(years)
        d1 = (np.log(spot / strike) + F(0.02 + 0.5 * 0.3 * 0.3) * years) / root
        n1, n2 = normal(d1), normal(d1 - root)
        discounted = strike * np.exp(F(-0.02) * years)
        prices[0] = spot * n1 - discounted * n2
        prices[1] = discounted * (1 - n2) - spot * (1 - n1)
    return dict(run=run, checksum=lambda: checksum(*prices))


def histogram(n, _):
    x = hash01(n).astype(F)
    bins = [None]

    def run():
        bins[0] = np.bincount((x * F(256)).astype(np.uint8), minlength=256)
    return dict(run=run, checksum=lambda: checksum(bins[0]))


def prefix_f32(n, _):
    x = hash01(n).astype(F)
    out = np.empty_like(x)
    return dict(run=lambda: np.cumsum(x, out=out), checksum=lambda: checksum(out))


def prefix_i32(n, _):
    x = (hash01(n) * 16).astype(np.int32)
    out = np.empty_like(x)
    return dict(run=lambda: np.cumsum(x, out=out), checksum=lambda: checksum(out))


def spmv(n, _):
    start, column, value, u = poisson(n)
    matrix = scipy.sparse.csr_matrix((value, column, start))
    out = [None]

    def run():
        out[0] = matrix @ u
    return dict(run=run, checksum=lambda: checksum(out[0]), who=f"SciPy {scipy.__version__}")


def floyd_warshall(n, _):
    first = distance(n)
    d = np.empty_like(first)

    def run():
        for k in range(n):
            np.minimum(d, d[:, k, None] + d[k, None, :], out=d)
    return dict(run=run, before=lambda: np.copyto(d, first), checksum=lambda: checksum(d))


def life(n, _):
    first = alive(n)
    now, after = first.copy(), np.zeros_like(first)

    def generation(a, b):
        around = a[:-2, :-2] + a[:-2, 1:-1] + a[:-2, 2:] + a[1:-1, :-2]
        around += a[1:-1, 2:]
        for part in (a[2:, :-2], a[2:, 1:-1], a[2:, 2:]):
            around += part
        b[1:-1, 1:-1] = (around == 3) | ((around == 2) & (a[1:-1, 1:-1] == 1))

    def run():
        for k in range(10):
            generation(*((after, now) if k % 2 else (now, after)))
    return dict(run=run, before=lambda: np.copyto(now, first), checksum=lambda: checksum(now))


cases = {"fused_f32": fused, "n-body_f32": n_body, "black-scholes_f32": black_scholes, "histogram_f32": histogram,
         "prefix-sum_f32": prefix_f32, "prefix-sum_i32": prefix_i32, "spmv_f64": spmv,
         "floyd-warshall_f32": floyd_warshall, "life_u8": life}
for name, dtype in (("f32", F), ("f64", np.float64)):
    cases.update({f"copy_{name}": copy(dtype), f"triad_{name}": triad(dtype), f"saxpy_{name}": saxpy(dtype),
                  f"sum_{name}": total(dtype), f"mandelbrot_{name}": mandelbrot(dtype)})
serve(f"NumPy {np.__version__}", cases)
