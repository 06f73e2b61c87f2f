/** What the rank programs here give to the engine: parts of typed arrays. */

import { float64, int32 } from '../../src/datatype/basic.ts'
import type { Part } from '../../src/engine.ts'
import { Status } from '../../src/status.ts'

export const ints = (...values: number[]): Part => ({
  view: Int32Array.from(values),
  count: values.length,
  type: int32,
})
export const doubles = (...values: number[]): Part => ({
  view: Float64Array.from(values),
  count: values.length,
  type: float64,
})
export const valuesOf = (part: { view: ArrayBufferView }): number[] => Array.from(part.view as Int32Array)

export const newStatus = () => new Status()
