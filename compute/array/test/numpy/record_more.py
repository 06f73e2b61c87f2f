"""Writes recorded-more.json.gz: what NumPy computes, for functions beside the standard: bits of floats, divisors, histograms along axes, orders by several keys, packed bits,
zeros of polynomials.

    python record_more.py | gzip -9n > recorded-more.json.gz          (NumPy 2)
"""

import contextlib
import io
import json
import sys
import warnings

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    from record_standard import case, data

warnings.simplefilter("ignore")
np.seterr(all="ignore")
inf, nan = np.inf, np.nan
DTYPES = {"float16": np.float16, "float32": np.float32, "float64": np.float64}
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


def floats(name):
    t = DTYPES[name]
    info = np.finfo(t)
    k = np.arange(40)
    many = ((k * 37 % 23 - 11) / 8).astype(t) * t(2) ** (k % 9).astype(t)
    edges = np.array([0.0, -0.0, 1, -1, 0.5, info.max, info.min, info.tiny, -info.tiny, info.smallest_subnormal, info.smallest_subnormal * t(3), inf, -inf, nan], t)
    return np.concatenate([edges, many])


def bits():
    for name in DTYPES:
        x = floats(name)
        yield case("frexp", [x], {}, list(np.frexp(x)))
        n = np.array([0, 1, -1, 5, -7, 30, -30, 200, -200, 1100, -1100, 2200, -2200, 100000, -100000, 2147483647, -2147483648], np.int32)
        yield case("ldexp", [x[:, None], n], {}, np.ldexp(x[:, None], n))
        yield case("ldexp", [x, 3], {}, np.ldexp(x, 3))
        if name != "float16":
            yield case("spacing", [x], {}, np.spacing(x))
    for name in INTEGERS:
        t = np.dtype(name).type
        info = np.iinfo(t)
        x = np.array([0, 1, 2, 6, 12, 35, 97, 120, info.max, info.min] + ([] if info.min == 0 else [-1, -6, -18, -100]), t)
        y = np.array([0, 1, 4, 8, 18, 100, info.max, info.min + 1] + ([] if info.min == 0 else [-4, -120]), t)
        yield case("gcd", [x[:, None], y], {}, np.gcd(x[:, None], y))
        small = [np.array([v for v in z if abs(int(v)) < 12], t) for z in (x, y)]
        yield case("lcm", [small[0][:, None], small[1]], {}, np.lcm(small[0][:, None], small[1]))
    yield case("gcd", [np.array([12, 18], np.int8), np.array([8, 27], np.int32)], {}, np.gcd(np.array([12, 18], np.int8), np.array([8, 27], np.int32)))
    x = np.concatenate([np.linspace(-20, 20, 41), [0.0, 8.0, -8.0, 100, 700, 713, 800, inf, -inf, nan]])
    yield case("i0", [x], {}, np.i0(x))
    yield case("i0", [x.astype(np.float32)], {}, np.i0(x.astype(np.float32)).astype(np.float32))


def packing():
    for name in ("bool", "uint8", "int32", "int64"):
        x = data(name, (3, 11)) if name == "bool" else data(name, (3, 11)) % np.dtype(name).type(3)
        for axis in (None, 0, 1, -1):
            for order in ("big", "little"):
                yield case("packbits", [x], {"axis": axis, "bitorder": order}, np.packbits(x, axis=axis, bitorder=order))
    x = np.array([[1, 128, 255], [37, 0, 200]], np.uint8)
    for axis in (None, 0, 1):
        for order in ("big", "little"):
            for count in (None, 0, 3, 9, 40, -2):
                yield case("unpackbits", [x], {"axis": axis, "bitorder": order, **({} if count is None else {"count": count})}, np.unpackbits(x, axis=axis, count=count, bitorder=order))
    empty = np.zeros((0, 3), np.uint8)
    yield case("packbits", [empty], {"axis": 0}, np.packbits(empty, axis=0))
    yield case("unpackbits", [empty], {"axis": 1}, np.unpackbits(empty, axis=1))


def histograms():
    k = np.arange(200)
    p = np.stack([(k * 37 % 101) / 10, (k * 53 % 89) / 20 - 1, (k * 29 % 17).astype(float)], 1)
    w = (k % 7 / 4).astype(float)
    for options in ({}, {"bins": 4}, {"bins": [3, 5, 2]}, {"bins": [[0.0, 1.0, 5.0, 9.5], 4, [0.0, 8.0, 16.0]]}, {"bins": 3, "range": [[0, 5], [-1, 1], [3, 12]]}, {"bins": 3, "density": True}):
        for weighted in (False, True):
            o = {**options, **({"weights": w} if weighted else {})}
            counts, edges = np.histogramdd(p, **o)
            plain = not weighted and not options.get("density")
            told = {key: (record_(v) if key == "weights" else v) for key, v in o.items()}
            yield case("histogramdd", [p], told, {"counts": counts.astype(np.int32) if plain else counts, "edges": list(edges)})
            flat = {key: (v[:2] if isinstance(v, list) else v) for key, v in o.items()}
            counts, x, y = np.histogram2d(p[:, 0], p[:, 1], **flat)
            told = {key: (record_(v) if key == "weights" else v) for key, v in flat.items()}
            yield case("histogram2d", [p[:, 0], p[:, 1]], told, {"counts": counts.astype(np.int32) if plain else counts, "edges": [x, y]})


def record_(v):
    from record import record
    return record(v)


def orders():
    for name in ("int8", "float64", "bool", "int64"):
        keys = [data(name, (4, 6)), data("int32", (4, 6)) % np.int32(3), data(name, (4, 6))[::-1]]
        for axis in (0, 1, -1):
            yield case("lexsort", [keys], {"axis": axis}, np.lexsort(keys, axis=axis))
        yield case("lexsort", [np.stack(keys)], {}, np.lexsort(np.stack(keys)))


def polynomials():
    for zeros in ([1.0], [1.0, 2.0, 2.0], [0.0, -3.0, 0.5], [1 + 2j, 1 - 2j, 3.0], [1j, 2.0]):
        yield case("poly", [np.array(zeros)], {}, np.poly(np.array(zeros)))
    for m in (np.array([[2.0, 1], [1, 3]]), np.array([[1.0, -1, 2], [1, 0.5, 0], [0.5, 1, 1]])):
        yield case("poly", [m], {}, np.poly(m))


def chains():
    a, b, c, d = [((np.arange(m * n) * 37 % 23) - 11).reshape(m, n) / 8 for m, n in ((5, 20), (20, 3), (3, 10), (10, 4))]
    yield case("linalg.multiDot", [[a, b, c, d]], {}, np.linalg.multi_dot([a, b, c, d]))
    yield case("linalg.multiDot", [[a[0], b, c[:, 0]]], {}, np.linalg.multi_dot([a[0], b, c[:, 0]]))
    yield case("linalg.multiDot", [[a[0], b, c, d]], {}, np.linalg.multi_dot([a[0], b, c, d]))
    t = (np.eye(24) * 3 + ((np.arange(576) * 37 % 23) - 11).reshape(24, 24) / 80)
    right = np.arange(24.0).reshape(4, 6)
    yield case("linalg.tensorsolve", [t.reshape(4, 6, 2, 3, 4), right], {}, np.linalg.tensorsolve(t.reshape(4, 6, 2, 3, 4), right))
    moved = np.moveaxis(t.reshape(4, 6, 2, 3, 4), 2, 0)
    yield case("linalg.tensorsolve", [moved.copy(), right], {"axes": [0]}, np.linalg.tensorsolve(moved, right, axes=(0,)))
    yield case("linalg.tensorinv", [t.reshape(4, 6, 8, 3)], {}, np.linalg.tensorinv(t.reshape(4, 6, 8, 3)))
    yield case("linalg.tensorinv", [t.reshape(24, 8, 3)], {"ind": 1}, np.linalg.tensorinv(t.reshape(24, 8, 3), ind=1))


cases = [c for make in (bits, packing, histograms, orders, polynomials, chains) for c in make()]
json.dump({"numpy": np.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
