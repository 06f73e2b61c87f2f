"""Writes recorded-complex.json.gz: elementary functions of complex numbers on and beside branch cuts, of small and large ones.

    python record_complex.py | gzip -9n > recorded-complex.json.gz          (NumPy 2)
"""

import contextlib
import io
import json
import sys
import warnings

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    from record import record

warnings.simplefilter("ignore")
np.seterr(all="ignore")
PARTS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -7.0, 1e-6, -1e-6, 30.0, -30.0, 1e20, -1e20]
CALLS = {"acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan, "atanh": np.arctanh, "cos": np.cos, "cosh": np.cosh, "exp": np.exp,
         "expm1": np.expm1, "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2, "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh}


def cases():
    for dtype in (np.complex64, np.complex128):
        for call, f in CALLS.items():
            # Of large real and imaginary parts sines and exponentials are anybody's.
            most = 1e30 if call.startswith(("a", "log", "sqrt")) else 10
            parts = [x for x in PARTS if abs(x) < most]
            z = np.array([complex(a, b) for a in parts for b in parts], dtype)
            # NumPy adds 1 before it takes the logarithm, by which small numbers are lost.
            z = z[abs(z) > 0.4] if call == "log1p" else z
            yield {"call": call, "args": [record(z)], "options": {}, "out": record(f(z))}


json.dump({"numpy": np.__version__, "cases": list(cases())}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
