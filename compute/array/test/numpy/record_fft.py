"""Writes recorded-fft.json.gz: what NumPy's Fourier transforms give.

    python record_fft.py | gzip -9n > recorded-fft.json.gz          (NumPy 2)

A case names a function, the dtype and shape of what it is given, its options as Skein calls them, and what comes out. The test makes the same
numbers: element k has the real part ((k * 37) % 23 - 11) / 8 and the imaginary part ((k * 29) % 19 - 9) / 4. Arrays are written as record.py writes them.
"""

import contextlib
import io
import json

import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    from record import DTYPES, record

cases = []


def data(dtype, shape):
    k = np.arange(int(np.prod(shape)))
    re = ((k * 37) % 23 - 11) / 8
    if dtype.startswith("complex"):
        re = re + 1j * (((k * 29) % 19 - 9) / 4)
    if dtype.startswith("int"):
        re = re * 8
    return re.astype(DTYPES[dtype]).reshape(shape)


def case(call, dtype, shape, **options):
    found = getattr(np.fft, call)(data(dtype, shape), **options)
    cases.append({"call": call, "dtype": dtype, "shape": shape, "options": options, "out": record(found)})


for call in ("fft", "ifft", "hfft", "irfft"):
    for dtype in ("complex128", "complex64", "float32"):
        for n in (None, 1, 2, 7, 12, 15):
            case(call, dtype, [9], **({} if n is None else {"n": n}))
for call in ("rfft", "ihfft"):
    for dtype in ("float64", "float32", "int32"):
        for n in (None, 1, 2, 7, 12, 15):
            case(call, dtype, [9], **({} if n is None else {"n": n}))
for norm in ("backward", "ortho", "forward"):
    for call in ("fft", "ifft", "hfft", "irfft"):
        case(call, "complex128", [3, 6], axis=0, norm=norm)
        case(call, "complex128", [3, 6], axis=0, n=5, norm=norm)
    for call in ("rfft", "ihfft"):
        case(call, "float64", [6, 3], axis=0, norm=norm)
        case(call, "float64", [5, 3], axis=0, norm=norm)
    for call in ("fftn", "ifftn", "irfftn", "fft2", "ifft2", "irfft2"):
        case(call, "complex128", [2, 3, 4], norm=norm)
    for call in ("rfftn", "rfft2"):
        case(call, "float64", [2, 3, 4], norm=norm)
for call in ("fftn", "ifftn", "irfftn"):
    case(call, "complex64", [2, 3, 5], axes=[2, 0])
    case(call, "complex128", [2, 3, 5], s=[4, 2], axes=[0, 1])
    case(call, "complex128", [2, 3, 5], s=[3, 7], axes=[-1, 0])
case("rfftn", "float32", [2, 3, 5], axes=[2, 0])
case("rfftn", "float64", [2, 3, 5], s=[4, 7], axes=[0, 1])
for call in ("fft2", "ifft2", "irfft2"):
    case(call, "complex128", [4, 3], s=[3, 5], axes=[1, 0])
for call in ("fftshift", "ifftshift"):
    case(call, "float64", [5])
    case(call, "float64", [4, 3])
    case(call, "complex64", [4, 3], axes=[0])

frequencies = [{"call": call, "n": n, "d": d, "out": record(getattr(np.fft, call)(n, d=d))}
               for call in ("fftfreq", "rfftfreq") for n in (1, 2, 5, 8) for d in (1.0, 0.25)]

print(json.dumps({"cases": cases, "frequencies": frequencies}))
