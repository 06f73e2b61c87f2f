import './methods.ts'
import './travel.ts'

export type { Complex, ComplexType, DType, FloatType, IntegerType, Item } from './dtypes.ts'
export {
  ArrayFileError,
  ArrayInUseError,
  DTypeError,
  LinearAlgebraError,
  ReleasedArrayError,
  ShapeError,
} from './errors.ts'
export * from './functions/agreement.ts'
export * from './functions/along.ts'
export * from './functions/along-axes.ts'
export * from './functions/archives.ts'
export {
  type ArrowChunk,
  type ArrowColumn,
  type ArrowType,
  type FromArrowOptions,
  fromArrow,
  toArrow,
} from './functions/arrow.ts'
export { astype, copyOf as copy } from './functions/astype.ts'
export { type BufferOptions, frombuffer, fromParts, type Parts, tobytes, toParts } from './functions/buffers.ts'
export * from './functions/calculus.ts'
export * from './functions/clip.ts'
export { e, inf, nan, newaxis, pi } from './functions/constants.ts'
export * from './functions/convolve.ts'
export {
  arange,
  asarray,
  type CreationOptions,
  empty,
  emptyLike,
  eye,
  fromTypedArray,
  full,
  fullLike,
  linspace,
  type Nested,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from './functions/creation.ts'
export * from './functions/cumulative.ts'
export { backend, type Device, device, stats, toDevice } from './functions/device.ts'
export * from './functions/differences.ts'
export * from './functions/editing.ts'
export * from './functions/einsum.ts'
export * from './functions/elementwise.ts'
export * from './functions/extreme-places.ts'
export { type ArrayFile, fromNpy, load, save, toNpy } from './functions/files.ts'
export * as fft from './functions/fourier.ts'
export * from './functions/grids.ts'
export * from './functions/histogram.ts'
export * as image from './functions/image.ts'
export * from './functions/index-grids.ts'
export { assign, at, type Index, set, take } from './functions/indexing.ts'
export * from './functions/inspection.ts'
export * as interpolate from './functions/interpolate.ts'
export { type InterpOptions, interp } from './functions/interpolation/grids.ts'
export * from './functions/joining.ts'
export * from './functions/joint-histograms.ts'
export { type ArrayJSON, fromJSON } from './functions/json.ts'
export { lexsort } from './functions/lexsort.ts'
export * as linalg from './functions/linalg.ts'
export { type MapOptions, map } from './functions/map.ts'
export * from './functions/nan-reductions.ts'
export * from './functions/numbers.ts'
export type { Operand } from './functions/operands.ts'
export { type PackOptions, packbits, type UnpackOptions, unpackbits } from './functions/packing.ts'
export * from './functions/padding.ts'
export * from './functions/png.ts'
export * from './functions/polynomials.ts'
export { matmul, outer, type TensordotOptions, tensordot, vecdot } from './functions/products.ts'
export * from './functions/quantiles.ts'
export * as random from './functions/random.ts'
export * from './functions/reductions.ts'
export * from './functions/repeating.ts'
export { poly, roots } from './functions/roots.ts'
export * from './functions/searching.ts'
export * from './functions/sequences.ts'
export * from './functions/sets.ts'
export * from './functions/shaping.ts'
export { type ShowOptions, show } from './functions/show.ts'
export * as signal from './functions/signal.ts'
export * from './functions/sorting.ts'
export * from './functions/statistics.ts'
export * from './functions/text.ts'
export * from './functions/triangles.ts'
export * from './functions/turning.ts'
export * from './functions/vector-products.ts'
export * as windows from './functions/windows.ts'
export { NDArray } from './ndarray.ts'
export { format, type PrintOptions } from './print.ts'
