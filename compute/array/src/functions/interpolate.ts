/** `nd.interpolate`: curves through points and values between them. The words are those of `scipy.interpolate`; `nd.interp` and `nd.image.mapCoordinates` belong to it. */

export { makeInterpSpline } from './interpolation/b-splines.ts'
export { type GridOptions, RegularGridInterpolator } from './interpolation/grids.ts'
export { Akima1DInterpolator, PchipInterpolator } from './interpolation/monotone.ts'
export { type Extrapolate, PiecewisePolynomial } from './interpolation/pieces.ts'
export { type Coordinates, griddata, type ScatteredOptions } from './interpolation/scattered.ts'
export { type BoundaryCondition, CubicSpline, type CurveOptions, type EndCondition } from './interpolation/splines.ts'
