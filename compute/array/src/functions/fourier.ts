/** `nd.fft`: what there is of Fourier transforms. */

export * from './fft.ts'
export * from './fft-axes.ts'
export * from './fft-frequencies.ts'
