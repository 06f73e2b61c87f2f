"""Writes recorded-image.json.gz: filters, morphology, colours and more of SciPy, scikit-image, Pillow and OpenCV.

    python record_image.py | gzip -9n > recorded-image.json.gz          (SciPy 1.17, scikit-image 0.26, OpenCV 5.0, Pillow 13)

The test makes the same images.
"""

import contextlib
import io
import json

import cv2
import numpy as np
import scipy.ndimage as ndi
from PIL import Image
from skimage import color, exposure, feature, filters, metrics

with contextlib.redirect_stdout(io.StringIO()):
    from record import record


def image(kind, dtype, shape):
    k = np.arange(np.prod(shape))
    v = (k * 37 + (k * k) % 11 * 5) % 64
    if kind == "blob":
        r, c = np.divmod(k, shape[1])
        v = v // 8 + 40 * ((r - 8) ** 2 + (c - 9) ** 2 < 37) + 12 * (c > 15)
    v = v.reshape(shape)
    return v > 32 if dtype == "bool" else v.astype(dtype) / 64 if dtype.startswith("float") else v.astype(dtype)


cases = []


def case(call, dtype, shape, options, expected, *more, kind="noise"):
    x = image(kind, dtype, shape)
    given = x.astype("float64") if dtype in ("uint8", "uint16", "int16") and call in SMOOTH else x
    out = expected(given)
    if call in SMOOTH and not dtype.startswith("float"):
        out = np.floor(out + 0.5).astype(dtype)
    out = np.asarray(out)
    cases.append({"call": call, "input": [kind, dtype, list(shape)], "more": list(more), "options": options,
                  "out": record(out.astype(dtype) if out.dtype == "float64" and dtype == "float32" else out)})


SMOOTH = {"gaussianFilter", "uniformFilter", "correlate", "convolve", "correlate1d", "convolve1d"}
MODES = ("reflect", "mirror", "nearest", "wrap", "constant")
WEIGHTS = [[1, -2, 0.5], [0, 3, 1]]
FOOT = [[1, 1, 0], [0, 1, 1], [0, 0, 1]]
channels = lambda f: lambda x: np.stack([f(x[..., k]) for k in range(x.shape[2])], axis=-1) if x.ndim == 3 else f(x)

for mode in MODES:
    for dtype, shape in (("float64", (6, 9)), ("float32", (5, 4, 3)), ("uint8", (7, 70))):
        p = o = {"mode": mode, "cval": 3 if dtype == "uint8" else 0.25}
        case("gaussianFilter", dtype, shape, {"sigma": 1.2, **o}, channels(lambda x: ndi.gaussian_filter(x, 1.2, **p)))
        case("uniformFilter", dtype, shape, {"size": [2, 5], **o}, channels(lambda x: ndi.uniform_filter(x, (2, 5), **p)))
        case("correlate1d", dtype, shape, {"axis": 0, "origin": 1, **o},
             channels(lambda x: np.clip(ndi.correlate1d(x, [0.5, 0.25, 0.25], axis=0, origin=1, **p), 0, None)), [0.5, 0.25, 0.25])
        case("medianFilter", dtype, shape, {"size": 3, **o},
             channels(lambda x: ndi.median_filter(x, 3, **p)))
    o = {"mode": mode, "cval": 0.25}
    case("correlate", "float64", (6, 9), o, lambda x: ndi.correlate(x, WEIGHTS, mode=mode, cval=0.25), WEIGHTS)
    case("convolve", "float64", (6, 9), o, lambda x: ndi.convolve(x, WEIGHTS, mode=mode, cval=0.25), WEIGHTS)
    case("convolve1d", "float64", (6, 9), o, lambda x: ndi.convolve1d(x, [1, 2, 4, 8], mode=mode, cval=0.25), [1, 2, 4, 8])
    for call, f in (("erode", ndi.grey_erosion), ("dilate", ndi.grey_dilation), ("opening", ndi.grey_opening), ("closing", ndi.grey_closing),
                    ("morphologicalGradient", ndi.morphological_gradient), ("whiteTophat", ndi.white_tophat), ("blackTophat", ndi.black_tophat)):
        case(call, "float64", (6, 9), {"size": [2, 3], **o}, lambda x: f(x, size=(2, 3), mode=mode, cval=0.25))
        case(call, "uint8", (8, 7), {"footprint": FOOT, "mode": mode}, lambda x: f(x, footprint=FOOT, mode=mode))

for order in (1, 2, [0, 1], [3, 2]):
    case("gaussianFilter", "float64", (9, 8), {"sigma": [1.5, 0.7], "order": order, "truncate": 3},
         lambda x: ndi.gaussian_filter(x, (1.5, 0.7), order=order, truncate=3))
for axis in (0, 1):
    case("sobel", "float64", (6, 7), {"axis": axis}, lambda x: ndi.sobel(x, axis))
    case("sobel", "uint8", (6, 7), {"axis": axis}, lambda x: ndi.sobel(x.astype("float32"), axis))
    case("prewitt", "float64", (6, 7), {"axis": axis}, lambda x: ndi.prewitt(x, axis))
    case("scharr", "float64", (6, 7), {"axis": axis}, lambda x: 16 * filters.scharr(x, axis=axis, mode="reflect"))
case("laplace", "float64", (6, 7), {}, ndi.laplace)
case("gaussianLaplace", "float64", (9, 7), {"sigma": 1.1}, lambda x: ndi.gaussian_laplace(x, 1.1))
case("gaussianGradientMagnitude", "float64", (9, 7), {"sigma": 1.1}, lambda x: ndi.gaussian_gradient_magnitude(x, 1.1))
case("unsharpMask", "float64", (9, 7), {"sigma": 1.1, "amount": 0.5},
     lambda x: filters.unsharp_mask(x, 1.1, 0.5, preserve_range=True))

for dtype in ("uint8", "int16", "float32", "float64", "bool"):
    for size in (2, 5, [3, 1], 9):
        case("medianFilter", dtype, (10, 11), {"size": size}, lambda x: ndi.median_filter(x, size if np.isscalar(size) else tuple(size)))
    case("medianFilter", dtype, (10, 11), {"footprint": FOOT}, lambda x: ndi.median_filter(x, footprint=FOOT))
case("rankFilter", "float64", (6, 7), {"size": 3}, lambda x: ndi.rank_filter(x, 2, 3), 2)
case("rankFilter", "uint16", (6, 7), {"size": 9}, lambda x: ndi.rank_filter(x, -5, 9), -5)
case("percentileFilter", "float64", (6, 7), {"size": 3}, lambda x: ndi.percentile_filter(x, 30, 3), 30)
case("erode", "bool", (9, 8), {"mode": "constant"}, lambda x: ndi.binary_erosion(x, np.ones((3, 3))))
case("dilate", "bool", (9, 8), {"mode": "constant"}, lambda x: ndi.binary_dilation(x, np.ones((3, 3))))

for connectivity in (1, 2):
    for shape in ((12, 13), (1, 7), (7, 1), (3, 0)):
        case("label", "bool", shape, {"connectivity": connectivity},
             lambda x: ndi.label(x, ndi.generate_binary_structure(2, connectivity))[0].astype("int32"))
for options in ({"low": 0.1, "high": 0.2}, {"sigma": 0.6, "low": 0.3, "high": 1.2}, {"sigma": 2, "low": 0.05, "high": 0.4}):
    case("canny", "float64", (20, 22), options,
         lambda x: feature.canny(x, options.get("sigma", 1), options["low"], options["high"], mode="constant"), kind="blob")

for call, f in (("rgb2hsv", color.rgb2hsv), ("rgb2ycbcr", color.rgb2ycbcr), ("rgb2xyz", color.rgb2xyz), ("rgb2lab", color.rgb2lab),
                ("hsv2rgb", color.hsv2rgb), ("xyz2rgb", color.xyz2rgb), ("xyz2lab", color.xyz2lab)):
    for dtype in ("float64", "float32"):
        case(call, dtype, (4, 5, 3), {}, f)
case("rgb2gray", "float64", (4, 5, 3), {}, lambda x: x @ [0.2126, 0.7152, 0.0722])
case("imgAsFloat", "uint8", (4, 5), {}, lambda x: (x / 255).astype("float32"))

# Splines between pixels. `wrap` is SciPy's "grid-wrap".
for order in range(6):
    for mode in MODES:
        scipy_mode, given = "grid-wrap" if mode == "wrap" else mode, {"order": order, "mode": mode, "cval": 0.5}
        p = dict(order=order, mode=scipy_mode, cval=0.5)
        dtype = "float32" if order in (1, 3) and mode == "reflect" else "float64"
        case("affineTransform", dtype, (7, 9), {"offset": [-1.3, 2.6], "outputShape": [8, 7], **given},
             lambda x: ndi.affine_transform(x, [[0.9, 0.31], [-0.4, 1.2]], (-1.3, 2.6), (8, 7), **p), [[0.9, 0.31], [-0.4, 1.2]])
        at = [[0.3, -4.2, 12.3, 6.0, 5.5], [1.1, 3.4, -0.4, 8.0, 30.7]]
        case("mapCoordinates", "float64", (7, 9), given, lambda x: ndi.map_coordinates(x, at, **p), at)
case("rotate", "float64", (7, 9), {"order": 3}, lambda x: ndi.rotate(x, 33, order=3), 33)
case("rotate", "float64", (7, 9, 2), {"order": 1, "reshape": False}, lambda x: ndi.rotate(x, -110, order=1, reshape=False), -110)
case("rotate", "uint8", (7, 9), {"order": 0}, lambda x: ndi.rotate(x, 90, order=0), 90)
case("shift", "float64", (7, 9), {"order": 1, "mode": "nearest"}, lambda x: ndi.shift(x, (1.5, -2.25), order=1, mode="nearest"), [1.5, -2.25])
for factor in (2, 0.6, [1.5, 2.2]):
    case("zoom", "float64", (7, 9), {"order": 1}, lambda x: ndi.zoom(x, factor, order=1), factor)
    case("zoom", "float64", (7, 9), {"order": 3, "mode": "reflect"}, lambda x: ndi.zoom(x, factor, order=3, mode="reflect"), factor)
H = [[1.1, 0.1, -0.4], [0.05, 0.9, 0.7], [0.01, -0.02, 1.05]]
case("warp", "float64", (7, 9), {"order": 1, "mode": "nearest"},
     lambda x: ndi.geometric_transform(x, lambda p: tuple((np.array(H) @ (*p, 1))[:2] / (np.array(H) @ (*p, 1))[2]), order=1, mode="nearest"), H)

# Pillow's weights, in float32.
for method, way in (("nearest", 0), ("bilinear", 2), ("bicubic", 3), ("lanczos", 1)):
    for size in ([12, 11], [3, 4], [5, 20], [1, 1], [8, 9]):
        middles = [((2 * np.arange(m) + 1) * n) // (2 * m) for m, n in zip(size, (8, 9))]
        case("resize", "float32", (8, 9), {"method": method},
             lambda x: np.array(Image.fromarray(x).resize(size[::-1], way)) if way else x[np.ix_(*middles)], size)
for size in ([4, 3], [3, 5], [1, 1]):
    case("resize", "float32", (8, 9), {"method": "area"}, lambda x: cv2.resize(x, size[::-1], interpolation=cv2.INTER_AREA), size)
case("resize", "float32", (8, 9, 3), {"antialias": False}, lambda x: cv2.resize(x, (5, 3), interpolation=cv2.INTER_LINEAR), [3, 5])

case("histEqual", "float64", (9, 8), {"bins": 16}, lambda x: exposure.equalize_hist(x, 16))
case("histEqual", "uint8", (9, 8), {}, lambda x: exposure.equalize_hist(x).astype("float32"))
for dtype in ("uint8", "float64"):
    case("thresholdOtsu", dtype, (12, 20), {}, lambda x: np.float64(filters.threshold_otsu(x)), kind="blob")
for method in ("gaussian", "mean", "median"):
    case("thresholdLocal", "float64", (9, 12), {"method": method, "offset": 0.1}, lambda x: filters.threshold_local(x, 5, method, 0.1), 5)
for tiles in (2, [3, 4]):
    for dtype in ("uint8", "uint16"):
        pair = (tiles, tiles) if np.isscalar(tiles) else tuple(tiles)
        case("clahe", dtype, (16, 18), {"clipLimit": 6, "tiles": tiles}, lambda x: cv2.createCLAHE(6, pair[::-1]).apply(x), kind="blob")
case("harris", "float64", (16, 18), {"sigma": 1.2}, lambda x: feature.corner_harris(x, sigma=1.2), kind="blob")
for n in (9, 12):
    case("fast", "float64", (20, 22), {"n": n, "threshold": 0.2}, lambda x: feature.corner_fast(x, n, 0.2), kind="blob")
    case("fast", "float64", (20, 22), {"n": n, "threshold": 0.1}, lambda x: feature.corner_fast(x, n, 0.1))
case("integralImage", "float64", (4, 5), {}, lambda x: np.pad(x.cumsum(0).cumsum(1), ((1, 0), (1, 0))))

numbers = []
a, b = image("noise", "float64", (11, 13)), image("blob", "float64", (11, 13)) / 2
numbers.append({"call": "psnr", "value": metrics.peak_signal_noise_ratio(a, b, data_range=1)})
numbers.append({"call": "ssim", "value": metrics.structural_similarity(a, b, data_range=1)})

print(json.dumps({"cases": cases, "numbers": numbers}))
