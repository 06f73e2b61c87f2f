"""Writes recorded-scattered.json.gz: values between scattered points, of scipy.interpolate.griddata.

    python record_scattered.py | gzip -9n > recorded-scattered.json.gz          (SciPy 1.17)
"""

import contextlib
import io
import json

import numpy as np
from scipy.interpolate import griddata

with contextlib.redirect_stdout(io.StringIO()):
    from record import record

cases = []


def scattered(n, axes, start=0):
    """Points that lie evenly and on no circle: multiples of powers of a root, without whole parts (M. Roberts's sequence)."""
    root = 1.5
    for _ in range(60):
        root = (1 + root) ** (1 / (axes + 1))
    return np.modf((np.arange(n)[:, None] + start + 0.5) * root ** -np.arange(1.0, axes + 1))[0]


def case(points, values, places, method, **options):
    out = griddata(points, values, places, method, options.get("fillValue", np.nan), options.get("rescale", False))
    cases.append({"points": points.tolist(), "values": values.tolist(), "places": record(places), "options": {"method": method, **options}, "out": record(np.asarray(out))})


for n in (3, 4, 9, 60):
    points = scattered(n, 2)
    values = np.sin(5 * points[:, 0]) + points[:, 1] ** 2
    places = scattered(40, 2, 100)
    for method in ("linear", "nearest"):
        case(points, values, places, method)
        case(points * [1000, 1] + [5, -3], values, places * [1000, 1] + [5, -3], method, rescale=True)
        case(points * [1000, 1] + [5, -3], values, places * [1000, 1] + [5, -3], method, fillValue=-1.5)
    case(points * 1e-9 + 1e-7, np.stack([values, 2 - values], 1), (places * 1e-9 + 1e-7).reshape(5, 8, 2), "linear")
case(scattered(30, 2), scattered(30, 2)[:, 0], np.array([[np.nan, 0.5], [0.5, np.inf], [0.4, 0.4]]), "linear", fillValue=7)
for axes in (3, 5):
    points = scattered(200, axes)
    case(points, np.arange(200.0) % 17, scattered(50, axes, 900), "nearest")
    case(points * np.arange(1, axes + 1), np.arange(400.0).reshape(200, 2), scattered(50, axes, 900), "nearest", rescale=True)
line = scattered(20, 1)[:, 0]
case(line, np.cos(line * 3), np.array([[0.1, 0.5, -1], [0.9, 0.33, 2]]), "linear")
case(line, np.cos(line * 3), np.array([[0.1, 0.5, -1], [0.9, 0.33, 2]]), "nearest")

print(json.dumps({"cases": cases}))
