/** Arrays of random numbers as nodes: a plain function says what becomes of uniform numbers, and one kernel fills all elements with it. */

import { type Captured, capturedOf, inline, type Kind, lowerFunction, readFunction } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { Composer } from '../expression/compose.ts'
import { convert, real } from '../expression/lanes.ts'
import { launchOf } from '../expression/launch.ts'
import type { Whole } from '../expression/node.ts'
import { type Made, programOf } from '../expression/programs.ts'
import { allocate } from '../memory.ts'
import { type Shape, sizeOf, stridesOf } from '../shape.ts'
import { drawing } from './uniform.ts'
import { type Algorithm, uniformOf, wordsOf } from './words.ts'

/** How one number of a distribution is made. Parameters are float64. */
export interface Variate {
  /** No other has it. */
  readonly name: string
  /** What the function is given before the parameters: two uniforms of [0, 1); or the key and index of its draws, for `uniform`. */
  readonly takes: 'uniforms' | 'draws'
  readonly make: (...given: any[]) => number | bigint
  /** What the function names from outside. As a function, so that the names survive a minifier. */
  readonly use: () => Captured
}

/** Where numbers come from: element k has the counter `position` + k, a number of 64 bits. */
export interface Place {
  readonly algorithm: Algorithm
  readonly key: bigint
  readonly position: bigint
}

/** A parameter: the same for all elements, or one for each. */
export type Parameter = number | Float64Array

const signed = (x: bigint): bigint => BigInt.asIntN(64, x)

/** An array of a variate; it is filled when somebody reads it. */
export function variateNode(
  variate: Variate,
  place: Place,
  dtype: DType,
  shape: Shape,
  parameters: readonly Parameter[],
): Whole {
  return {
    is: 'whole',
    dtype,
    shape,
    result: undefined,
    *evaluating() {
      const memory = allocate(dtype, sizeOf(shape), variate.name)
      const size = sizeOf(shape)
      if (size > 0) {
        const many = parameters.map(p => typeof p !== 'number')
        const form = `random-${place.algorithm}-${variate.name}-${dtype}-${many.map(Number).join('')}`
        const program = programOf(form, () => compose(variate, place.algorithm, dtype, many))
        const scalars = [signed(place.key), signed(place.position), ...parameters.filter(p => typeof p === 'number')]
        yield launchOf(
          program,
          [size],
          [memory.forWriting(), ...parameters.filter(p => typeof p !== 'number')],
          scalars as (number | bigint)[],
        )
      }
      return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
    },
  }
}

const dtypeOfKind: Partial<Record<Kind, DType>> = { i64: 'int64', u64: 'uint64', i32: 'int32', u32: 'uint32' }

function compose(variate: Variate, algorithm: Algorithm, dtype: DType, many: readonly boolean[]): Made {
  const c = new Composer()
  const { b } = c
  const out = c.buffer(infoOf(dtype).element)
  const [key, position] = [c.scalar('i64'), c.scalar('i64')]
  const k = c.index(0)
  const parameters = many.map(isArray => (isArray ? c.load('float64', c.buffer('f64'), k).v : c.scalar('f64')))
  const index = b.add(position, b.cvt('sext', k, 'i64'))
  const kinds = many.map((): Kind => 'f64')
  const draws = variate.takes === 'draws'
  const use = capturedOf(variate.use)
  if (draws) Object.assign(use, { uniform: drawing[algorithm].uniform }, capturedOf(drawing[algorithm].use))
  const read = readFunction(variate.make, use, variate.name)
  const { ir, kind } = lowerFunction(
    read,
    [...(draws ? (['i64', 'i64'] as const) : (['f64', 'f64'] as const)), ...kinds],
    variate.name,
  )
  let given = [key, index]
  if (!draws) {
    const halves = (x: typeof key) =>
      [b.cvt('wrap', x, 'i32'), b.cvt('wrap', b.ushr(x, b.const('i64', 32n)), 'i32')] as const
    const zero = b.const('i32', 0)
    const words = wordsOf(b, algorithm, halves(key), [...halves(index), zero, zero])
    given = [uniformOf(b, words[0], words[1]), uniformOf(b, words[2], words[3])]
  }
  const [v] = inline(b, ir, [...given, ...parameters])
  c.store(convert(b, real(dtypeOfKind[kind] ?? 'float64', v), dtype), out, k)
  return { ir: c.finish(variate.name, 1) }
}
