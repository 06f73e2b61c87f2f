"""Writes recorded-factored.json.gz: what SciPy's factorisations give where they leave nothing open.

    python record_factored.py | gzip -9n > recorded-factored.json.gz          (SciPy 1.17)

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


def keep(call, dtype, n, out):
    cases.append({"call": call, "dtype": dtype, "n": n, "out": record(np.ascontiguousarray(out))})


for dtype in ("float64", "complex128"):
    for n in (1, 2, 5, 8):
        a = data(dtype, [n, n + 1])[:, :n]
        b = data(dtype, [n, 3])
        regular = a + np.diag(np.arange(1, n + 1) * 2.0)
        lu, pivots = linalg.lu_factor(regular)
        keep("lu", dtype, n, lu)
        keep("pivots", dtype, n, pivots.astype(np.int32))
        for trans, call in enumerate(("solve", "transposed", "adjoint")):
            keep(call, dtype, n, linalg.lu_solve((lu, pivots), b, trans=trans))
        definite = a @ a.conj().T + np.eye(n)
        keep("choleskySolve", dtype, n, linalg.cho_solve(linalg.cho_factor(definite), b))
        for hermitian in (True, False):
            for lower in (True, False):
                side = "lower" if lower else "upper"
                kind = "hermitian" if hermitian else "symmetric"
                x = a + (a.conj().T if hermitian else a.T)
                l, d, p = linalg.ldl(x, lower=lower, hermitian=hermitian)
                for name, out in (("L", l), ("D", d), ("P", p.astype(np.int32))):
                    keep(f"ldl {name} {kind} {side}", dtype, n, out)
        for sort in ("lhp", "rhp", "iuc", "ouc"):
            keep(f"schur {sort}", dtype, n, np.asarray(linalg.schur(regular, sort=sort)[2], dtype=np.int32))

print(json.dumps({"cases": cases}))
