"""Writes recorded-signal.json.gz: convolutions, correlations and windows of SciPy.

    python record_signal.py | gzip -9n > recorded-signal.json.gz          (SciPy 1.17)

The test makes the same numbers as those of record_fft.py.
"""

import contextlib
import io
import json

import numpy as np
from scipy import signal

with contextlib.redirect_stdout(io.StringIO()):
    from record import record
    from record_fft import data

cases = []
for call in ("convolve", "correlate"):
    for dtype in ("float64", "float32", "complex128", "int32"):
        for shapes in ([[7], [3]], [[3], [7]], [[6], [4]], [[5, 6], [2, 3]], [[3, 2], [2, 4]]):
            for mode in ("full", "same", "valid"):
                x, y = data(dtype, shapes[0]), data(dtype, shapes[1])
                fits = all(np.subtract(*shapes) >= 0) or all(np.subtract(*shapes) <= 0)
                if mode == "valid" and not fits:
                    continue
                found = getattr(signal, call)(x, y, mode=mode, method="direct")
                cases.append({"call": call, "dtype": dtype, "shapes": shapes, "mode": mode, "out": record(found)})

WINDOWS = [("boxcar",), ("hann",), ("hamming",), ("blackman",), ("blackmanharris",), ("nuttall",), ("flattop",), ("bartlett",),
           ("gaussian", 2.5), ("tukey", 0.3), ("tukey", 1.0), ("kaiser", 0.0), ("kaiser", 5.0), ("kaiser", 14.0)]
windows = [{"call": call, "n": n, "more": more, "periodic": periodic,
            "out": record(getattr(signal.windows, call)(n, *more, sym=not periodic))}
           for call, *more in WINDOWS for n in (1, 2, 7, 8) for periodic in (False, True)]

print(json.dumps({"cases": cases, "windows": windows}))
