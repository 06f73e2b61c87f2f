/** Arguments where they are used: read by a worker from the slot that `slot-arguments.ts` has written. */

import { heap } from '@skein/heap'
import { CellReader, type Words } from '../values/cells.ts'
import { unpack } from '../values/pack.ts'
import { type MakeView, viewOf } from '../values/views.ts'
import * as at from './board.ts'
import { get64 } from './result.ts'

/**
 * The arguments in slot `s`.
 *
 * @param view how arrays of the client are made here; by default they are valid during the call
 */
export function takeArguments(words: Words, s: number, view = viewOf): unknown[] {
  const { ints } = words
  const count = ints[s + at.slotArguments]
  const reader = cellsOfSlot(words, s, view)
  const args: unknown[] = []
  if (count >= 0) {
    for (let i = 0; i < count; i++) args.push(reader.next())
    return args
  }
  const dependencies: unknown[] = []
  for (let i = ints[s + at.slotDependencies]; i > 0; i--) dependencies.push(reader.next())
  const bytes = heap.view(Uint8Array, get64(words, s + at.slotPacked), get64(words, s + at.slotPackedBytes))
  return unpack(bytes, dependencies, undefined, view) as unknown[]
}

function cellsOfSlot(words: Words, s: number, view: MakeView): CellReader {
  const cells = words.ints[s + at.slotCellsOut]
  if (cells === 0) return new CellReader(words, s + at.slotCells, view)
  const address = get64(words, s + at.slotCellsAddress)
  const [ints, floats, bytes] = [
    heap.view(Int32Array, address, cells * 4),
    heap.view(Float64Array, address, cells * 2),
    heap.view(Uint8Array, address, cells * 16),
  ]
  return new CellReader({ ints, floats, bytes }, 0, view)
}
