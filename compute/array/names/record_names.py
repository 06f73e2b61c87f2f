"""Writes python.json: names of functions, for names/table.ts.    python record_names.py > python.json          (NumPy 2, SciPy)"""

import importlib
import json
import sys

MODULES = ["numpy", "numpy.linalg", "numpy.fft", "scipy.linalg", "scipy.signal", "scipy.signal.windows", "scipy.ndimage", "scipy.special", "scipy.stats", "scipy.interpolate"]


def functions(name):
    module = importlib.import_module(name)
    named = {f: getattr(module, f) for f in getattr(module, "__all__", dir(module))}
    # Curves through points are classes.
    return sorted(f for f, x in named.items() if callable(x) and (name == "scipy.interpolate" or not isinstance(x, type)) and f != "Warning" and not f.endswith("Warning"))


found = {name: functions(name) for name in MODULES}
versions = {name: importlib.import_module(name).__version__ for name in ("numpy", "scipy")}
json.dump({"versions": versions, "functions": found}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
