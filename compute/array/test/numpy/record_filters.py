"""Writes recorded-filters.json.gz: filters, spectra and samples of scipy.signal.

    python record_filters.py | gzip -9n > recorded-filters.json.gz          (SciPy 1.17)

The test makes the same signals as record_fft.py.
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


def case(call, args, options, out, *names):
    """`{"signal": [dtype, shape]}` stands for an array; `names` are what is taken of the result."""
    outs = [out] if not names else list(out)
    cases.append({"call": call, "args": args, "options": options, "names": list(names), "out": [record(np.asarray(x)) for x in outs]})


def x(*shape, dtype="float64"):
    return {"signal": [dtype, list(shape)]}, data(dtype, list(shape))


BANDS = (("lowpass", 0.3), ("highpass", 0.4), ("bandpass", [0.2, 0.5]), ("bandstop", [0.25, 0.6]))
for btype, wn in BANDS:
    for n in (1, 2, 5, 8):
        for call, more in (("butter", ()), ("cheby1", (1.5,)), ("cheby2", (35,)), ("ellip", (0.7, 45))):
            design = lambda output: getattr(signal, call)(n, *more, wn, btype=btype, output=output)
            case(call, [n, *more, wn], {"btype": btype}, design("sos"))
            if n < 5:
                case(call, [n, *more, wn], {"btype": btype, "output": "ba"}, design("ba"), "b", "a")
    for n in (1, 2, 5, 8):
        for norm in ("phase", "delay", "mag"):
            case("bessel", [n, wn], {"btype": btype, "norm": norm}, signal.bessel(n, wn, btype=btype, norm=norm, output="sos"))
case("bessel", [4, 0.25], {"output": "ba"}, signal.bessel(4, 0.25), "b", "a")
case("butter", [3, 100], {"fs": 1000}, signal.butter(3, 100, fs=1000, output="sos"))
case("iirnotch", [60, 30], {"fs": 1000}, signal.iirnotch(60, 30, fs=1000), "b", "a")
case("iirpeak", [0.3, 5], {}, signal.iirpeak(0.3, 5), "b", "a")

B, A = signal.butter(3, 0.3)
SOS = signal.ellip(5, 1, 40, [0.2, 0.5], btype="bandpass", output="sos")
b, a, sos = B.tolist(), A.tolist(), SOS.tolist()
for shape, axis in (((50,), -1), ((3, 50), -1), ((60, 4), 0), ((2, 70, 3), 1)):
    given, v = x(*shape)
    case("lfilter", [b, a, given], {"axis": axis}, signal.lfilter(B, A, v, axis))
    case("lfilter", [[1, 2, 3], [2], given], {"axis": axis}, signal.lfilter([1, 2, 3], [2], v, axis))
    case("sosfilt", [sos, given], {"axis": axis}, signal.sosfilt(SOS, v, axis))
    for padtype in ("odd", "even", "constant"):
        case("filtfilt", [b, a, given], {"axis": axis, "padtype": padtype}, signal.filtfilt(B, A, v, axis, padtype))
    case("sosfiltfilt", [sos, given], {"axis": axis}, signal.sosfiltfilt(SOS, v, axis))
    case("resample", [given, 37], {"axis": axis}, signal.resample(v, 37, axis=axis))
    case("resample", [given, 100], {"axis": axis}, signal.resample(v, 100, axis=axis))
    for up, down in ((3, 2), (2, 5), (4, 2)):
        case("resamplePoly", [given, up, down], {"axis": axis}, signal.resample_poly(v, up, down, axis=axis))
    for type in ("linear", "constant"):
        case("detrend", [given], {"axis": axis, "type": type}, signal.detrend(v, axis, type))
    case("hilbert", [given], {"axis": axis}, signal.hilbert(v, axis=axis))
    for mode in ("interp", "mirror", "nearest", "wrap", "constant"):
        case("savgolFilter", [given, 7, 3], {"axis": axis, "mode": mode, "deriv": 1, "delta": 0.5},
             signal.savgol_filter(v, 7, 3, deriv=1, delta=0.5, axis=axis, mode=mode))
    for scaling in ("density", "spectrum"):
        case("periodogram", [given], {"axis": axis, "fs": 10, "scaling": scaling}, signal.periodogram(v, 10, axis=axis, scaling=scaling), "f", "pxx")
        case("welch", [given], {"axis": axis, "fs": 10, "nperseg": 16, "scaling": scaling, "detrend": "linear"},
             signal.welch(v, 10, nperseg=16, axis=axis, scaling=scaling, detrend="linear"), "f", "pxx")
    case("welch", [given], {"axis": axis, "nperseg": 15, "noverlap": 9, "nfft": 20, "window": ["kaiser", 4], "average": "median"},
         signal.welch(v, nperseg=15, noverlap=9, nfft=20, window=("kaiser", 4), axis=axis, average="median"), "f", "pxx")
given, v = x(50)
case("lfilter", [b, a, given], {"zi": [0.5, -1, 2]}, signal.lfilter(B, A, v, zi=[0.5, -1, 2])[0])
case("lfilterZi", [b, a], None, signal.lfilter_zi(B, A))
case("sosfiltZi", [sos], None, signal.sosfilt_zi(SOS))
case("decimate", [x(90)[0], 3], {}, signal.decimate(x(90)[1], 3, zero_phase=True))
case("medfilt", [given, 5], None, signal.medfilt(v, 5))
for shape in ((100,), (2, 65)):
    given, v = x(*shape)
    case("spectrogram", [given], {"fs": 4, "nperseg": 20}, signal.spectrogram(v, 4, nperseg=20), "f", "t", "sxx")
    for scaling in ("spectrum", "psd"):
        case("stft", [given], {"fs": 4, "nperseg": 18, "scaling": scaling}, signal.stft(v, 4, nperseg=18, scaling=scaling), "f", "t", "zxx")
    other = data("float64", [*shape[:-1], shape[-1] + 8])[..., 8:]
    case("csd", [given, other.tolist()], {"nperseg": 16}, signal.csd(v, other, nperseg=16), "f", "pxy")
    case("coherence", [given, other.tolist()], {"nperseg": 16}, signal.coherence(v, other, nperseg=16), "f", "cxy")

case("firwin", [21, 0.3], {}, signal.firwin(21, 0.3))
case("firwin", [20, 100], {"fs": 1000, "window": ["kaiser", 6]}, signal.firwin(20, 100, fs=1000, window=("kaiser", 6)))
case("firwin", [31, 0.4], {"passZero": False}, signal.firwin(31, 0.4, pass_zero=False))
case("firwin", [31, [0.2, 0.5]], {"passZero": "bandpass", "window": "hann"}, signal.firwin(31, [0.2, 0.5], pass_zero="bandpass", window="hann"))
case("firwin", [31, [0.2, 0.5]], {"scale": False}, signal.firwin(31, [0.2, 0.5], scale=False))
for degree, deriv in ((2, 0), (3, 1), (5, 2)):
    case("savgolCoeffs", [11, degree], {"deriv": deriv, "delta": 0.3}, signal.savgol_coeffs(11, degree, deriv=deriv, delta=0.3))
case("freqz", [b, a], {"worN": 9}, signal.freqz(B, A, 9), "w", "h")
case("freqz", [b, [1]], {}, signal.freqz(B), "w", "h")
case("freqz", [b, a], {"worN": 8, "whole": True, "fs": 10}, signal.freqz(B, A, 8, whole=True, fs=10), "w", "h")
case("freqzSos", [sos], {"worN": 9}, signal.freqz_sos(SOS, 9), "w", "h")

given, v = x(150)
for options, python in (({}, {}), ({"height": 0.2}, {"height": 0.2}), ({"threshold": [0.1, 2]}, {"threshold": (0.1, 2)}), ({"distance": 7}, {"distance": 7}),
                        ({"prominence": 0.8}, {"prominence": 0.8}), ({"width": [1, 3], "relHeight": 0.7}, {"width": (1, 3), "rel_height": 0.7})):
    peaks, found = signal.find_peaks(v, **python)
    names = {"peak_heights": "heights", "prominences": "prominences", "widths": "widths"}
    case("findPeaks", [given], options, [peaks.astype("int32"), *[found[k] for k in names if k in found]],
         "peaks", *[names[k] for k in names if k in found])
case("findPeaks", [[0, 1, 1, 0, 3, 3, 3, 2, 5]], {}, [signal.find_peaks([0, 1, 1, 0, 3, 3, 3, 2, 5])[0].astype("int32")], "peaks")

print(json.dumps({"cases": cases}))
