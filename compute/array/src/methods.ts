/** Functions as methods of arrays: `x.add(y)` is `add(x, y)`. */

import type { DType } from './dtypes.ts'
import { astype, copyOf } from './functions/astype.ts'
import { clip } from './functions/clip.ts'
import { cumulativeProd, cumulativeSum } from './functions/cumulative.ts'
import { type Device, device, toDevice } from './functions/device.ts'
import * as elementwise from './functions/elementwise.ts'
import { argmax, argmin } from './functions/extreme-places.ts'
import * as indexing from './functions/indexing.ts'
import { type ArrayJSON, toJSON } from './functions/json.ts'
import type { Operand } from './functions/operands.ts'
import { matmul, tensordot, vecdot } from './functions/products.ts'
import * as reductions from './functions/reductions.ts'
import { repeat } from './functions/repeating.ts'
import { nonzero, searchsorted } from './functions/searching.ts'
import * as shaping from './functions/shaping.ts'
import { argsort, type SortOptions, sort } from './functions/sorting.ts'
import { NDArray } from './ndarray.ts'
import { format } from './print.ts'

/** A function without its first parameter, the array. */
type Method<F> = F extends (x: any, ...rest: infer R) => infer T ? (...rest: R) => T : never
type Methods<F> = { readonly [name in keyof F]: Method<F[name]> }

const { where: _, ...ofElements } = elementwise
const { broadcastArrays: __, ...ofShapes } = shaping
const { variance, ...ofAxes } = reductions
const ofOrder = { argmax, argmin, argsort, clip, cumulativeProd, cumulativeSum, nonzero, searchsorted }
const functions = { ...ofElements, ...ofAxes, ...ofOrder, var: variance, matmul, vecdot, tensordot }

interface Own<D extends DType> extends Methods<typeof functions> {
  astype<E extends DType>(dtype: E, options?: { copy?: boolean }): NDArray<E>
  copy(): NDArray<D>
  at(...indices: indexing.Index[]): NDArray<D>
  set(index: indexing.Index | readonly indexing.Index[], values: Parameters<typeof indexing.set>[2]): NDArray<D>
  assign(values: Parameters<typeof indexing.assign>[1]): NDArray<D>
  take(indices: Operand | readonly number[], options?: { axis?: number }): NDArray<D>
  repeat(repeats: Parameters<typeof repeat>[1], options?: { axis?: number | null }): NDArray<D>
  /** A new array; this one stays as it is. */
  sort(options?: SortOptions): NDArray<D>
  reshape(shape: number | readonly number[], options?: { copy?: boolean }): NDArray<D>
  permuteDims(axes?: readonly number[]): NDArray<D>
  moveaxis(source: number | readonly number[], destination: number | readonly number[]): NDArray<D>
  expandDims(axis?: number): NDArray<D>
  squeeze(axis: number | readonly number[]): NDArray<D>
  flip(axis?: number | readonly number[]): NDArray<D>
  broadcastTo(shape: readonly number[]): NDArray<D>
  /** For `JSON.stringify`; `fromJSON` reads it. */
  toJSON(): ArrayJSON<D>
  /** Where the elements are. */
  readonly device: Device
  toDevice(device: Device): NDArray<D>
  /** Axes in the reverse order. */
  readonly t: NDArray<D>
  /** The last two axes exchanged. */
  readonly mT: NDArray<D>
}

declare module './ndarray.ts' {
  interface NDArray<D extends DType = DType> extends Own<D> {}
}

const { matrixTranspose, ...others } = ofShapes
const all: Record<string, (x: any, ...rest: any[]) => unknown> = {
  ...functions,
  ...others,
  astype,
  copy: copyOf,
  at: indexing.at,
  set: indexing.set,
  assign: indexing.assign,
  take: indexing.take,
  repeat,
  sort,
  toDevice,
}
for (const [name, fn] of Object.entries(all)) {
  Object.defineProperty(NDArray.prototype, name, {
    value(this: NDArray, ...rest: unknown[]) {
      return fn(this, ...rest)
    },
    configurable: true,
    writable: true,
  })
}

const getters: Record<string, (x: NDArray) => unknown> = { device, t: x => shaping.permuteDims(x), mT: matrixTranspose }
for (const [name, fn] of Object.entries(getters)) {
  Object.defineProperty(NDArray.prototype, name, {
    get(this: NDArray) {
      return fn(this)
    },
    configurable: true,
  })
}

const shown = {
  toJSON(this: NDArray): ArrayJSON {
    return toJSON(this)
  },
  toString(this: NDArray): string {
    return format(this)
  },
  [Symbol.for('nodejs.util.inspect.custom')](this: NDArray): string {
    const head = `NDArray ${this.dtype} [${this.shape.join(', ')}]`
    return this.isReleased ? `${head}, released` : `${head}\n${format(this)}`
  },
}
for (const key of Reflect.ownKeys(shown))
  Object.defineProperty(NDArray.prototype, key, {
    value: shown[key as 'toString'],
    configurable: true,
    writable: true,
  })
