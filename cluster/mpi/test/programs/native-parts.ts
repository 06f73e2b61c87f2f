/** What the rank programs here give to the engine: parts of typed arrays, with datatypes that have no more than an engine reads. */

import type { Datatype, Kind, Recipe } from '../../src/datatype/datatype.ts'
import type { Part } from '../../src/engine.ts'
import type { Op, OpName } from '../../src/op.ts'
import { Status } from '../../src/status.ts'

export const basic = (kind: Kind, size: number): Datatype =>
  ({ recipe: { is: 'basic', kind }, kind, size, extent: size, basics: 1, isContiguous: true }) as Datatype

/** @param size bytes of data in one, @param extent bytes from one to the next */
export const derived = (recipe: Recipe, size: number, extent: number): Datatype =>
  ({ recipe, size, extent, isContiguous: false }) as Datatype

export const int32 = basic('int32', 4)
export const float64 = basic('float64', 8)
export const byte = basic('byte', 1)

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

export const op = (name: OpName): Op => ({ name, isCommutative: true }) as Op
export const userOp = (combine: (a: any, b: any) => unknown, isCommutative = true): Op =>
  ({ name: 'user', combine, isCommutative }) as Op

export const newStatus = () => new Status()
