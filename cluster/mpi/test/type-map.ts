/**
 * The dumb oracle of datatypes: type maps as MPI-4.0 writes them (5.1, 5.1.2 and 5.1.7), a list of basic elements and of markers of
 * bounds with their displacements, copied and shifted one by one.
 */

import type { Datatype, Kind } from '../src/datatype/datatype.ts'
import { kinds } from '../src/datatype/kinds.ts'

export interface Entry {
  readonly is: Kind | 'lb' | 'ub'
  readonly displ: number
}

const isMark = ({ is }: Entry): boolean => is === 'lb' || is === 'ub'
const sizeOf = ({ is }: Entry): number => (is === 'lb' || is === 'ub' ? 0 : kinds[is].size)

export const boundsOf = (map: readonly Entry[]) => {
  const data = map.filter(entry => !isMark(entry))
  const least = (of: readonly Entry[]) => of.reduce((m, { displ }) => Math.min(m, displ), Infinity)
  const trueLb = data.length === 0 ? 0 : least(data)
  const trueUb = data.reduce((m, entry) => Math.max(m, entry.displ + sizeOf(entry)), data.length === 0 ? 0 : -Infinity)
  const marks = map.filter(isMark)
  if (marks.length === 0) {
    const strictest = data.reduce((m, { is }) => Math.max(m, kinds[is as Kind].alignment), 1)
    let ub = trueUb
    while ((ub - trueLb) % strictest !== 0) ub++
    return { lb: trueLb, extent: ub - trueLb, trueLb, trueExtent: trueUb - trueLb }
  }
  const lb = least(marks.filter(({ is }) => is === 'lb'))
  const ub = marks.filter(({ is }) => is === 'ub').reduce((m, { displ }) => Math.max(m, displ), -Infinity)
  return { lb, extent: ub - lb, trueLb, trueExtent: trueUb - trueLb }
}

const shifted = (map: readonly Entry[], by: number): Entry[] => map.map(({ is, displ }) => ({ is, displ: displ + by }))

const copies = (map: readonly Entry[], count: number, by: number): Entry[] =>
  Array.from({ length: count }, (_, i) => shifted(map, i * by)).flat()

const withBounds = (map: readonly Entry[], lb: number, extent: number): Entry[] => [
  { is: 'lb', displ: lb },
  ...map.filter(entry => !isMark(entry)),
  { is: 'ub', displ: lb + extent },
]

/** Whether index i of a dimension belongs to process p of `processes`. */
const isOwned = (i: number, n: number, distrib: string, darg: number | undefined, p: number, processes: number) => {
  if (distrib === 'cyclic') return Math.floor(i / (darg ?? 1)) % processes === p
  return Math.floor(i / (darg ?? Math.ceil(n / processes))) === p
}

/** All index vectors of an array, those of neighbours in memory one after another. */
const indices = (sizes: readonly number[], order: 'C' | 'F'): number[][] => {
  const outer = order === 'C' ? sizes : sizes.toReversed()
  const all = outer.reduce<number[][]>(
    (list, n) => list.flatMap(v => Array.from({ length: n }, (_, i) => [...v, i])),
    [[]],
  )
  return order === 'C' ? all : all.map(v => v.toReversed())
}

const partOfArray = (
  sizes: readonly number[],
  order: 'C' | 'F',
  of: Datatype,
  isMine: (index: number, d: number) => boolean,
): Entry[] => {
  const map = typeMapOf(of)
  const { extent } = boundsOf(map)
  const mine = indices(sizes, order).flatMap((index, position) =>
    index.every(isMine) ? shifted(map, position * extent) : [],
  )
  return withBounds(
    mine,
    0,
    sizes.reduce((a, b) => a * b, extent),
  )
}

export const typeMapOf = ({ recipe }: Datatype): Entry[] => {
  if (recipe.is === 'basic') {
    const { pair } = kinds[recipe.kind]
    if (pair === undefined) return [{ is: recipe.kind, displ: 0 }]
    return [
      { is: pair.value, displ: 0 },
      { is: pair.index, displ: pair.indexOffset },
    ]
  }
  if (recipe.is === 'struct')
    return recipe.types.flatMap((type, i) => {
      const map = typeMapOf(type)
      return copies(shifted(map, recipe.displs[i]), recipe.blockLengths[i], boundsOf(map).extent)
    })
  const map = typeMapOf(recipe.of)
  const { extent } = boundsOf(map)
  const blocks = (displs: readonly number[], length: (i: number) => number, unit: number) =>
    displs.flatMap((displ, i) => copies(shifted(map, displ * unit), length(i), extent))
  switch (recipe.is) {
    case 'contiguous':
      return copies(map, recipe.count, extent)
    case 'vector':
    case 'hvector':
      return copies(
        copies(map, recipe.blockLength, extent),
        recipe.count,
        recipe.stride * (recipe.is === 'vector' ? extent : 1),
      )
    case 'indexed':
    case 'hindexed':
      return blocks(recipe.displs, i => recipe.blockLengths[i], recipe.is === 'indexed' ? extent : 1)
    case 'indexedBlock':
    case 'hindexedBlock':
      return blocks(recipe.displs, () => recipe.blockLength, recipe.is === 'indexedBlock' ? extent : 1)
    case 'resized':
      return withBounds(map, recipe.lb, recipe.extent)
    case 'subarray': {
      const { sizes, subsizes, starts, order } = recipe
      return partOfArray(sizes, order, recipe.of, (i, d) => i >= starts[d] && i < starts[d] + subsizes[d])
    }
    case 'darray': {
      const { gsizes, distribs, dargs, psizes, order } = recipe
      const coords = indices(psizes, 'C')[recipe.rank]
      return partOfArray(gsizes, order, recipe.of, (i, d) =>
        isOwned(i, gsizes[d], distribs[d], dargs[d], coords[d], psizes[d]),
      )
    }
  }
}

/** The bytes of elements one after another, one basic element at a time. `origin` is where the first element lies. */
export const packNaively = (memory: Uint8Array, origin: number, count: number, type: Datatype): Uint8Array => {
  const map = typeMapOf(type)
  const { extent } = boundsOf(map)
  const bytes: number[] = []
  for (let e = 0; e < count; e++)
    for (const entry of map)
      for (let b = 0; b < sizeOf(entry); b++) bytes.push(memory[origin + e * extent + entry.displ + b])
  return Uint8Array.from(bytes)
}

/** Kinds of a type's basic elements, in order. */
export const kindsOf = (type: Datatype): Kind[] =>
  typeMapOf(type)
    .filter(entry => !isMark(entry))
    .map(({ is }) => is as Kind)
