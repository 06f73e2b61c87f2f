"""Writes recorded-interpolate.json.gz: curves and grids of scipy.interpolate.

    python record_interpolate.py | gzip -9n > recorded-interpolate.json.gz          (SciPy 1.17)

The test makes the same values as record_fft.py.
"""

import contextlib
import io
import json

import numpy as np
from scipy import interpolate as ip

with contextlib.redirect_stdout(io.StringIO()):
    from record import record
    from record_fft import data

cases = []


def case(make, args, options, at, evaluate, out):
    cases.append({"make": make, "args": args, "options": options, "at": at, "evaluate": evaluate, "out": record(np.asarray(out))})


def places(n):
    k = np.arange(n)
    return k + (k * 5 % 3) / 4.0


for shape, axis in (((2,), 0), ((3,), 0), ((4,), 0), ((9,), 0), ((7, 3), 0), ((2, 8), 1)):
    x, y = places(shape[axis]), data("float64", list(shape))
    at = [-1.5, 0, 0.3, 1, 1.75, float(x[-1]) - 0.1, float(x[-1]), float(x[-1]) + 0.6]
    given = [x.tolist(), y.tolist()]
    for nu in (0, 1, 2):
        for bc in ("not-a-knot", "natural", "clamped", [[1, 0.5], [2, -1.5]]):
            python = bc if isinstance(bc, str) else tuple((o, np.full(np.delete(shape, axis), v)) for o, v in bc)
            case("CubicSpline", given, {"axis": axis, "bcType": bc}, at, {"nu": nu}, ip.CubicSpline(x, y, axis, python)(at, nu))
        if shape[axis] > 2:
            z = np.moveaxis(np.moveaxis(y, axis, 0).copy(), 0, axis)
            np.moveaxis(z, axis, 0)[-1] = np.moveaxis(z, axis, 0)[0]
            case("CubicSpline", [x.tolist(), z.tolist()], {"axis": axis, "bcType": "periodic"}, at, {"nu": nu}, ip.CubicSpline(x, z, axis, "periodic")(at, nu))
        case("PchipInterpolator", given, {"axis": axis}, at, {"nu": nu}, ip.PchipInterpolator(x, y, axis)(at, nu))
        for method in ("akima", "makima"):
            if shape[axis] > 2:
                case("Akima1DInterpolator", given, {"axis": axis, "method": method}, at, {"nu": nu}, ip.Akima1DInterpolator(x, y, axis, method=method)(at, nu))
    for k in (1, 2, 3, 5):
        if shape[axis] > k:
            case("makeInterpSpline", given, {"axis": axis, "k": k}, at, {}, ip.make_interp_spline(x, y, k, axis=axis)(at))
            case("makeInterpSpline", given, {"axis": axis, "k": k}, at, {"nu": 1}, ip.make_interp_spline(x, y, k, axis=axis)(at, 1))

grid = [places(5), places(4), np.array([0.0, 2.0])]
values = data("float64", [5, 4, 2, 3])
at = [[0.2, 1.3, 0.5], [5.4, 0, 2], [2, 3, 1.1], [1.9, 2.2, 0]]
beyond = [[-1, 1, 1], [2, 2, 3], [1, 1, 1]]
for method in ("linear", "nearest"):
    o = {"method": method}
    points = [g.tolist() for g in grid]
    case("RegularGridInterpolator", [points, values.tolist()], o, at[:1], None, ip.RegularGridInterpolator(grid, values, method=method)(at[:1]))
    case("RegularGridInterpolator", [points, values.tolist()], {**o, "boundsError": False, "fillValue": 7}, beyond, None,
         ip.RegularGridInterpolator(grid, values, method, False, 7)(beyond))
    case("RegularGridInterpolator", [points[:2], values[:, :, 0, 0].tolist()], {**o, "boundsError": False, "fillValue": None}, [[0.3, -2], [9, 9], [2, 1.6]], None,
         ip.RegularGridInterpolator(grid[:2], values[:, :, 0, 0], method, False, None)([[0.3, -2], [9, 9], [2, 1.6]]))

x, y = places(6).tolist(), data("float64", [6]).tolist()
at = [[-1, 0, 0.4], [3.3, float(x[-1]), 11]]
case("interp", [at, x, y], {}, None, None, np.interp(at, x, y))
case("interp", [at, x, y], {"left": -5, "right": 9}, None, None, np.interp(np.ravel(at), x, y, -5, 9).reshape(2, 3))
case("interp", [at, x[::-1], y], {"period": 4}, None, None, np.interp(np.ravel(at), x[::-1], y, period=4).reshape(2, 3))
case("interp", [at, [1.5], [3]], {}, None, None, np.interp(at, [1.5], [3]))

print(json.dumps({"cases": cases}))
