/**
 * What functions of Skein are called elsewhere. Where a name is the same but for its case, a list has it; the others stand here. `page.ts` makes docs/array-names.md
 * of it, and the test names.test.ts holds both to what the room exports.
 */

/** Names of the array API standard 2024.12, by its sections. */
export const standard: Readonly<Record<string, string>> = {
  '': `e inf nan newaxis pi arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros zeros_like astype can_cast finfo iinfo isdtype result_type
    abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor
    floor_divide greater greater_equal hypot imag isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor maximum minimum multiply negative
    nextafter not_equal positive pow real reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc take take_along_axis matmul matrix_transpose tensordot vecdot
    broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile unstack argmax argmin count_nonzero nonzero searchsorted where
    unique_all unique_counts unique_inverse unique_values argsort sort cumulative_prod cumulative_sum max mean min prod std sum var all any diff __array_namespace_info__`,
  linalg: `cholesky cross det diagonal eigh eigvalsh inv matmul matrix_norm matrix_power matrix_rank matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot vector_norm`,
  fft: 'fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift',
}

/** Names that differ from Skein's by more than case: `skein: theirs`. */
export type Names = Readonly<Record<string, string>>

const pairs = (text: string): Names =>
  Object.fromEntries(
    text
      .trim()
      .split(/\s*;\s*/)
      .map(pair => pair.split(/\s*:\s*/) as [string, string]),
  )

export const renamed: { readonly standard: Names; readonly numpy: Names; readonly scipy: Names } = {
  standard: pairs('variance: var; info: __array_namespace_info__; device: x.device; toDevice: x.to_device'),
  numpy:
    pairs(`abs: absolute; acos: arccos; acosh: arccosh; asin: arcsin; asinh: arcsinh; atan: arctan; atan2: arctan2; atanh: arctanh; angle: angle; at: x[…]; set: x[…] = y; assign: copyto; astype: x.astype;
    backend: ; bitwiseLeftShift: left_shift; bitwiseRightShift: right_shift; bitwiseInvert: invert; concat: concatenate; conj: conjugate; cumulativeProd: cumprod; cumulativeSum: cumsum; fromtext: loadtxt; fromNpy: load; loadz: load;
    matrixTranspose: matrix_transpose; nancumulativeProd: nancumprod; nancumulativeSum: nancumsum; permuteDims: transpose; pow: power; format: array2string; round: rint; split: array_split; variance: var; equal: equal;
    atleast1d: atleast_1d; atleast2d: atleast_2d; atleast3d: atleast_3d; logaddexp2: logaddexp2; ix: ix_; select: select; canCast: can_cast; map: vectorize; toNpy: save; tobytes: x.tobytes; totext: savetxt; info: __array_namespace_info__;
    toNpz: savez; topK: partition; copy: copy; uniqueValues: unique; arrayApiVersion: __array_api_version__; isdtype: isdtype; unstack: unstack; putAlongAxis: put_along_axis; fromTypedArray: frombuffer; zerosLike: zeros_like; e: e; inf: inf; nan: nan; newaxis: newaxis; pi: pi; device: x.device; toDevice: x.to_device; iinfo: iinfo; finfo: finfo;
    fft.fft2: fft2; random.Generator: default_rng; random.chiSquare: chisquare; random.choice: choice; random.studentT: standard_t; random.multivariateNormal: multivariate_normal; linalg.matrixTranspose: matrix_transpose; windows.hann: hanning`),
  scipy: pairs(
    `linalg.solveTriangular: linalg.solve_triangular; windows.generalCosine: signal.windows.general_cosine; isnan: ; topK: ; image.erode: ndimage.grey_erosion; image.dilate: ndimage.grey_dilation; image.opening: ndimage.grey_opening; image.closing: ndimage.grey_closing; image.warp: ndimage.geometric_transform; signal.freqzSos: signal.freqz_sos;
    random.normal: stats.norm; random.gamma: stats.gamma; random.exponential: stats.expon; random.binomial: stats.binom; random.chiSquare: stats.chi2; random.geometric: stats.geom; random.gumbel: stats.gumbel_r; random.integers: stats.randint; random.lognormal: stats.lognorm; random.multivariateNormal: stats.multivariate_normal; random.studentT: stats.t; random.weibull: stats.weibull_min;
    interpolate.PiecewisePolynomial: interpolate.PPoly; linalg.solveTridiagonal: ; linalg.choleskySolve: linalg.cho_solve; trapezoid: integrate.trapezoid; random.permutation: ; random.shuffle: ; random.choice: ; random.Generator: ; random.seed: `,
  ),
}

/** Functions of ArrayFire 3.10, as its headers declare and describe them (include/af). */
export const arrayfire: Names =
  pairs(`abs: abs; acos: acos; acosh: acosh; add: +; all: allTrue; any: anyTrue; angle: arg; arange: seq; argmax: max; argmin: min; argsort: sort; asin: asin; asinh: asinh; asarray: array; astype: x.as; at: x(…);
  atan: atan; atan2: atan2; atanh: atanh; bitwiseAnd: &; bitwiseInvert: ~; bitwiseLeftShift: <<; bitwiseOr: |; bitwiseRightShift: >>; bitwiseXor: ^; broadcastTo: tile; cbrt: cbrt; ceil: ceil; clip: clamp; concat: join; conj: conjg; convolve: convolve; copy: x.copy;
  corrcoef: corrcoef; cos: cos; cosh: cosh; countNonzero: count; cov: cov; cumulativeSum: accum; cumulativeProd: scan; diag: diag; diff: diff1; divide: /; dot: dot; equal: ==; exp: exp; expm1: expm1; eye: identity; flatnonzero: where; flip: flip; floor: floor; full: constant; greater: >; greaterEqual: >=;
  histogram: histogram; hypot: hypot; imag: imag; intersect1d: setIntersect; isinf: isInf; isnan: isNaN; less: <; lessEqual: <=; log: log; log10: log10; log1p: log1p; log2: log2; logicalAnd: &&; logicalNot: !; logicalOr: ||; indices: range; matmul: matmul; matrixTranspose: transpose; max: max; maximum: max; mean: mean; median: median;
  min: min; minimum: min; multiply: *; negative: -; notEqual: !=; pad: pad; permuteDims: reorder; pow: pow; prod: product; ravel: flat; real: real; fmod: mod; reshape: moddims; roll: shift; round: round; save: saveArray; load: readArray; select: select; signbit: sign; sin: sin; sinh: sinh; sort: sort; sqrt: sqrt; std: stdev; subtract: -; sum: sum;
  take: lookup; tan: tan; tanh: tanh; tile: tile; topK: topk; tril: lower; triu: upper; trunc: trunc; union1d: setUnion; uniqueValues: setUnique; variance: var; where: select; zeros: constant; backend: setBackend; vdot: dot; average: mean; device: getDevice; 
  linalg.cholesky: cholesky; linalg.det: det; linalg.inv: inverse; linalg.lstsq: solve; linalg.matmul: matmul; linalg.matrixRank: rank; linalg.matrixNorm: norm; linalg.vectorNorm: norm; linalg.pinv: pinverse; linalg.qr: qr; linalg.solve: solve; linalg.solveTriangular: solve; linalg.svd: svd; linalg.lu: lu; linalg.diagonal: diag; linalg.matrixTranspose: transpose;
  fft.fft: fft; fft.ifft: ifft; fft.fft2: fft2; fft.ifft2: ifft2; fft.rfft: fftR2C; fft.irfft: fftC2R; random.uniform: randu; random.normal: randn; random.seed: setSeed; random.Generator: randomEngine;
  image.bilateral: bilateral; image.canny: canny; image.dilate: dilate; image.erode: erode; image.fast: fast; image.gray2rgb: gray2rgb; image.harris: harris; image.histEqual: histEqual; image.hsv2rgb: hsv2rgb; image.integralImage: sat; image.label: regions; image.medianFilter: medfilt2; image.resize: resize; image.rgb2gray: rgb2gray; image.rgb2hsv: rgb2hsv; image.rgb2ycbcr: rgb2ycbcr;
  image.rotate: rotate; image.affineTransform: transform; image.shift: translate; image.sobel: sobel; image.warp: transform; image.ycbcr2rgb: ycbcr2rgb; readPng: loadImage; writePng: saveImage; signal.medfilt: medfilt1; signal.lfilter: iir; interp: approx1; image.mapCoordinates: approx2; fft.fftn: fft3; fft.ifftn: ifft3`)

/** Functions of Armadillo 15.2, as its headers declare them; `x.` are members. */
export const armadillo: Names =
  pairs(`abs: abs; acos: acos; acosh: acosh; add: +; all: all; allclose: approx_equal; angle: arg; any: any; arange: regspace; argmax: index_max; argmin: index_min; argsort: sort_index; asin: asin; asinh: asinh; astype: conv_to; at: x(…); atan: atan; atan2: atan2; atanh: atanh;
  cbrt: cbrt; ceil: ceil; clip: clamp; conj: conj; concat: join_cols; convolve: conv; corrcoef: cor; cos: cos; cosh: cosh; cov: cov; cross: cross; cumulativeProd: cumprod; cumulativeSum: cumsum; delete: x.shed_cols; diag: diagmat; diff: diff; divide: /; dot: dot; equal: ==; exp: exp; exp2: exp2; expm1: expm1; eye: eye; fillDiagonal: x.diag; flatnonzero: find; fliplr: fliplr; flipud: flipud; floor: floor; full: fill::value;
  greater: >; greaterEqual: >=; histogram: hist; hstack: join_rows; hypot: hypot; imag: imag; insert: x.insert_cols; intersect1d: intersect; isfinite: find_finite; isnan: find_nan; kron: kron; less: <; lessEqual: <=; linspace: linspace; log: log; log10: log10; log1p: log1p; log2: log2; logspace: logspace; map: x.transform; matmul: *; matrixTranspose: strans; max: max; maximum: max; mean: mean; median: median; min: min; minimum: min;
  multiply: %; nanToNum: x.replace; negative: -; nonzero: find; notEqual: !=; ones: ones; permuteDims: strans; polyfit: polyfit; polyval: polyval; pow: pow; prod: prod; ptp: range; quantile: quantile; ravel: vectorise; ravelMultiIndex: sub2ind; real: real; reshape: reshape; resize: resize; repeat: repelem; roll: circshift; round: round; save: x.save; load: x.load; sign: sign; sin: sin; sinc: sinc; sinh: sinh; sort: sort; sqrt: sqrt; square: square; std: stddev; subtract: -; sum: sum; tan: tan; tanh: tanh; tile: repmat; trapezoid: trapz; tril: trimatl; trilIndices: trimatl_ind;
  triu: trimatu; triuIndices: trimatu_ind; trunc: trunc; uniqueValues: unique; unravelIndex: ind2sub; variance: var; vdot: cdot; vstack: join_cols; zeros: zeros; linalg.cholesky: chol; linalg.cond: cond; linalg.det: det; linalg.diagonal: diagvec; linalg.eigh: eig_sym; linalg.eigvalsh: eig_sym; linalg.expm: expmat; linalg.inv: inv; linalg.lstsq: solve; linalg.matrixNorm: norm; linalg.matrixPower: powmat; linalg.matrixRank: rank; linalg.pinv: pinv; linalg.qr: qr;
  linalg.slogdet: log_det; linalg.solve: solve; linalg.solveTriangular: solve; linalg.svd: svd; linalg.svdvals: svd; linalg.trace: trace; linalg.vectorNorm: norm; linalg.eig: eig_gen; linalg.eigvals: eig_gen; linalg.lu: lu; linalg.logm: logmat; linalg.sqrtm: sqrtmat; linalg.schur: schur; linalg.solveSylvester: sylvester; linalg.nullSpace: null; linalg.orth: orth; linalg.hessenberg: hess; linalg.qz: qz; fft.fft: fft; fft.ifft: ifft; fft.fft2: fft2; fft.ifft2: ifft2; random.uniform: randu; random.normal: randn; random.integers: randi; random.gamma: randg; random.multivariateNormal: mvnrnd;
  random.permutation: randperm; random.shuffle: shuffle; random.seed: arma_rng::set_seed; random.chiSquare: chi2rnd; roots: roots; interp: interp1; linalg.toeplitz: toeplitz; linalg.circulant: circ_toeplitz; linalg.matrixTranspose: strans; logaddexp: log_add_exp; take: x.elem`)

/** Functions of NumPy that have another form here, or that only Python needs: `theirs: how`. The others that Skein has not are listed as missing. */
export const otherwise: Names =
  pairs(`absolute: abs; amax: max; amin: min; around: multiply, round; array: asarray; array_repr: String(x); array_str: String(x); asanyarray: asarray; ascontiguousarray: copy; asarray_chkfinite: isfinite; asfortranarray: permuteDims; base_repr: Number.toString; binary_repr: Number.toString; bitwise_not: bitwiseInvert; array_equiv: arrayEqual;
  common_type: resultType; compress: x.at(mask); copyto: assign; degrees: rad2deg; diag_indices_from: diagIndices; dsplit: split with axis 2; ediff1d: diff; extract: x.at(mask); fabs: abs; fix: trunc; fromfile: frombuffer; fromiter: asarray; fromfunction: indices, map; fromstring: fromtext; frompyfunc: map; genfromtxt: loadtxt with missingValues; hsplit: split with axis 1; vsplit: split; identity: eye; iscomplexobj: isdtype;
  isrealobj: isdtype; isscalar: typeof; iterable: Symbol.iterator; mask_indices: nonzero; mod: remainder; ndim: x.ndim; shape: x.shape; size: x.size; place: set by a mask; put: set; putmask: set by a mask; radians: deg2rad; promote_types: resultType; min_scalar_type: resultType; require: asarray; rollaxis: moveaxis; row_stack: vstack; sort_complex: astype, sort; tril_indices_from: trilIndices; triu_indices_from: triuIndices;
  true_divide: divide; unique: uniqueValues, uniqueAll, uniqueCounts; fill_diagonal: fillDiagonal; trapz: trapezoid; bartlett: windows.bartlett; blackman: windows.blackman; hamming: windows.hamming; hanning: windows.hann; kaiser: windows.kaiser; asmatrix: atleast2d; matrix: atleast2d; bmat: block; argpartition: argsort, topK; partition: sort, topK; issubdtype: isdtype; isfortran: x.strides; transpose: permuteDims; diagonal: linalg.diagonal; trace: linalg.trace;
  float_power: floatPower; piecewise: select; apply_over_axes: applyOverAxes; nancumprod: nancumulativeProd; nancumsum: nancumulativeSum; savez_compressed: savezCompressed; printoptions: format; set_printoptions: format; get_printoptions: format; array2string: format; broadcast_shapes: broadcastShapes; ix_: ix; array_split: split; isneginf: isneginf; isposinf: isposinf; histogram_bin_edges: histogramBinEdges; linalg.norm: linalg.vectorNorm, linalg.matrixNorm; arange: arange; rint: round`)

/** Names of NumPy's main namespace that are about Python, its errors, its buffers or its dates. */
export const ofPython =
  'busday_count busday_offset datetime_as_string datetime_data errstate format_float_positional format_float_scientific from_dlpack get_include getbufsize geterr geterrcall info is_busday isnat may_share_memory mintypecode nested_iters setbufsize seterr seterrcall shares_memory show_config show_runtime test typename fromregex __array_namespace_info__ real_if_close ndenumerate r_ c_ s_ index_exp mgrid ogrid'.split(
    ' ',
  )
