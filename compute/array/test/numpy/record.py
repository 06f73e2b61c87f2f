"""Writes recorded.json.gz: what NumPy computes, for the tests to compare with.

    python record.py | gzip -9n > recorded.json.gz          (NumPy 2)

Values are given as the tests make them: `data` holds the inputs, `cases` name a function, its inputs and what came out. Floats
that JSON has not are strings; complex numbers are pairs; integers of 64 bits are strings of digits.
"""

import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
np.seterr(all="ignore")

inf, nan = float("inf"), float("nan")
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, 3.5, -2.5, 0.1, -0.3, 7.0, 1e-10, -1e-5, 123.456, -77.25, 1e10, -3e8, inf, -inf, nan]
SIGNED = [0, 1, -1, 2, -2, 3, 5, -7, 100, -100, 127, -128]
UNSIGNED = [0, 1, 2, 3, 5, 7, 100, 127, 128, 200, 255]
COMPLEX = [0j, 1 + 0j, -1 + 0j, 1j, -1j, 1 + 2j, -0.5 + 0.25j, 3 - 4j, -2.5 - 1.5j, 0.1 + 10j, 20 - 0.5j]

DTYPES = {
    "bool": np.bool_, "int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64,
    "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32, "uint64": np.uint64,
    "float16": np.float16, "float32": np.float32, "float64": np.float64,
    "complex64": np.complex64, "complex128": np.complex128,
}


def values_for(name):
    if name == "bool":
        return [False, True]
    if name.startswith("complex"):
        return COMPLEX
    if name.startswith("float"):
        return [x for x in FLOATS if name != "float16" or not 1e5 < abs(x) < inf]
    return SIGNED if name.startswith("int") else UNSIGNED


def item(x):
    if isinstance(x, (complex, np.complexfloating)):
        return [item(float(x.real)), item(float(x.imag))]
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (np.int64, np.uint64)):
        return str(int(x))
    if isinstance(x, (int, np.integer)):
        return int(x)
    x = float(x)
    if x != x:
        return "nan"
    if x in (inf, -inf):
        return "inf" if x > 0 else "-inf"
    return "-0" if x == 0 and np.signbit(x) else x


def record(a):
    a = np.asarray(a)
    return {"dtype": a.dtype.name, "shape": list(a.shape), "values": [item(x) for x in a.ravel()]}


UNARY = {
    "negative": np.negative, "positive": np.positive, "abs": np.abs, "sign": np.sign, "square": np.square,
    "reciprocal": np.reciprocal, "sqrt": np.sqrt, "cbrt": np.cbrt, "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1,
    "log": np.log, "log1p": np.log1p, "log2": np.log2, "log10": np.log10, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc,
    "round": np.round, "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "signbit": np.signbit,
    "logicalNot": np.logical_not, "bitwiseInvert": np.bitwise_invert, "real": np.real, "imag": np.imag, "conj": np.conj,
    "angle": np.angle,
}
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "floorDivide": np.floor_divide,
    "remainder": np.remainder, "fmod": np.fmod, "pow": np.power, "maximum": np.maximum, "minimum": np.minimum,
    "fmax": np.fmax, "fmin": np.fmin, "hypot": np.hypot, "copysign": np.copysign, "nextafter": np.nextafter,
    "atan2": np.arctan2, "logaddexp": np.logaddexp, "equal": np.equal, "notEqual": np.not_equal, "less": np.less,
    "lessEqual": np.less_equal, "greater": np.greater, "greaterEqual": np.greater_equal, "logicalAnd": np.logical_and,
    "logicalOr": np.logical_or, "logicalXor": np.logical_xor, "bitwiseAnd": np.bitwise_and, "bitwiseOr": np.bitwise_or,
    "bitwiseXor": np.bitwise_xor, "bitwiseLeftShift": np.left_shift, "bitwiseRightShift": np.right_shift,
}
SHIFTS = ("bitwiseLeftShift", "bitwiseRightShift")
FLOATING = {"reciprocal", "sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin",
            "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "signbit", "hypot", "copysign", "nextafter",
            "atan2", "logaddexp", "divide", "angle"}


def unary_cases():
    for name, f in UNARY.items():
        for dtype in DTYPES:
            if name in FLOATING and not dtype.startswith(("float", "complex")):
                continue
            if name in ("floor", "ceil", "trunc", "round") and dtype.startswith(("bool", "complex")):
                continue
            if dtype == "bool" and name not in ("logicalNot", "bitwiseInvert", "isnan", "isinf", "isfinite"):
                continue
            if dtype.startswith("complex") and name in ("cbrt", "exp2", "signbit", "bitwiseInvert"):
                continue
            x = np.array(values_for(dtype), dtype=DTYPES[dtype])
            try:
                out = f(x)
            except TypeError:
                continue
            yield {"call": name, "inputs": [dtype], "out": record(out)}


def binary_cases():
    for name, f in BINARY.items():
        for dtype in DTYPES:
            if name in FLOATING and not dtype.startswith(("float", "complex")):
                continue
            if dtype == "bool" and name not in ("add", "multiply", "maximum", "minimum", "equal", "notEqual", "less", "lessEqual",
                                                "greater", "greaterEqual", "logicalAnd", "logicalOr", "logicalXor",
                                                "bitwiseAnd", "bitwiseOr", "bitwiseXor"):
                continue
            if dtype.startswith("complex") and name not in ("add", "subtract", "multiply", "divide", "pow", "equal", "notEqual",
                                                            "logicalAnd", "logicalOr", "logicalXor"):
                continue
            x = np.array(values_for(dtype), dtype=DTYPES[dtype])
            y = x[::-1] if name not in SHIFTS else np.array([0, 1, 2, 3, 5, 7], dtype=DTYPES[dtype])
            if name == "pow" and not dtype.startswith(("float", "complex")):
                y = np.array([0, 1, 2, 3, 5, 7], dtype=DTYPES[dtype])
            try:
                out = f(x[:, None], y[None, :])
            except (TypeError, ValueError):
                continue
            yield {"call": name, "inputs": [dtype], "right": [item(v) for v in y], "out": record(out)}


def promotion_cases():
    for a in DTYPES:
        for b in DTYPES:
            yield {"call": "resultType", "inputs": [a, b], "out": np.result_type(DTYPES[a], DTYPES[b]).name}


REDUCTIONS = {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min, "mean": np.mean, "var": np.var, "std": np.std,
              "all": np.all, "any": np.any, "argmax": np.argmax, "argmin": np.argmin, "countNonzero": np.count_nonzero}


def reduction_cases():
    shape = (3, 4, 5)
    k = np.arange(60)
    for dtype in DTYPES:
        if dtype == "float16":
            continue
        if dtype == "bool":
            x = (k * 7 % 5 > 1).reshape(shape)
        else:
            x = ((k * 37 % 23) - (0 if dtype.startswith("uint") else 9)).astype(DTYPES[dtype])
            if dtype.startswith(("float", "complex")):
                x = x / DTYPES[dtype](8)
            if dtype.startswith("complex"):
                x = x + 1j * (k % 3).astype(DTYPES[dtype])
            x = x.astype(DTYPES[dtype]).reshape(shape)
        yield {"call": "data", "dtype": dtype, "values": record(x)}
        for name, f in REDUCTIONS.items():
            if dtype.startswith("complex") and name in ("max", "min", "argmax", "argmin"):
                continue
            for axis in (None, 0, 1, 2, (0, 2), (1, 2)):
                if isinstance(axis, tuple) and name.startswith("arg"):
                    continue
                for keepdims in (False, True):
                    yield {"call": name, "inputs": [dtype], "axis": axis, "keepdims": keepdims,
                           "out": record(f(x, axis=axis, keepdims=keepdims))}


INDICES = ["0", "-1", "1:3", "::2", "::-1", "1:-1, ::2", "..., 0", "0, ..., 1", ":, None, 1", "2, 1:, ::-2", "5:1:-2", ":, :, 1:1",
           "None, ..., None", "-2:, -3:-1, 4"]


def index_cases():
    x = np.arange(60, dtype=np.int32).reshape(3, 4, 5)
    for text in INDICES:
        out = eval(f"x[{text}]", {"x": x, "None": None})
        yield {"call": "at", "index": text, "out": record(out)}


json.dump({
    "numpy": np.__version__,
    "data": {d: [item(v) for v in np.array(values_for(d), dtype=DTYPES[d])] for d in DTYPES},
    "unary": list(unary_cases()),
    "binary": list(binary_cases()),
    "promotion": list(promotion_cases()),
    "reductions": list(reduction_cases()),
    "indices": list(index_cases()),
}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
