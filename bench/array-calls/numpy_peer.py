"""NumPy's side of the calls in calls.txt."""
import io
import time
from pathlib import Path

import numpy as np
from numerics import checksum, hash01
from serve import serve

SIDE = 50
LEAST = 0.004


def positive(n, seed):
    return hash01(n, seed) + 0.5


def signed(n, seed):
    return hash01(n, seed) * 8 - 4


def whole(n, seed):
    return (1 + np.floor(hash01(n, seed) * 1000)).astype(np.int32)


def square(values):
    return values.reshape(100, 100)


raw = hash01(SIDE * SIDE, 7).reshape(SIDE, SIDE)
given = dict(
    A=square(positive(10000, 1)), B=square(positive(10000, 2)),
    S=square(signed(10000, 3)), F=square(hash01(10000, 4) * 1.8 - 0.9),
    Z=square(positive(20000, 5).view(np.complex128)), G=square(hash01(10000, 6) < 0.5),
    I=square(whole(10000, 8)), J=square(whole(10000, 9)), O=square(np.arange(10000) * 37 % 100),
    x=positive(1000, 1), y=positive(1000, 2), s=signed(1000, 3), o=0.5 + np.arange(1000) / 1000,
    g=hash01(1000, 6) < 0.5, i=whole(1000, 8), j=whole(1000, 9), t=np.floor(hash01(1000, 10) * 100).astype(np.int32),
    v=positive(100, 11), w=positive(SIDE, 12),
    M=raw * 2 - 1 + np.eye(SIDE) * (SIDE / 4), D=(raw + raw.T) / 2 + np.eye(SIDE) * SIDE,
    K=positive(100, 13).reshape(10, 10), L=positive(SIDE * SIDE, 14).reshape(SIDE, SIDE),
    T=positive(99, 15).reshape(33, 3), U=positive(99, 16).reshape(33, 3), p=positive(11, 17), q=positive(6, 18),
)
given["A32"], given["B32"] = given["A"].astype(np.float32), given["B"].astype(np.float32)


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def from_npy(data):
    return np.load(io.BytesIO(data))


space = dict(given, np=np, npy=npy, from_npy=from_npy, npy_bytes=npy(given["A"]))


def numbers(value):
    if isinstance(value, np.ndarray):
        flat = np.ascontiguousarray(value).ravel()
        return [flat.view(np.float64) if np.iscomplexobj(flat) else flat.astype(np.float64)]
    if isinstance(value, (bytes, bytearray)):
        return [np.array([float(len(value))])]
    if isinstance(value, (tuple, list)):
        return [part for x in value for part in numbers(x)]
    return [np.array([float(value)])]


def make(code):
    call = eval(f"lambda: {code}", space)

    def prepare(_, __):
        times = [1]

        def measure():
            start = time.perf_counter()
            for _ in range(times[0]):
                call()
            return time.perf_counter() - start

        def timed(_):
            seconds = measure()
            while seconds < LEAST and times[0] < 10**6:
                times[0] = int(np.ceil(times[0] * min(8, max(1.5, 1.2 * LEAST / max(seconds, 1e-6)))))
                seconds = measure()
            return seconds / times[0]
        return dict(run=call, checksum=lambda: checksum(*numbers(call())), time=timed)
    return prepare


cases = {}
for line in (Path(__file__).parent / "calls.txt").read_text().splitlines():
    if " | " in line and not line.startswith("#"):
        name, code = line.split(" | ")[:2]
        cases[name] = make(code)

if __name__ == "__main__":
    serve(f"NumPy {np.__version__}", cases)
