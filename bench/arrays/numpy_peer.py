"""NumPy. Element by element it has one thread, its OpenBLAS all; results go to arrays made once where it can."""
import numpy as np
from inputs import D, definite, into, made, matrix_a, matrix_b, positive, real, regular, square, transforms
from numerics import F, hash01, stream_x, stream_y
from serve import serve


def triad(dtype):
    def make(n, _):
        x, y = stream_x(n, dtype), stream_y(n, dtype)
        z, s = np.empty_like(x), dtype(2.5)

        def run():
            np.multiply(y, s, out=z)
            np.add(x, z, out=z)
        return into(z, run)
    return make


def fused(n, _):
    x, y = stream_x(n), stream_y(n)
    return made(lambda: np.sin(x) * np.exp(-y) + np.sqrt(np.abs(x * y)))


def along(compute):
    """Of a square of positive numbers."""
    def make(n, _):
        x = square(n, positive(n * n, F), F)
        return made(lambda: compute(x))
    return make


def add_turned(n, _):
    x, y = square(n, positive(n * n, F), F), square(n, stream_y(n * n), F).T
    z = np.empty_like(x)
    return into(z, lambda: np.add(x, y, out=z))


def add_strided(n, _):
    x = square(n, positive(n * n, F), F)[::2, ::2]
    z = np.empty(x.shape, F)
    return into(z, lambda: np.multiply(x, F(2.5), out=z))


def prefix(n, _):
    x = hash01(n).astype(F)
    return made(lambda: np.cumsum(x))


def small(n, _):
    x, y = stream_x(n, D), stream_y(n, D)
    return made(lambda: x + y)


def gemm(dtype):
    def make(n, threads):
        a, b = matrix_a(n, dtype), matrix_b(n, dtype)
        return dict(made(lambda: a @ b), threads=threads)
    return make


def solve(n, threads):
    a, b = regular(n), hash01(n, 12345) * 2 - 1
    return dict(made(lambda: np.linalg.solve(a, b)), threads=threads)


def cholesky(n, threads):
    a = definite(n)
    return dict(made(lambda: np.linalg.cholesky(a)), threads=threads)


def qr(n, threads):
    a = regular(n)
    return dict(made(lambda: np.linalg.qr(a)[1]), threads=threads)


def eigh(n, threads):
    a = definite(n)
    return dict(made(lambda: np.linalg.eigh(a)[0]), threads=threads)


def svd(n, threads):
    a = matrix_a(n, D)
    return dict(made(lambda: np.linalg.svd(a)[1]), threads=threads)


def of_keys(compute, dtype=D):
    def make(n, _):
        x = hash01(n).astype(dtype)
        return made(lambda: compute(x))
    return make


def distinct(n):
    return hash01(n) + np.arange(n) * 2.0 ** -50


def argsort(n, _):
    x = distinct(n)
    return made(lambda: np.argsort(x))


def topk(n, _):
    x = distinct(n)
    return made(lambda: np.sort(np.partition(x, n - 100)[n - 100:])[::-1])


def nonzero(n, _):
    x = hash01(n) > 0.5
    return made(lambda: np.nonzero(x)[0])


def sort_whole(n, _):
    x = (hash01(n) * 2 ** 24).astype(np.int32)
    return made(lambda: np.sort(x))


def where(n, _):
    x = hash01(n)
    mask = x > 0.5
    return made(lambda: x[mask])


def take(n, _):
    x, places = hash01(n), (hash01(n, 12345) * n).astype(np.intp)
    return made(lambda: np.take(x, places))


def normal(dtype):
    def make(n, _):
        generator, out = np.random.default_rng(1), [None]

        def run():
            out[0] = generator.standard_normal(n, dtype=dtype)
        return dict(run=run, checksum=lambda: float(np.mean(np.square(out[0], dtype=D))))
    return make


cases = {
    "fused_f32": fused,
    "sum-rows_f32": along(lambda x: x.sum(1)),
    "sum-columns_f32": along(lambda x: x.sum(0)),
    "sum-turned_f32": along(lambda x: x.T.sum(1)),
    "add-turned_f32": add_turned,
    "add-strided_f32": add_strided,
    "prefix-sum_f32": prefix,
    "prefix-columns_f32": along(lambda x: np.cumsum(x, 0)),
    "small-add_f64": small,
    "solve_f64": solve,
    "cholesky_f64": cholesky,
    "qr_f64": qr,
    "eigh_f64": eigh,
    "svd_f64": svd,
    "sort_f64": of_keys(np.sort),
    "sort_f32": of_keys(np.sort, F),
    "sort-whole_i32": sort_whole,
    "where_f64": where,
    "take_f64": take,
    "pad_f32": along(lambda x: np.pad(x, 8)),
    "argsort_f64": argsort,
    "topk_f64": topk,
    "nonzero_f64": nonzero,
    "unique_f64": of_keys(np.unique),
}
cases.update(transforms(np.fft.fft, np.fft.rfft, 1))
for name, dtype in real.items():
    cases[f"random-normal_{name}"] = normal(dtype)
    cases[f"triad_{name}"] = triad(dtype)
    cases[f"sum_{name}"] = (lambda d: lambda n, _: (lambda x: made(lambda: x.sum()))(positive(n, d)))(dtype)
    for size in (256, 1024):
        cases[f"gemm-{size}_{name}"] = gemm(dtype)
serve(f"NumPy {np.__version__}", cases)
