/** Random datatypes, nested a few deep, small enough for the oracle. */

import fc from 'fast-check'
import { basics } from '../src/datatype/basic.ts'
import { Datatype, type Kind } from '../src/datatype/datatype.ts'
import { kinds } from '../src/datatype/kinds.ts'

const small = fc.integer({ min: 0, max: 3 })
const displ = fc.integer({ min: -5, max: 9 })
const displs = fc.array(displ, { maxLength: 4 })
const blocks = fc.array(fc.tuple(small, displ), { maxLength: 4 })
const order = fc.constantFrom('C' as const, 'F' as const)

export const basicTypes = fc.constantFrom(...(Object.keys(kinds) as Kind[]).map(kind => basics[kind]))

const dimension = fc
  .integer({ min: 1, max: 4 })
  .chain(size => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })))
  .chain(([size, sub]) => fc.record({ size: fc.constant(size), sub: fc.constant(sub), start: fc.nat(size - sub) }))

const distributed = fc
  .record({
    size: fc.integer({ min: 1, max: 7 }),
    processes: fc.integer({ min: 1, max: 3 }),
    distrib: fc.constantFrom('block' as const, 'cyclic' as const, 'none' as const),
    more: fc.option(small, { nil: undefined }),
  })
  .map(({ size, processes, distrib, more }) => {
    const psize = distrib === 'none' ? 1 : processes
    const least = distrib === 'block' ? Math.ceil(size / psize) : 1
    return { size, distrib, psize, darg: more === undefined || distrib === 'none' ? undefined : least + more }
  })

/** Constructors applied to a type; displacements in bytes are multiples of `grain`, so that natural alignment may be asked for. */
const derivedOf = (of: Datatype, others: readonly Datatype[], grain: number): fc.Arbitrary<Datatype> =>
  fc.oneof(
    small.map(n => of.contiguous(n)),
    fc.tuple(small, small, displ).map(([n, length, stride]) => of.vector(n, length, stride)),
    fc.tuple(small, small, displ).map(([n, length, stride]) => of.hvector(n, length, stride * grain)),
    blocks.map(b =>
      of.indexed(
        b.map(([length]) => length),
        b.map(([, d]) => d),
      ),
    ),
    blocks.map(b =>
      of.hindexed(
        b.map(([length]) => length),
        b.map(([, d]) => d * grain),
      ),
    ),
    fc.tuple(small, displs).map(([length, d]) => of.indexedBlock(length, d)),
    fc.tuple(small, displs).map(([length, d]) =>
      of.hindexedBlock(
        length,
        d.map(x => x * grain),
      ),
    ),
    fc.array(fc.tuple(small, displ, fc.constantFrom(of, ...others)), { maxLength: 4 }).map(b =>
      Datatype.struct(
        b.map(([length]) => length),
        b.map(([, d]) => d * grain),
        b.map(([, , type]) => type),
      ),
    ),
    fc.tuple(fc.array(dimension, { minLength: 1, maxLength: 3 }), order).map(([dims, o]) =>
      of.subarray(
        dims.map(d => d.size),
        dims.map(d => d.sub),
        dims.map(d => d.start),
        o,
      ),
    ),
    fc.tuple(fc.array(distributed, { minLength: 1, maxLength: 3 }), fc.nat(), order).map(([dims, r, o]) => {
      const psizes = dims.map(d => d.psize)
      const size = psizes.reduce((a, b) => a * b, 1)
      const gsizes = dims.map(d => d.size)
      const distribs = dims.map(d => d.distrib)
      return of.darray({ size, rank: r % size, gsizes, distribs, dargs: dims.map(d => d.darg), psizes, order: o })
    }),
    fc.tuple(displ, fc.integer({ min: 0, max: 12 })).map(([lb, extent]) => of.resized(lb * grain, extent * grain)),
  )

/** @param basic what they are made of */
export const randomTypes = (
  depth: number,
  grain = 1,
  basic: fc.Arbitrary<Datatype> = basicTypes,
): fc.Arbitrary<Datatype> => {
  if (depth === 0) return basic
  const inner = randomTypes(depth - 1, grain, basic)
  return fc.oneof(
    { weight: 1, arbitrary: inner },
    {
      weight: 4,
      arbitrary: fc
        .tuple(inner, fc.array(inner, { maxLength: 2 }))
        .filter(([of, others]) => [of, ...others].every(t => t.basics <= 60))
        .chain(([of, others]) => derivedOf(of, others, grain)),
    },
  )
}
