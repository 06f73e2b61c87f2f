"""SciPy: transforms on all threads, linear algebra by its OpenBLAS, images. What NumPy does as well is called as its users do who look for speed."""
import os
import numpy as np
import scipy
import scipy.fft
import scipy.linalg
import scipy.ndimage
from inputs import definite, made, matrix_a, positive, regular, square, transforms
from numerics import F, hash01
from serve import serve

WORKERS = int(os.environ["OMP_NUM_THREADS"])


def fft(z):
    return scipy.fft.fft(z, workers=WORKERS)


def rfft(x):
    return scipy.fft.rfft(x, workers=WORKERS)


def solve(n, threads):
    a, b = regular(n), hash01(n, 12345) * 2 - 1
    return dict(made(lambda: scipy.linalg.solve(a, b)), threads=threads)


def of_matrix(make_matrix, compute):
    def make(n, threads):
        a = make_matrix(n)
        return dict(made(lambda: compute(a)), threads=threads)
    return make


def of_image(compute):
    def make(n, _):
        x = square(n, positive(n * n, F), F)
        return dict(made(lambda: compute(x)), threads=1)
    return make


def general(n):
    return matrix_a(n, np.float64)


cases = {
    **transforms(fft, rfft, WORKERS),
    "solve_f64": solve,
    "cholesky_f64": of_matrix(definite, lambda a: scipy.linalg.cholesky(a, lower=True)),
    "qr_f64": of_matrix(regular, lambda a: scipy.linalg.qr(a, mode="economic")[1]),
    "eigh_f64": of_matrix(definite, lambda a: scipy.linalg.eigh(a, driver="evd")[0]),
    "svd_f64": of_matrix(general, lambda a: scipy.linalg.svd(a, full_matrices=False)[1]),
    "gauss_f32": of_image(lambda x: scipy.ndimage.gaussian_filter(x, 2)),
    "resize_f32": of_image(lambda x: scipy.ndimage.zoom(x, 0.75, order=1, mode="nearest", grid_mode=True)),
}
serve(f"SciPy {scipy.__version__}", cases)
