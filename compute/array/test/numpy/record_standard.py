"""Writes recorded-standard.json.gz: what NumPy computes, for functions that move, order, count and accumulate elements.

    python record_standard.py | gzip -9n > recorded-standard.json.gz          (NumPy 2)

A case names a function, its arguments, its options as Skein calls them, and what comes out: an array, a list of arrays, or named arrays.
Arrays are written as record.py writes them.
"""

import contextlib
import io
import json
import sys
import warnings

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    from record import DTYPES, record

warnings.simplefilter("ignore")
np.seterr(all="ignore")
inf, nan = np.inf, np.nan
REAL = [d for d in DTYPES if not d.startswith("complex")]
FLOATS = ["float16", "float32", "float64"]
SOME = ["bool", "int8", "uint16", "int64", "float32", "float64", "complex64"]


def data(dtype, shape, special=False):
    """Numbers of which several are equal; with NaN, infinities and zeros of both signs if they are asked for."""
    n = int(np.prod(shape))
    k = np.arange(n)
    v = k * 37 % 23 % 13
    if dtype == "bool":
        return (v > 6).reshape(shape)
    if not dtype.startswith("uint"):
        v = v - 6
    x = v.astype(DTYPES[dtype])
    if dtype.startswith(("float", "complex")):
        x = x / DTYPES[dtype](4)
    if dtype.startswith("complex"):
        x = x + (k % 3).astype(DTYPES[dtype]) * DTYPES[dtype](1j)
    if special and dtype.startswith("float"):
        for at, value in ((3, nan), (5, inf), (7, -inf), (8, -0.0), (10, 0.0), (11, nan)):
            if at < n:
                x[at] = value
    return x.astype(DTYPES[dtype]).reshape(shape)


def out(x):
    if isinstance(x, dict):
        return {name: out(y) for name, y in x.items()}
    if isinstance(x, (list, tuple)):
        return [out(y) for y in x]
    return record(x)


def case(call, args, options, found):
    given = [record(a) if isinstance(a, (np.ndarray, np.generic)) else [record(b) for b in a] if isinstance(a, list) and a and isinstance(a[0], np.ndarray) else a
             for a in args]
    return {"call": call, "args": given, "options": options, "out": out(found)}


def manipulation():
    for d in SOME:
        x, y = data(d, (2, 3, 4)), data(d, (2, 3, 4))[::-1]
        for axis in (0, 1, -1):
            yield case("concat", [[x, y]], {"axis": axis}, np.concatenate([x, y], axis))
            yield case("stack", [[x, y]], {"axis": axis}, np.stack([x, y], axis))
            yield case("unstack", [x], {"axis": axis}, list(np.moveaxis(x, axis, 0)))
            yield case("roll", [x, 2], {"axis": axis}, np.roll(x, 2, axis))
            yield case("repeat", [x, 2], {"axis": axis}, np.repeat(x, 2, axis))
        yield case("concat", [[x, y[0]]], {"axis": None}, np.concatenate([x, y[0]], None))
        yield case("roll", [x, -5], {}, np.roll(x, -5))
        yield case("roll", [x, [1, -2]], {"axis": [0, 2]}, np.roll(x, (1, -2), (0, 2)))
        yield case("roll", [x, [1, 1]], {"axis": [1, 1]}, np.roll(x, (1, 1), (1, 1)))
        yield case("repeat", [x, 3], {}, np.repeat(x, 3))
        yield case("repeat", [x, [0, 2, 1]], {"axis": 1}, np.repeat(x, [0, 2, 1], 1))
        for times in ([2], [2, 1], [1, 2, 3], [2, 1, 1, 2], [0, 1]):
            yield case("tile", [x, times], {}, np.tile(x, times))
        for k in (-1, 0, 2):
            yield case("tril", [x], {"k": k}, np.tril(x, k))
            yield case("triu", [x], {"k": k}, np.triu(x, k))
    a, b = data("int32", (3, 2)), data("float32", (1, 2))
    yield case("concat", [[a, b]], {}, np.concatenate([a, b]))
    yield case("split", [np.arange(7.0), 3], {}, np.array_split(np.arange(7.0), 3))
    yield case("split", [data("int8", (2, 6)), [1, 4]], {"axis": 1}, np.split(data("int8", (2, 6)), [1, 4], 1))
    yield case("vstack", [[np.arange(3), np.arange(3)]], {}, np.vstack([np.arange(3), np.arange(3)]))
    yield case("hstack", [[data("int8", (2, 1)), data("int8", (2, 2))]], {}, np.hstack([data("int8", (2, 1)), data("int8", (2, 2))]))
    x, y, z = np.arange(3), np.arange(2.0), np.array([1, 5], np.int8)
    for indexing in ("xy", "ij"):
        yield case("meshgrid", [x, y], {"indexing": indexing}, list(np.meshgrid(x, y, indexing=indexing)))
        yield case("meshgrid", [x, y, z], {"indexing": indexing}, list(np.meshgrid(x, y, z, indexing=indexing)))
        yield case("meshgrid", [x], {"indexing": indexing}, list(np.meshgrid(x, indexing=indexing)))


def padding():
    names = {"linearRamp": "linear_ramp"}
    for d in ("int16", "float32", "float64", "complex128"):
        x = data(d, (3, 4))
        for width in (1, [2, 1], [[0, 3], [7, 0]]):
            for mode in ("constant", "edge", "reflect", "symmetric", "wrap", "linearRamp", "maximum", "minimum", "mean"):
                if d == "complex128" and mode in ("maximum", "minimum"):
                    continue
                more = {"constant": {"constant_values": 3}, "linearRamp": {"end_values": 3}}.get(mode, {})
                found = np.pad(x, width, names.get(mode, mode), **more)
                yield case("pad", [x, width], {"mode": mode, "value": 3}, found)


def ordering():
    for d in REAL:
        for shape in ((12,), (3, 5), (2, 3, 4), (150,), (2, 5000)):
            if shape[-1] >= 150 and d not in ("int16", "uint64", "float32", "float64"):
                continue
            x = data(d, shape, True)
            if shape == (2, 5000):
                x = (x.astype("float64") * 1000 % 997).astype(DTYPES[d])
                x = x[:, :600] if d != "float64" else x
            for axis in range(len(shape)):
                # Zeros of both signs are equal in NumPy; Skein puts those with a sign first.
                plain = np.where(x == 0, DTYPES[d](0), x) if d != "bool" else x
                yield case("sort", [plain], {"axis": axis}, np.sort(plain, axis, kind="stable"))
                yield case("argsort", [x], {"axis": axis}, np.argsort(x, axis, kind="stable"))
        x = data(d, (3, 7))
        yield case("sort", [x], {"descending": True}, np.sort(x, kind="stable")[:, ::-1])
        order = np.argsort(x[:, ::-1], kind="stable")[:, ::-1]
        yield case("argsort", [x], {"descending": True}, 6 - order)
        y = np.sort(data(d, (20,)))
        for side in ("left", "right"):
            yield case("searchsorted", [y, x], {"side": side}, np.searchsorted(y, x, side))
        z = data(d, (20,))
        yield case("searchsorted", [z, x], {"sorter": record(np.argsort(z))}, np.searchsorted(z, x, sorter=np.argsort(z)))
    for d in ("complex64", "complex128"):
        x = data(d, (4, 6))
        x[1, 2], x[2, 3], x[0, 1] = complex(nan, 1), complex(1, nan), complex(nan, nan)
        yield case("argsort", [x], {"axis": None}, np.argsort(x, None, kind="stable"))
        yield case("argsort", [x], {"axis": 0}, np.argsort(x, 0, kind="stable"))
        y = data(d, (4, 6))
        yield case("sort", [y], {"axis": 0}, np.sort(y, 0, kind="stable"))
    y = np.array([1.0, 2.0, nan, nan])
    for side in ("left", "right"):
        yield case("searchsorted", [y, np.array([nan, 3.0, 0.0, nan, 2.0, -inf])], {"side": side}, np.searchsorted(y, [nan, 3.0, 0.0, nan, 2.0, -inf], side))
        yield case("searchsorted", [np.arange(5), np.array([1.5, 2.0])], {"side": side}, np.searchsorted(np.arange(5), [1.5, 2.0], side))


def searching():
    for d in DTYPES:
        x = data(d, (3, 4), True)
        yield case("nonzero", [x], {}, list(np.nonzero(x)))
        yield case("argwhere", [x], {}, np.argwhere(x))
        yield case("flatnonzero", [x], {}, np.flatnonzero(x))
        y = data(d, (3, 4))
        for axis in (0, 1):
            at = data("uint8", (3, 4)).astype(np.int64) % (3 - axis)
            yield case("takeAlongAxis", [y, at], {"axis": axis}, np.take_along_axis(y, at, axis))
            yield case("takeAlongAxis", [y, at[:1] if axis else at[:, :1]], {"axis": axis},
                       np.take_along_axis(y, at[:1] if axis else at[:, :1], axis))
    for d in ("int8", "float32", "complex64"):
        for axis in (0, 1):
            y, at = data(d, (3, 4)), np.array([[2, 0, 1, -1]]) if axis == 0 else np.array([[3], [0], [-1]])
            x = y.copy()
            np.put_along_axis(x, at, 9, axis)
            yield case("putAlongAxis", [y, at, 9], {"axis": axis}, x)


def sets():
    for d in DTYPES:
        for x in (data(d, (3, 5)), data(d, (14,), True), data(d, (0,)), data(d, (1, 1))):
            everything = np.unique_all(x)
            if d.startswith("float") and len(x) == 14:
                # The sign of a zero is that of the first one.
                everything = everything._replace(values=x[everything.indices])
            yield case("uniqueAll", [x], {}, {"values": everything.values, "indices": everything.indices,
                                              "inverseIndices": everything.inverse_indices, "counts": everything.counts})
            yield case("uniqueCounts", [x], {}, {"values": everything.values, "counts": everything.counts})
            yield case("uniqueInverse", [x], {}, {"values": everything.values, "inverseIndices": everything.inverse_indices})
            plain = np.where(x == 0, DTYPES[d](0), x)
            yield case("uniqueValues", [plain], {}, np.unique(plain, equal_nan=False))
        x, y = data(d, (3, 5), True), data(d, (4,))
        for invert in (False, True):
            yield case("isin", [x, y], {"invert": invert}, np.isin(x, y, invert=invert))
        a, b = data(d, (9,)), data(d, (20,))[12:]
        for name, f in (("union1d", np.union1d), ("intersect1d", np.intersect1d), ("setdiff1d", np.setdiff1d), ("setxor1d", np.setxor1d)):
            yield case(name, [a, b], {}, f(a, b))


def cumulative():
    for d in DTYPES:
        x = data(d, (2, 3, 4))
        for axis in (0, 1, 2):
            for first in (False, True):
                if d == "float16":
                    continue
                yield case("cumulativeSum", [x], {"axis": axis, "includeInitial": first}, np.cumulative_sum(x, axis=axis, include_initial=first))
                yield case("cumulativeProd", [x], {"axis": axis, "includeInitial": first}, np.cumulative_prod(x, axis=axis, include_initial=first))
            for n in (0, 1, 2, 5):
                yield case("diff", [x], {"axis": axis, "n": n}, np.diff(x, n, axis))
        yield case("cumulativeSum", [x.ravel()], {}, np.cumulative_sum(x.ravel())) if d != "float16" else case("diff", [x.ravel()], {}, np.diff(x.ravel()))
        ends = data(d, (2, 3, 2))
        yield case("diff", [x], {"prepend": record(ends), "append": record(ends[:, :, :1])}, np.diff(x, prepend=ends, append=ends[:, :, :1]))
    for to in ("int8", "int16", "uint32", "float32", "complex64"):
        x = data("int32", (40,))
        yield case("cumulativeSum", [x], {"dtype": to}, np.cumulative_sum(x, dtype=DTYPES[to]))
        yield case("cumulativeProd", [x * 2 + 1], {"dtype": to}, np.cumulative_prod(x * 2 + 1, dtype=DTYPES[to])) if to.startswith(("int", "uint")) else \
            case("cumulativeSum", [x], {"dtype": to}, np.cumulative_sum(x, dtype=DTYPES[to]))
    x = data("float64", (5, 4), True)
    yield case("cumulativeSum", [x], {"axis": 1}, np.cumulative_sum(x, axis=1))
    yield case("cumulativeSum", [data("float32", (0, 3))], {"axis": 0, "includeInitial": True}, np.cumulative_sum(data("float32", (0, 3)), axis=0, include_initial=True))


METHODS = {"linear": "linear", "lower": "lower", "higher": "higher", "midpoint": "midpoint", "nearest": "nearest",
           "invertedCdf": "inverted_cdf", "averagedInvertedCdf": "averaged_inverted_cdf", "closestObservation": "closest_observation",
           "interpolatedInvertedCdf": "interpolated_inverted_cdf", "hazen": "hazen", "weibull": "weibull",
           "medianUnbiased": "median_unbiased", "normalUnbiased": "normal_unbiased"}


def statistics():
    for d in ("bool", "int8", "uint32", "int64", "float32", "float64"):
        x = data(d, (3, 4, 5))
        for axis in (None, 0, 2, (0, 2)):
            for keepdims in (False, True):
                given = list(axis) if isinstance(axis, tuple) else axis
                yield case("median", [x], {"axis": given, "keepdims": keepdims}, np.median(x.astype("int8") if d == "bool" else x, axis, keepdims=keepdims))
        if d == "bool":
            continue
        yield case("percentile", [x, 30], {"axis": 1}, np.percentile(x, 30, 1))
    x = data("float64", (3, 7))
    q = [0, 0.1, 0.25, 0.5, 0.61, 0.99, 1]
    for name, method in METHODS.items():
        yield case("quantile", [x, q], {"axis": 1, "method": name}, np.quantile(x, q, 1, method=method))
        yield case("quantile", [x, 0.37], {"method": name}, np.quantile(x, 0.37, method=method))
    y = x.copy()
    y[0, 2], y[1, :] = nan, nan
    for axis in (None, 0, 1):
        yield case("median", [y], {"axis": axis}, np.median(y, axis))
        yield case("nanmedian", [y], {"axis": axis}, np.nanmedian(y, axis))
        yield case("nanquantile", [y, [0.2, 0.9]], {"axis": axis}, np.nanquantile(y, [0.2, 0.9], axis))
        yield case("nanpercentile", [y, 15], {"axis": axis}, np.nanpercentile(y, 15, axis))
    names = {"nansum": np.nansum, "nanprod": np.nanprod, "nanmax": np.nanmax, "nanmin": np.nanmin, "nanmean": np.nanmean,
             "nanvar": np.nanvar, "nanstd": np.nanstd, "nancumulativeSum": np.nancumsum, "nancumulativeProd": np.nancumprod}
    for d in ("int16", "float32", "float64", "complex128"):
        for z in (data(d, (4, 5), True), y.astype(DTYPES[d])):
            if d == "int16" and z is not None and z.shape != (4, 5):
                continue
            if d.startswith("float"):
                z = np.where(np.isinf(z), DTYPES[d](2), z)
            for axis in (None, 0, 1):
                for name, f in names.items():
                    if d == "complex128" and name in ("nanmax", "nanmin"):
                        continue
                    if "cumulative" in name:
                        if axis is not None:
                            yield case(name, [z], {"axis": axis}, f(z, axis=axis))
                        continue
                    yield case(name, [z], {"axis": axis}, f(z, axis=axis))
                    if name in ("nanvar", "nanstd"):
                        yield case(name, [z], {"axis": axis, "correction": 1, "keepdims": True}, f(z, axis=axis, ddof=1, keepdims=True))
            if d != "complex128" and z.shape == (4, 5):
                yield case("nanargmax", [z], {"axis": 0}, np.nanargmax(z, 0))
                yield case("nanargmin", [z], {}, np.nanargmin(z))
    for d in ("int16", "uint8", "float32", "float64"):
        x = data(d, (60,))
        # Edges of float32 are float32 in NumPy, float64 here.
        wide = x.astype("float64") if d == "float32" else x
        for options in ({}, {"bins": 5}, {"bins": 7, "range": [-1, 2]}, {"bins": [-3, -1, 0, 0.5, 2]}, {"bins": 4, "density": True}):
            counts, edges = np.histogram(wide, **options)
            yield case("histogram", [x], options, {"counts": counts, "edges": edges.astype("float64")})
        w = np.arange(60) / 8
        counts, edges = np.histogram(wide, 6, weights=w)
        yield case("histogram", [x], {"bins": 6, "weights": record(w)}, {"counts": counts, "edges": edges.astype("float64")})
        for right in (False, True):
            yield case("digitize", [x, [-1, 0, 1, 1, 1.5]], {"right": right}, np.digitize(x, [-1, 0, 1, 1, 1.5], right))
            yield case("digitize", [x, [1.5, 0.5, 0, -1]], {"right": right}, np.digitize(x, [1.5, 0.5, 0, -1], right))
    for d in ("uint8", "int32", "int64"):
        x = np.abs(data(d, (30,)))
        yield case("bincount", [x], {}, np.bincount(x))
        yield case("bincount", [x], {"minlength": 20}, np.bincount(x, minlength=20))
        yield case("bincount", [x], {"weights": record(np.arange(30) / 4)}, np.bincount(x, np.arange(30) / 4))


def predicates():
    x = np.array([1, 1.00001, 1.0001, inf, -inf, inf, nan, nan, 0, 1e-9, -0.0])
    y = np.array([1, 1, 1, inf, inf, 1, nan, 1, 1e-9, 0, 0])
    for d in ("float16", "float32", "float64"):
        for options, more in (({}, {}), ({"equalNaN": True}, {"equal_nan": True}), ({"rtol": 0.5, "atol": 0}, {"rtol": 0.5, "atol": 0})):
            a, b = x.astype(d), y.astype(d)
            yield case("isclose", [a, b], options, np.isclose(a.astype("float64") if d == "float16" else a, b.astype("float64") if d == "float16" else b, **more))
    for d in REAL:
        if d == "bool":
            continue
        z = data(d, (3, 5), True)
        yield case("clip", [z, 1, 3], {}, np.clip(z, DTYPES[d](1), DTYPES[d](3)))
        yield case("clip", [z, None, 2], {}, np.clip(z, None, DTYPES[d](2)))
        if d == "float16":  # NumPy takes -0 for more than 0 there.
            continue
        yield case("clip", [z, data(d, (5,)), None], {}, np.clip(z, data(d, (5,)), None))


FAMILIES = [manipulation, padding, ordering, searching, sets, cumulative, statistics, predicates]
json.dump({"numpy": np.__version__, "cases": [c for f in FAMILIES for c in f()]}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
