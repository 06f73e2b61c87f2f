/** `nd.signal`: filters and what they do, spectra, samples and peaks. The words are those of `scipy.signal`; `nd.convolve`, `nd.correlate` and `nd.windows` belong to it. */

export * from './signal/design.ts'
export * from './signal/filtering.ts'
export * from './signal/fir.ts'
export * from './signal/peaks.ts'
export * from './signal/resampling.ts'
export * from './signal/spectral.ts'
export { detrend, hilbert, medfilt } from './signal/trends.ts'
