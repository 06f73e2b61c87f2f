/** `nd.random`: random numbers that depend on a seed and on where an element stands, and on nothing else. */

import './random/methods.ts'

export type { GeneratorState } from '../random/stream.ts'
export * from './random/continuous.ts'
export * from './random/discrete.ts'
export { Generator, type GeneratorOptions } from './random/generator.ts'
export * from './random/orders.ts'
export { type CountType, type Numbers, type RealType, type Source, seed } from './random/source.ts'
export { dirichlet, multinomial, multivariateNormal } from './random/vectors.ts'
