/** Arrays that plain kernels compute of the elements of others, when somebody reads them. */

import type { DType, Elements } from '../dtypes.ts'
import { evaluating } from '../expression/evaluate.ts'
import type { Run, Runs } from '../expression/launch.ts'
import { type View, wholeOf } from '../expression/node.ts'
import { allocate } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { type Shape, sizeOf, stridesOf } from '../shape.ts'
import { elementsOf } from './placing.ts'

/** Typed arrays whose elements are JavaScript's numbers. */
export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array

export const numbersOf = (elements: Elements): Numbers => elements as unknown as Numbers

/** Zeros to be written, where kernels reach them. */
export const scratch = (dtype: DType, size: number): Numbers => numbersOf(allocate(dtype, size).elements)

/**
 * An array of which `computing` writes the elements, given those of other arrays in C order. Nothing is computed where there are none to write.
 * Elements of those arrays that change meanwhile are those they were.
 */
export function computed<D extends DType>(
  dtype: D,
  shape: Shape,
  of: readonly NDArray[],
  computing: (from: readonly Numbers[], to: Numbers) => Generator<Run, void>,
): NDArray<D> {
  const nodes = of.map(x => x.node)
  function* filling(): Runs<View> {
    const from: Numbers[] = []
    for (const node of nodes) from.push(numbersOf(elementsOf(arrayOf(yield* evaluating(node)))))
    const memory = allocate(dtype, sizeOf(shape))
    if (sizeOf(shape) > 0) yield* computing(from, numbersOf(memory.elements))
    return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
  }
  return new NDArray<D>(wholeOf(dtype, shape, nodes, filling))
}
