"""Writes recorded-main.json.gz: what NumPy computes, for functions of its main namespace that the array API standard has not.

    python record_main.py | gzip -9n > recorded-main.json.gz          (NumPy 2)

A case is what it is in record_standard.py.
"""

import contextlib
import io
import json
import sys
import warnings

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    from record_standard import data, out, record

warnings.simplefilter("ignore")
np.seterr(all="ignore")
inf, nan = np.inf, np.nan
SOME = ["bool", "int8", "int64", "float32", "float64", "complex64", "complex128"]
REAL = ["int16", "float32", "float64"]


def given(x):
    if isinstance(x, (np.ndarray, np.generic)):
        return record(x)
    return [given(y) for y in x] if isinstance(x, (list, tuple)) else x


def case(call, args, options, found):
    return {"call": call, "args": given(args), "options": {name: given(x) for name, x in options.items()}, "out": out(found)}


def einsums():
    subscripts = [
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,jk->ki", (2, 3), (3, 4)), ("i,i", (5,), (5,)), ("i,j->ij", (3,), (4,)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)), ("bij,jk->bik", (2, 3, 4), (4, 2)), ("ij,ij->i", (3, 4), (3, 4)), ("ij,ij", (3, 4), (3, 4)),
        ("ii", (4, 4)), ("ii->i", (4, 4)), ("ijj->ji", (2, 3, 3)), ("ij->ji", (2, 3)), ("ji", (2, 3)), ("ij->", (2, 3)), ("ijk->k", (2, 3, 4)),
        ("...ij,...jk->...ik", (2, 3, 4), (4, 2)), ("...ij,...jk", (1, 2, 3), (5, 3, 2)), ("...i->...", (2, 3)), ("i...->...", (2, 3)), ("...,...", (2, 3), (3,)),
        ("ij,j->i", (2, 3), (3,)), ("ij,j->i", (2, 3), (1,)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("ij,jk,kl,lm->im", (2, 3), (3, 4), (4, 2), (2, 3)),
        ("i,j,k->kij", (2,), (3,), (4,)), ("ab,bc,ca", (2, 3), (3, 2), (2, 2)), ("abc,cd,bd->a", (2, 3, 4), (4, 2), (3, 2)), (",ij->ij", (), (2, 3)),
        ("ij,jk->ik", (2, 0), (0, 3)), ("ij,jk->ik", (0, 3), (3, 2)), (" i j , j k -> k", (2, 3), (3, 4)), ("ij,kj->ik", (3, 4), (2, 4)), ("aij,bij->ab", (2, 3, 4), (5, 3, 4)),
    ]
    for d in ("bool", "int8", "int64", "float32", "float64", "complex128"):
        for text, *shapes in subscripts:
            arrays = [data(d, s) for s in shapes]
            # NumPy's own loops: other ways give integers other types.
            yield case("einsum", [text, *arrays], {}, np.einsum(text, *arrays, optimize=False))


def products():
    for d in SOME:
        a, b, m, n = data(d, (3,)), data(d, (3,))[::-1], data(d, (2, 3)), data(d, (4, 3))[::-1]
        yield case("inner", [a, b], {}, np.inner(a, b))
        yield case("inner", [m, n], {}, np.inner(m, n))
        yield case("dot", [m, a], {}, np.dot(m, a))
        yield case("dot", [m, np.ascontiguousarray(n.T)], {}, np.dot(m, n.T))
        yield case("dot", [data(d, (2, 2, 3)), data(d, (2, 3, 2))], {}, np.dot(data(d, (2, 2, 3)), data(d, (2, 3, 2))))
        yield case("vdot", [a, b], {}, np.vdot(a, b))
        yield case("vdot", [m, data(d, (3, 2))], {}, np.vdot(m, data(d, (3, 2))))
        yield case("matvec", [m, a], {}, np.matvec(m, a))
        yield case("vecmat", [data(d, (2,)), m], {}, np.vecmat(data(d, (2,)), m))
        for s, t in (((2,), (3,)), ((2, 2), (3, 1)), ((2,), (2, 3)), ((2, 1, 2), (2, 2)), ((0,), (2,))):
            yield case("kron", [data(d, s), data(d, t)], {}, np.kron(data(d, s), data(d, t)))
        if d != "bool":
            yield case("cross", [a, b], {}, np.cross(a, b))
            yield case("cross", [m, a], {}, np.cross(m, a))
            yield case("cross", [data(d, (3, 4)), data(d, (3, 4))[:, ::-1]], {"axis": 0}, np.cross(data(d, (3, 4)), data(d, (3, 4))[:, ::-1], axis=0))


def statistics():
    for d in REAL + ["complex128"]:
        x = data(d, (3, 4))
        w = np.arange(1.0, 5.0)
        yield case("average", [x], {}, np.average(x))
        yield case("average", [x], {"axis": 1}, np.average(x, 1))
        yield case("average", [x], {"axis": 1, "weights": w}, np.average(x, 1, w))
        yield case("average", [x], {"axis": 0, "weights": np.arange(12.0).reshape(3, 4)}, np.average(x, 0, np.arange(12.0).reshape(3, 4)))
        for options in ({}, {"correction": 0}, {"rowvar": False}):
            own = {"rowvar": options.get("rowvar", True)}
            yield case("cov", [x], options, np.cov(x, ddof=options.get("correction", 1), **own))
            yield case("corrcoef", [x], {k: v for k, v in options.items() if k == "rowvar"}, np.corrcoef(x, **own))
        yield case("cov", [x[0]], {}, np.cov(x[0]))
        yield case("cov", [x[0]], {"y": x[1]}, np.cov(x[0], x[1]))
        yield case("cov", [x], {"fweights": [1, 2, 0, 3], "aweights": [0.5, 1, 2, 1]}, np.cov(x, fweights=[1, 2, 0, 3], aweights=[0.5, 1, 2, 1]))
        if d != "complex128":
            for axis in (None, 0, 1):
                yield case("ptp", [x], {"axis": axis}, np.ptp(x, axis))


def slopes():
    at = np.array([0.0, 1.0, 1.5, 3.5])
    for d in REAL + ["complex64"]:
        x = data(d, (3, 4))
        yield case("gradient", [x], {"axis": 1, "spacing": 0.5}, np.gradient(x, 0.5, axis=1))
        yield case("gradient", [x], {"axis": 1, "spacing": at}, np.gradient(x, at, axis=1))
        yield case("gradient", [x], {"axis": 1, "spacing": at, "edgeOrder": 2}, np.gradient(x, at, axis=1, edge_order=2))
        yield case("gradient", [x], {"axis": 0, "edgeOrder": 2}, np.gradient(x, axis=0, edge_order=2))
        yield case("gradient", [x], {}, list(np.gradient(x)))
        yield case("gradient", [x], {"spacing": [2, at]}, list(np.gradient(x, 2, at)))
        yield case("trapezoid", [x], {}, np.trapezoid(x))
        yield case("trapezoid", [x], {"axis": 0, "dx": 0.25}, np.trapezoid(x, dx=0.25, axis=0))
        yield case("trapezoid", [x], {"x": at}, np.trapezoid(x, at))
    x = np.array([0.0, 3.0, 6.0, -1.0, 9.0, 9.0 + np.pi, 4.0, nan, 1.0])
    yield case("unwrap", [x], {}, np.unwrap(x))
    yield case("unwrap", [x], {"discont": 5}, np.unwrap(x, 5))
    yield case("unwrap", [np.array([0.0, 75, 150, 225, 300, 15])], {"period": 360}, np.unwrap(np.array([0.0, 75, 150, 225, 300, 15]), period=360))
    yield case("unwrap", [data("float32", (3, 4)) * np.float32(4)], {"axis": 0}, np.unwrap(data("float32", (3, 4)) * np.float32(4), axis=0))


def editing():
    for d in ("bool", "int8", "float64", "complex64"):
        x = data(d, (2, 3))
        flat = data(d, (6,))
        v = data(d, (2,))[::-1]
        yield case("insert", [flat, 1, v], {}, np.insert(flat, 1, v))
        yield case("insert", [flat, [1, 4], v], {}, np.insert(flat, [1, 4], v))
        yield case("insert", [flat, [4, 1, 1], data(d, (3,))], {}, np.insert(flat, [4, 1, 1], data(d, (3,))))
        yield case("insert", [flat, -1, 1], {}, np.insert(flat, -1, 1))
        yield case("insert", [flat, [6], v], {}, np.insert(flat, [6], v))
        yield case("insert", [x, 1, v], {"axis": 1}, np.insert(x, 1, v, 1))
        yield case("insert", [x, 2, data(d, (3,))], {"axis": 0}, np.insert(x, 2, data(d, (3,)), 0))
        yield case("insert", [x, [1, 0], data(d, (2, 2))], {"axis": 1}, np.insert(x, [1, 0], data(d, (2, 2)), 1))
        yield case("insert", [x, [1], data(d, (2, 2))], {"axis": 1}, np.insert(x, [1], data(d, (2, 2)), 1))
        yield case("insert", [x, 1, 1], {}, np.insert(x, 1, 1))
        yield case("delete", [x, 1], {"axis": 1}, np.delete(x, 1, 1))
        yield case("delete", [x, [0, -1]], {"axis": 1}, np.delete(x, [0, -1], 1))
        yield case("delete", [x, "::2"], {"axis": 1}, np.delete(x, np.s_[::2], 1))
        yield case("delete", [x, [0, 5]], {}, np.delete(x, [0, 5]))
        yield case("delete", [x, []], {}, np.delete(x, []))
        yield case("delete", [x, np.array([True, False])], {"axis": 0}, np.delete(x, np.array([True, False]), 0))
        yield case("append", [x, flat], {}, np.append(x, flat))
        yield case("append", [x, x], {"axis": 1}, np.append(x, x, 1))
        yield case("resize", [x, [3, 5]], {}, np.resize(x, (3, 5)))
        yield case("resize", [x, [2, 2]], {}, np.resize(x, (2, 2)))
        yield case("resize", [x[:0], [2]], {}, np.resize(x[:0], (2,)))
    z = np.array([0, 0, 1, 0, 2, 0])
    grid = np.pad(np.array([[1, 0], [0, 2]]), ((1, 2), (0, 1)))
    for trim in ("f", "b", "fb"):
        yield case("trimZeros", [z], {"trim": trim}, np.trim_zeros(z, trim))
        yield case("trimZeros", [grid], {"trim": trim}, np.trim_zeros(grid, trim))
        yield case("trimZeros", [grid], {"trim": trim, "axis": 0}, np.trim_zeros(grid, trim, axis=0))
    yield case("trimZeros", [z * 0], {}, np.trim_zeros(z * 0))


def turning():
    for d in ("int8", "complex64"):
        x = data(d, (2, 3, 4))
        yield case("fliplr", [x], {}, np.fliplr(x))
        yield case("flipud", [x], {}, np.flipud(x))
        for k in range(-1, 5):
            yield case("rot90", [x], {"k": k}, np.rot90(x, k))
            yield case("rot90", [x], {"k": k, "axes": [2, 0]}, np.rot90(x, k, (2, 0)))
        yield case("swapaxes", [x, 0, -1], {}, np.swapaxes(x, 0, -1))
        yield case("ravel", [x], {}, np.ravel(x))
        for y in (data(d, ()), data(d, (3,)), data(d, (2, 3)), x):
            yield case("atleast1d", [y], {}, np.atleast_1d(y))
            yield case("atleast2d", [y], {}, np.atleast_2d(y))
            yield case("atleast3d", [y], {}, np.atleast_3d(y))
        a, b = data(d, (3,)), data(d, (3, 2))
        yield case("columnStack", [[a, b]], {}, np.column_stack([a, b]))
        yield case("dstack", [[a, a]], {}, np.dstack([a, a]))
        yield case("dstack", [[b, b]], {}, np.dstack([b, b]))
        m = data(d, (2, 2))
        yield case("block", [[[m, m], [m, m]]], {}, np.block([[m, m], [m, m]]))
        yield case("block", [[[m, data(d, (2, 1))], [data(d, (3,))]]], {}, np.block([[m, data(d, (2, 1))], [data(d, (3,))]]))


def places():
    p = np.array([[0, 5], [23, 7]])
    for order in ("C", "F"):
        yield case("unravelIndex", [p, [2, 3, 4]], {"order": order}, list(np.unravel_index(p, (2, 3, 4), order)))
        i, j = np.array([0, 1, 1]), np.array([2, 0, 1])
        yield case("ravelMultiIndex", [[i, j], [2, 3]], {"order": order}, np.ravel_multi_index([i, j], (2, 3), order=order))
    far = [np.array([-1, 5]), np.array([3, -4])]
    yield case("ravelMultiIndex", [far, [2, 3]], {"mode": "wrap"}, np.ravel_multi_index(far, (2, 3), mode="wrap"))
    yield case("ravelMultiIndex", [far, [2, 3]], {"mode": ["clip", "wrap"]}, np.ravel_multi_index(far, (2, 3), mode=("clip", "wrap")))
    yield case("indices", [[2, 3]], {}, list(np.indices((2, 3))))
    yield case("diagIndices", [3], {}, list(np.diag_indices(3)))
    for k in (-1, 0, 1):
        yield case("trilIndices", [3], {"k": k}, list(np.tril_indices(3, k)))
        yield case("triuIndices", [3], {"k": k, "columns": 4}, list(np.triu_indices(3, k, 4)))
    for s in ((3, 3), (2, 4), (4, 2), (3, 3, 3)):
        x = data("int64", s)
        y = x.copy()
        np.fill_diagonal(y, 9)
        yield case("fillDiagonal", [x, 9], {}, y)
    c = [data("int16", (2, 3)), data("float32", (3,)), np.float64(4.0)]
    which = np.array([[0, 1, 2], [2, 1, 0]])
    yield case("choose", [which, c], {}, np.choose(which, c))
    x = np.arange(6.0)
    yield case("select", [[x < 2, x > 3], [x, x * 10]], {"missing": -1}, np.select([x < 2, x > 3], [x, x * 10], -1))


def numbers():
    for d in ("int16", "float32", "float64"):
        x = data(d, (12,), True)
        yield case("sinc", [x[:5] if d != "int16" else x], {}, np.sinc(x[:5] if d != "int16" else x))
        yield case("divmod", [x, np.array(2, x.dtype)], {}, list(np.divmod(x, np.array(2, x.dtype))))
        yield case("isposinf", [x], {}, np.isposinf(x))
        yield case("isneginf", [x], {}, np.isneginf(x))
        yield case("isreal", [x], {}, np.isreal(x))
        yield case("nanToNum", [x], {}, np.nan_to_num(x))
        yield case("nanToNum", [x], {"nan": 1, "posinf": 2, "neginf": -2}, np.nan_to_num(x, nan=1, posinf=2, neginf=-2))
        yield case("floatPower", [x, np.array(2, x.dtype)], {}, np.float_power(x, np.array(2, x.dtype)))
        if d != "int16":
            yield case("deg2rad", [x], {}, np.deg2rad(x))
            yield case("rad2deg", [x], {}, np.rad2deg(x))
            yield case("heaviside", [x, np.array(0.5, x.dtype)], {}, np.heaviside(x, np.array(0.5, x.dtype)))
            yield case("modf", [x], {}, list(np.modf(x)))
            y = x[::-1].copy()
            yield case("logaddexp2", [x, y], {}, np.logaddexp2(x, y))
    z = np.array([1 + 0j, 1j, complex(nan, inf), complex(-inf, nan)])
    yield case("isreal", [z], {}, np.isreal(z))
    yield case("iscomplex", [z], {}, np.iscomplex(z))
    yield case("nanToNum", [z], {}, np.nan_to_num(z))
    for d in (np.int8, np.uint8, np.int16, np.uint32, np.int32, np.int64, np.uint64):
        i = np.iinfo(d)
        x = np.array([0, 1, 2, 7, i.max, i.min, i.max - 5, i.min + 1], d)
        yield case("bitwiseCount", [x], {}, np.bitwise_count(x))


def sequences():
    yield case("logspace", [0, 3, 7], {}, np.logspace(0, 3, 7))
    yield case("logspace", [0, 3, 6], {"endpoint": False, "base": 2}, np.logspace(0, 3, 6, endpoint=False, base=2))
    yield case("geomspace", [1, 1000, 4], {}, np.geomspace(1, 1000, 4))
    yield case("geomspace", [-2, -1000, 6], {"endpoint": False}, np.geomspace(-2, -1000, 6, endpoint=False))
    yield case("tri", [3, 4], {"k": 1}, np.tri(3, 4, 1))
    for d in ("int8", "float32", "complex64"):
        for k in (-1, 0, 2):
            yield case("diag", [data(d, (3,))], {"k": k}, np.diag(data(d, (3,)), k))
            yield case("diag", [data(d, (3, 4))], {"k": k}, np.diag(data(d, (3, 4)), k))
        yield case("diagflat", [data(d, (2, 2))], {"k": 1}, np.diagflat(data(d, (2, 2)), 1))
        yield case("vander", [data(d, (3,)), 4], {}, np.vander(data(d, (3,)), 4))
        yield case("vander", [data(d, (3,)), 3], {"increasing": True}, np.vander(data(d, (3,)), 3, increasing=True))


def polynomials():
    p, q = np.array([3.0, 0.0, 1.0]), np.array([1.0, -2.0])
    x = np.linspace(-1, 2, 9)
    yield case("polyval", [p, x], {}, np.polyval(p, x))
    yield case("polyval", [np.array([1, 2, 3]), np.array([4, 5])], {}, np.polyval(np.array([1, 2, 3]), np.array([4, 5])))
    yield case("polyadd", [p, q], {}, np.polyadd(p, q))
    yield case("polysub", [q, p], {}, np.polysub(q, p))
    yield case("polymul", [p, q], {}, np.polymul(p, q))
    yield case("polydiv", [p, q], {}, list(np.polydiv(p, q)))
    for m in (0, 1, 2, 5):
        yield case("polyder", [p], {"m": m}, np.polyder(p, m))
    yield case("polyint", [p], {"m": 2, "k": [1, 2]}, np.polyint(p, 2, [1, 2]))
    y = np.sin(x)
    yield case("polyfit", [x, y, 3], {}, np.polyfit(x, y, 3))
    yield case("polyfit", [x, y, 2], {"w": np.arange(1.0, 10.0)}, np.polyfit(x, y, 2, w=np.arange(1.0, 10.0)))
    yield case("polyfit", [x, np.stack([y, np.exp(x)], 1), 2], {}, np.polyfit(x, np.stack([y, np.exp(x)], 1), 2))


groups = [einsums, products, statistics, slopes, editing, turning, places, numbers, sequences, polynomials]
json.dump({"numpy": np.__version__, "cases": [c for group in groups for c in group()]}, sys.stdout, separators=(",", ":"))
