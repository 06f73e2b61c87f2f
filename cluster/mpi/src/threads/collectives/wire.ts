/** Parts as algorithms see them: runs of bytes, a block for each rank. */

import { gather, scatterInto } from '../../datatype/packing.ts'
import type { Part, Parts, TypedParts } from '../../engine.ts'
import { bytesOf } from '../transfers.ts'

/** Bytes to send. */
export const outgoing = (part: Part): Uint8Array =>
  part.type.isContiguous ? bytesOf(part) : gather(part.view, part.count, part.type)

/** Bytes to receive into; `settle` puts them where they belong, if they are not there already. */
export interface Landing {
  readonly bytes: Uint8Array
  settle(): void
}

const inPlace = () => {}

export function landing(part: Part): Landing {
  if (part.type.isContiguous) return { bytes: bytesOf(part), settle: inPlace }
  const bytes = new Uint8Array(part.count * part.type.size)
  return { bytes, settle: () => scatterInto(bytes, part.view, part.type) }
}

const viewFrom = ({ buffer, byteOffset, byteLength }: ArrayBufferView, bytes: number): Uint8Array =>
  new Uint8Array(buffer, byteOffset + bytes, byteLength - bytes)

/** The block of a rank: `part.count` elements each, one block after the other. */
export const blockOf = ({ view, count, type }: Part, rank: number): Part => ({
  view: viewFrom(view, rank * count * type.extent),
  count,
  type,
})

export const partOf = (parts: Parts, rank: number): Part => ({
  view: viewFrom(parts.view, parts.displs[rank] * parts.type.extent),
  count: parts.counts[rank],
  type: parts.type,
})

export const typedPartOf = (parts: TypedParts, rank: number): Part => ({
  view: viewFrom(parts.view, parts.displs[rank]),
  count: parts.counts[rank],
  type: parts.types[rank],
})

/** Elements of one part to where another's are, of this rank. */
export function copyPart(from: Part, to: Part): void {
  const bytes = outgoing(from)
  if (to.type.isContiguous) bytesOf(to).set(bytes.subarray(0, to.count * to.type.size))
  else scatterInto(bytes, to.view, to.type)
}
