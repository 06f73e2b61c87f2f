/** Datatypes of a program: all basic ones, and some derived ones whose elements do not overlap, since they are received into as well. */

import type { Choices } from '../../../../testing/fuzz/choices.ts'
import { basics } from '../../src/datatype/basic.ts'
import { Datatype } from '../../src/datatype/datatype.ts'
import { type Entry, entryOf } from './memory.ts'

/** They are elements of arrays. */
export const arrayKinds = [
  ...(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'] as const),
]
export const integerKinds = arrayKinds.slice(0, 8)
export type ArrayKind = (typeof arrayKinds)[number]

/** The basic types by their place in every program's table, `twoInt` and `byte` at the end. */
export const basicEntries: readonly Entry[] = [...arrayKinds, 'twoInt' as const, 'byte' as const].map((kind, index) =>
  entryOf(index, basics[kind]),
)
/** Two numbers as one element, for reductions of a user; every table has it next. */
export const pairEntry = entryOf(basicEntries.length, basics.uint32.contiguous(2))
export const basicOf = (kind: ArrayKind): Entry => basicEntries[arrayKinds.indexOf(kind)]
export const [twoIntEntry, byteEntry] = basicEntries.slice(-2)

/** Ascending numbers that leave gaps. */
function places(c: Choices, lengths: readonly number[]): number[] {
  let at = 0
  return lengths.map(length => {
    const place = at + c.below(3)
    at = place + length
    return place
  })
}

function derived(c: Choices, of: Entry): { type: Datatype; most?: number } {
  const { type } = of
  const lengths = Array.from({ length: 1 + c.below(3) }, () => 1 + c.below(3))
  switch (c.below(8)) {
    case 0:
      return { type: type.contiguous(1 + c.below(4)) }
    case 1: {
      const length = 1 + c.below(3)
      return { type: type.vector(1 + c.below(4), length, length + c.below(4)) }
    }
    case 2:
      return { type: type.indexed(lengths, places(c, lengths)) }
    case 3: {
      const each = 1 + c.below(2)
      const count = 1 + c.below(3)
      return {
        type: type.indexedBlock(
          each,
          places(
            c,
            Array.from({ length: count }, () => each),
          ),
        ),
      }
    }
    case 4: {
      const sizes = [2 + c.below(3), 2 + c.below(4)]
      const starts = sizes.map(size => c.below(size))
      const subsizes = sizes.map((size, d) => 1 + c.below(size - starts[d]))
      return { type: type.subarray(sizes, subsizes, starts, c.oneIn(2) ? 'F' : 'C') }
    }
    case 5: {
      // Columns of a matrix: elements lie between each other.
      const columns = 2 + c.below(5)
      return { type: type.vector(2 + c.below(3), 1, columns).resized(0, type.extent), most: columns }
    }
    case 6:
      return { type: type.contiguous(2).resized(0, 2 * type.extent + 8 * c.below(3)) }
    default: {
      // Of several kinds; displacements of eights, where all are aligned.
      const parts = Array.from({ length: 2 + c.below(2) }, () => basicOf(c.pick(arrayKinds)).type)
      const counts = parts.map(() => 1 + c.below(2))
      return {
        type: Datatype.struct(
          counts,
          places(
            c,
            parts.map((part, i) => Math.ceil((counts[i] * part.size) / 8)),
          ).map(place => 8 * place),
          parts,
        ),
      }
    }
  }
}

/** The table of a program. */
export function drawTypes(c: Choices): Entry[] {
  const table = [...basicEntries, pairEntry]
  for (let n = 2 + c.below(8); n > 0; n--) {
    const of = c.oneIn(3) && table.length > basicEntries.length + 1 ? table.at(-1)! : basicOf(c.pick(arrayKinds))
    // Of what lies between others nothing more is made, nor of what is long already.
    if (of.most !== Number.POSITIVE_INFINITY || of.basics > 12) continue
    const { type, most } = derived(c, of)
    table.push(entryOf(table.length, type, most))
  }
  return table
}
