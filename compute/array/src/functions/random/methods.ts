/** Distributions as methods of generators. */

import type { NDArray } from '../../ndarray.ts'
import * as continuous from './continuous.ts'
import * as discrete from './discrete.ts'
import { Generator } from './generator.ts'
import * as orders from './orders.ts'
import { dirichlet, multinomial, multivariateNormal } from './vectors.ts'

const functions = { ...continuous, ...discrete, ...orders, dirichlet, multinomial, multivariateNormal }

type Functions = typeof functions

declare module './generator.ts' {
  /** The functions of `nd.random`, which take their numbers from this generator. */
  interface Generator extends Functions {}
}

for (const [name, fn] of Object.entries(functions)) {
  Object.defineProperty(Generator.prototype, name, {
    value(this: Generator, ...given: unknown[]): NDArray {
      // Options come last; before them `choice` takes two arguments, the others one.
      const [x, shape, options] = fn === orders.choice ? given : [given[0], undefined, given[1]]
      const own = { ...(options as object), generator: this }
      return fn === orders.choice
        ? orders.choice(x as number, shape as number, own)
        : (fn as unknown as (x: unknown, options: object) => NDArray)(x, own)
    },
    configurable: true,
    writable: true,
  })
}
