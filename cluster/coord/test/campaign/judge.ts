// Whether what clients were told can be what one store has told them.
import assert from 'node:assert/strict'
import type { Operation } from '../../../../testing/src/consistency/history.ts'
import { checkLinearizable } from '../../../../testing/src/consistency/linearizable.ts'
import { type MapInput, type RegisterOutput, registers } from '../../../../testing/src/consistency/models.ts'
import { historyPicture } from '../../../../testing/src/consistency/picture.ts'
import type { Store, WatchBatch } from '../../src/index.ts'

/** Of a revision its keys: those of deletions begin with -. */
export type Told = readonly [revision: number, keys: readonly string[]]

export interface Watched {
  readonly from: number
  readonly told: Told[]
}

/** A history that no store can have, with its picture. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  readonly picture: string

  constructor(message: string, picture: string) {
    super(message)
    this.picture = picture
  }
}

export const bare = ({ revision, events }: WatchBatch): Told => [
  revision,
  events.map(event => (event.type === 'put' ? event.entry.key : `-${event.key}`)),
]

/** All that a store remembers. */
export const everything = async (store: Store): Promise<Told[]> => {
  const last = await store.revision()
  const all: Told[] = []
  if (last === 0) return all
  for await (const batch of store.watch({ prefix: '' }, { from: 1 })) {
    all.push(bare(batch))
    if (batch.revision >= last) break
  }
  return all
}

/** Throws HistoryError. */
export const judgeHistory = (history: readonly Operation<MapInput, RegisterOutput>[]): void => {
  const verdict = checkLinearizable(registers(), history)
  if (verdict.linearizable === true) return
  if (verdict.linearizable === 'unknown') throw new Error(verdict.reason)
  throw new HistoryError(
    `the history of ${history.length} calls has no order: ${verdict.stuck.length} of ${verdict.part.length} calls about ${verdict.part[0].input.key} cannot come next`,
    historyPicture(registers(), history, verdict),
  )
}

/** Each watch has told all from its revision on, once and in order, up to the last that it has told. What came after `whole` was read is not looked at. */
export const judgeWatches = (watches: readonly Watched[], whole: readonly Told[]): void => {
  const end = whole.at(-1)?.[0] ?? 0
  for (const { from, told } of watches) {
    const last = Math.min(end, told.at(-1)?.[0] ?? from - 1)
    assert.deepEqual(
      told.filter(([revision]) => revision <= end),
      whole.filter(([revision]) => revision >= from && revision <= last),
      `a watch from ${from} on missed or doubled something`,
    )
  }
}
