"""Writes recorded-linalg.json.gz: eigenvalues, functions of matrices and solutions of matrix equations of SciPy.

    python record_linalg.py | gzip -9n > recorded-linalg.json.gz          (SciPy 1.17)

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

N = 5
cases = []


def keep(call, dtype, kind, out):
    cases.append({"call": call, "dtype": dtype, "kind": kind, "out": record(np.asarray(out))})


for dtype in ("float64", "complex128"):
    a, b, q = (data(dtype, [N, N + k])[:, :N] for k in range(3))
    a = a + np.diag(np.arange(1, N + 1))
    kinds = {"dense": a, "near one": np.eye(N) + a / 40, "definite": a @ a.conj().T + np.eye(N)}
    for kind, x in kinds.items():
        keep("eigvals", dtype, kind, np.sort_complex(linalg.eigvals(x)))
        keep("eigvalsPair", dtype, kind, np.sort_complex(linalg.eigvals(x, b)))
        keep("eigvalshPair", dtype, kind, linalg.eigh(x + x.conj().T, kinds["definite"], eigvals_only=True))
        keep("expm", dtype, kind, linalg.expm(x / 4))
        for call in ("cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm"):
            keep(call, dtype, kind, getattr(linalg, call)(x / 8))
        keep("sqrtm", dtype, kind, linalg.sqrtm(x))
        keep("logm", dtype, kind, linalg.logm(x))
        keep("fractionalMatrixPower", dtype, kind, linalg.fractional_matrix_power(x, 0.3))
        keep("solveSylvester", dtype, kind, linalg.solve_sylvester(x, b, q))
        keep("solveContinuousLyapunov", dtype, kind, linalg.solve_continuous_lyapunov(x, q))
        keep("solveDiscreteLyapunov", dtype, kind, linalg.solve_discrete_lyapunov(x / 4, q))

print(json.dumps({"cases": cases}))
