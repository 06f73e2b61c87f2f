/** MPI's constructors of datatypes (MPI-4.0, 5.1.2) as layouts. Displacements and strides are in bytes where a name has the h. */

import { check, checkCount, checkCounts, checkInteger, checkIntegers, checkLength } from './check.ts'
import { bounded, type Layout, mostPieces, placed } from './layout.ts'

export const contiguous = (count: number, of: Layout): Layout => {
  checkCount('contiguous', 'count', count)
  return placed([0], [count], () => of)
}

/** @param unit bytes that a stride counts */
export const vector = (
  call: 'vector' | 'hvector',
  count: number,
  blockLength: number,
  stride: number,
  unit: number,
  of: Layout,
): Layout => {
  checkCount(call, 'count', count)
  checkCount(call, 'blockLength', blockLength)
  checkInteger(call, 'stride', stride)
  // Blocks that touch are one.
  if (stride * unit === blockLength * of.extent) return placed([0], [count * blockLength], () => of)
  check(count <= mostPieces, call, 'count', `${mostPieces} at most, where blocks do not touch`, count)
  const displs = new Float64Array(count)
  for (let i = 0; i < count; i++) displs[i] = i * stride * unit
  return placed(displs, new Float64Array(count).fill(blockLength), () => of)
}

/** @param unit bytes that a displacement counts */
export const indexed = (
  call: 'indexed' | 'hindexed',
  blockLengths: readonly number[],
  displs: readonly number[],
  unit: number,
  of: Layout,
): Layout => {
  checkCounts(call, 'blockLengths', blockLengths)
  checkIntegers(call, 'displs', displs)
  checkLength(call, 'displs', displs, blockLengths.length, 'as many numbers as there are blocks')
  return placed(inBytes(displs, unit), blockLengths, () => of)
}

export const indexedBlock = (
  call: 'indexedBlock' | 'hindexedBlock',
  blockLength: number,
  displs: readonly number[],
  unit: number,
  of: Layout,
): Layout => {
  checkCount(call, 'blockLength', blockLength)
  checkIntegers(call, 'displs', displs)
  return placed(inBytes(displs, unit), new Float64Array(displs.length).fill(blockLength), () => of)
}

export const struct = (
  blockLengths: readonly number[],
  displs: readonly number[],
  types: readonly Layout[],
): Layout => {
  checkCounts('struct', 'blockLengths', blockLengths)
  checkIntegers('struct', 'displs', displs)
  checkLength('struct', 'displs', displs, blockLengths.length, 'as many numbers as there are blocks')
  checkLength('struct', 'types', types, blockLengths.length, 'as many datatypes as there are blocks')
  return placed(displs.slice(), blockLengths.slice(), i => types[i])
}

export const resized = (lb: number, extent: number, of: Layout): Layout => {
  checkInteger('resized', 'lb', lb)
  checkInteger('resized', 'extent', extent)
  return bounded(lb, extent, of)
}

const inBytes = (displs: readonly number[], unit: number): Float64Array => Float64Array.from(displs, d => d * unit)
