"""The inputs of data.ts, and what the Python peers have in common."""
import numpy as np
from numerics import F, checksum, hash01, stream_y

D = np.float64
real = {"f32": F, "f64": D}
LINES = 4096


def square(n, values, dtype):
    return values.astype(dtype).reshape(n, n)


def positive(n, dtype):
    return (hash01(n) + 0.5).astype(dtype)


def matrix_a(n, dtype):
    return square(n, hash01(n * n) * 2 - 1, dtype)


def matrix_b(n, dtype):
    return square(n, hash01(n * n, 12345) * 2 - 1, dtype)


def regular(n):
    return matrix_a(n, D) + np.eye(n) * (n / 4)


def definite(n):
    a = matrix_a(n, D)
    return (a + a.T) / 2 + np.eye(n) * n


def into(out, run):
    return dict(run=run, checksum=lambda: checksum(out))


def made(compute):
    """A result that is made anew."""
    out = [None]

    def run():
        out[0] = compute()
    return dict(run=run, checksum=lambda: float(out[0]) if np.ndim(out[0]) == 0 else checksum(out[0]))


def signal(n, dtype=D):
    """Complex numbers."""
    parts = (hash01(2 * n) * 2 - 1).astype(dtype)
    return parts.view(np.complex64 if dtype is F else np.complex128)


def parts_of(compute, threads):
    """A complex result that is made anew, summed up as its parts in turn."""
    out = [None]

    def run():
        out[0] = compute()
    return dict(run=run, checksum=lambda: checksum(out[0].view(out[0].real.dtype)), threads=threads)


def transforms(fft, rfft, threads):
    """The cases of a library's functions, which have so many threads."""
    def of_signal(dtype):
        def make(n, _):
            z = signal(n, dtype)
            return parts_of(lambda: fft(z), threads)
        return make

    def of_rows(n, _):
        z = signal(LINES * n).reshape(LINES, n)
        return parts_of(lambda: fft(z), threads)

    def of_reals(n, _):
        x = stream_y(n, D)
        return parts_of(lambda: rfft(x), threads)

    def of_real_rows(n, _):
        x = (hash01(LINES * n) * 2 - 1).reshape(LINES, n)
        return parts_of(lambda: rfft(x), threads)

    lengths = ("1k", "64k", "1m", "4m", "prime-10k", "prime-1m")
    return {
        **{f"fft-{length}_f64": of_signal(D) for length in lengths},
        "fft-1m_f32": of_signal(F),
        "fft-rows_f64": of_rows,
        "rfft-1k_f64": of_reals,
        "rfft-1m_f64": of_reals,
        "rfft-rows_f64": of_real_rows,
    }
