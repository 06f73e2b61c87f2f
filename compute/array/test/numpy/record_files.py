"""Writes recorded-files.json.gz: files that NumPy writes, and what is in them.

    python record_files.py | gzip -9n > recorded-files.json.gz          (NumPy 2)

A file is its bytes in base64, the arrays in it are written as record.py writes them; those of a .npz archive by name.
"""

import base64
import contextlib
import io
import json
import sys

import numpy as np
from numpy.lib import format as npy

with contextlib.redirect_stdout(io.StringIO()):
    from record import DTYPES, record


def data(dtype, shape):
    n = int(np.prod(shape))
    k = np.arange(n)
    if dtype == "bool":
        return (k % 3 == 0).reshape(shape)
    info = np.iinfo(dtype) if not dtype.startswith(("float", "complex")) else None
    x = (k * 37 % 101).astype(DTYPES[dtype])
    if info is not None and n > 1:
        x[0], x[1] = info.min, info.max
    elif info is None:
        x = x / DTYPES[dtype](8)
        if dtype.startswith("complex"):
            x = x - DTYPES[dtype](1j) * (k % 7)
        elif n > 3:
            x[:4] = [np.nan, np.inf, -np.inf, -0.0]
    return x.astype(DTYPES[dtype]).reshape(shape)


def base(content):
    return base64.b64encode(content).decode()


def one(x, version):
    file = io.BytesIO()
    npy.write_array(file, x, version=version)
    return file.getvalue()


files = []
for dtype in DTYPES:
    for shape in ((), (0, 3), (5,), (2, 3, 4)):
        x = data(dtype, shape)
        for order in "CF" if len(shape) == 3 else "C":
            for endian in "<>":
                y = np.array(x, order=order, dtype=x.dtype.newbyteorder(endian))
                files.append({"name": f"{dtype} {list(shape)} {order} {endian}", "version": [1, 0], "file": base(one(y, (1, 0))), "array": record(x)})
for version in ((1, 0), (2, 0), (3, 0)):
    x = data("float64", (3, 2))
    files.append({"name": f"version {version}", "version": list(version), "file": base(one(x, version)), "array": record(x)})

archives = []
arrays = {"a": data("float32", (2, 3)), "weights/first": data("int64", (4,)), "flag": np.array(True), "größe": data("complex128", (3,)), "zeros": np.zeros((50, 40))}
for name, write in (("stored", np.savez), ("deflated", np.savez_compressed)):
    file = io.BytesIO()
    write(file, **arrays)
    archives.append({"name": name, "file": base(file.getvalue()), "arrays": {key: record(x) for key, x in arrays.items()}})

texts = []


def text(content, options, **own):
    """What loadtxt, or genfromtxt where something is missing, makes of it."""
    read = np.genfromtxt if "filling_values" in own else np.loadtxt
    texts.append({"text": content, "options": options, "array": record(np.asarray(read(io.StringIO(content), **own)))})


text("1 2 3\n4 5 6\n", {})
text("# head\n1,2 # tail\n\n3,4\n", {"delimiter": ","}, delimiter=",")
text("1\n2\n3\n", {})
text("1 2 3\n", {})
text("7\n", {})
text("7\n", {"ndmin": 1}, ndmin=1)
text("1 2\n3 4\n", {"unpack": True}, unpack=True)
text("1\n2\n", {"ndmin": 2}, ndmin=2)
text("a b\n1 nan\n-inf 1e-300\n", {"skiprows": 1}, skiprows=1)
text("1;2;3\n4;5;6\n7;8;9\n", {"delimiter": ";", "usecols": [2, 0], "maxRows": 2}, delimiter=";", usecols=[2, 0], max_rows=2)
text("-9223372036854775808 9223372036854775807\n", {"dtype": "int64"}, dtype=np.int64)
text("0 255\n", {"dtype": "uint8"}, dtype=np.uint8)
text("(1+2j) -3.5j\n1e2-1e-2j nan+infj\n", {"dtype": "complex128"}, dtype=np.complex128)
text("0 1\n1 1\n", {"dtype": "bool"}, dtype=bool)
text('"1","2"\n"3",4\n', {"delimiter": ",", "quotechar": '"'}, delimiter=",", quotechar='"')
text("1,,3\nNA,5,6\n", {"delimiter": ",", "missingValues": ["NA"]}, delimiter=",", missing_values="NA", filling_values=np.nan)
text("1,,3\nNA,5,6\n", {"delimiter": ",", "missingValues": ["NA"], "fillingValue": -1, "dtype": "int32"}, delimiter=",", missing_values="NA", filling_values=-1, dtype=np.int32)
text("0.1 3.4028235e38\n", {"dtype": "float32"}, dtype=np.float32)
json.dump({"files": files, "archives": archives, "texts": texts}, sys.stdout)
