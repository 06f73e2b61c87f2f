/** Kernels built by hand for the tests of backends. */
import type { Combination, Extent, Launch } from '../src/backend.ts'
import { Builder } from '../src/ir/builder.ts'
import type { Buffer, Element, KernelIR, Location, Type, Value } from '../src/ir/ir.ts'
import { verify } from '../src/ir/verify.ts'

const loc: Location = { line: 1, column: 0, start: 0, end: 0 }

export interface Shape {
  rank?: number
  buffers?: [name: string, element: Element, length?: number][]
  scalars?: [name: string, type: Type][]
  yields?: Type
}

/** A kernel by the builder: `make` gets the indices; site b is buffer b's, and the last one is an assert's. */
export function kernel(shape: Shape, make: (b: Builder, ...indices: Value[]) => Value[] | undefined): KernelIR {
  const b = new Builder()
  const rank = shape.rank ?? 1
  const indices = Array.from({ length: rank }, (_, d) => b.op('index', 'i32', [], d))
  const results = make(b, ...indices) ?? []
  const buffers = (shape.buffers ?? []).map(
    ([name, element, length]): Buffer =>
      length === undefined ? { name, element, space: 'global' } : { name, element, space: 'local', length },
  )
  b.body.results = results
  const ir: KernelIR = {
    name: 'k',
    rank,
    buffers,
    scalars: (shape.scalars ?? []).map(([name, type]) => ({ name, type })),
    sites: [
      ...buffers.map(({ name }, buffer) => ({ kind: 'index' as const, loc, buffer, text: `${name}[…]` })),
      { kind: 'assert' as const, loc, text: 'cond' },
    ],
    body: b.body,
    ...(shape.yields && { yields: shape.yields }),
  }
  verify(ir)
  return ir
}

export const to = (end: number): Extent => ({ begin: 0, end, step: 1 })

export const launchOf = (extents: Extent[], arrays: ArrayBufferView[], scalars: Launch['scalars'] = []): Launch => ({
  extents,
  arrays,
  scalars,
  threads: 1,
  schedule: 'static',
  chunk: undefined,
})

/** A combination made by the builder. */
export function combining(
  kind: 'reduce' | 'scan',
  type: Type,
  init: number | bigint,
  make: (b: Builder, x: Value, y: Value) => Value,
  more: Partial<Combination> = {},
): Combination {
  const shape: Shape = {
    rank: 0,
    scalars: [
      ['a', type],
      ['b', type],
    ],
    yields: type,
  }
  const combine = kernel(shape, b => [make(b, b.op('scalar', type, [], 0), b.op('scalar', type, [], 1))])
  return { kind, type, init, combine, ...more }
}
