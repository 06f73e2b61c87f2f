"""Writes recorded-riccati.json.gz: solutions of Riccati's equations of SciPy.

    python record_riccati.py | gzip -9n > recorded-riccati.json.gz          (SciPy 1.17)

The test makes the same numbers as those of record_fft.py.
"""

import contextlib
import io
import json

import numpy as np
from scipy import linalg

with contextlib.redirect_stdout(io.StringIO()):
    from record import record
    from record_fft import data

cases = []
for dtype in ("float64", "complex128"):
    for n in (1, 2, 4):
        a, b = data(dtype, [n, n]), data(dtype, [n, 2])
        q, r = np.eye(n), np.eye(2) * 3
        for call in ("solve_continuous_are", "solve_discrete_are"):
            out = getattr(linalg, call)(a, b, q, r)
            cases.append({"call": call, "dtype": dtype, "n": n, "out": record(np.ascontiguousarray(out))})
print(json.dumps({"cases": cases}))
