/** Elements that are picked: counted, then written, by all threads. */

import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import { placeOf } from '../run/addresses.ts'
import { bodyOf, failureOf } from '../run/routines.ts'
import { emitPick, type Picking, pickJob } from './pick.ts'
import type { Words } from './sort.ts'
import type { WordKind } from './words.ts'

/** Elements that a thread takes at a time. */
const stretch = 32768

/**
 * @param from of its elements those from `begin` on are looked at
 * @param make the array they go to
 */
function pick<T extends Int32Array | Words>(
  from: Uint8Array | Words,
  begin: number,
  picking: Omit<Picking, 'counts'>,
  make: (count: number) => T,
): T {
  const count = from.length - begin
  const units = Math.ceil(count / stretch)
  const job = heap.array(BigInt64Array, pickJob.bytes / 8)
  const counts = heap.array(BigInt64Array, units + 1)
  const put = (name: keyof typeof pickJob, value: number) => {
    job[pickJob[name] / 8] = BigInt(value)
  }
  put('from', placeOf(from) + begin * from.BYTES_PER_ELEMENT)
  put('counts', placeOf(counts))
  put('count', count)
  put('stretch', stretch)
  const run = (isCounting: boolean) => {
    const what = { ...picking, counts: isCounting }
    const body = bodyOf(`pick ${Object.values(what).join(' ')}`, code => emitPick(code, what))
    const args = placeOf(job)
    const status =
      units === 1
        ? (body.entry(0)(args, 0, units, 0) as number)
        : defaultTeam().run(body, 0, { args, begin: 0, end: units, schedule: 'dynamic', chunk: 1 })
    if (status !== 0) throw failureOf(status)
  }
  run(true)
  let sum = 0n
  for (let s = 0; s <= units; s++) {
    const own = counts[s]
    counts[s] = sum
    sum += own
  }
  const to = make(Number(sum))
  put('to', placeOf(to))
  if (sum > 0n) run(false)
  heap.release(job)
  heap.release(counts)
  return to
}

/** Places of bytes that are not 0. */
export const placesOfTruths = (truths: Uint8Array, make: (count: number) => Int32Array): Int32Array =>
  pick(truths, 0, { of: 'places', bytes: 4, kind: 'unsigned' }, make)

/** Words that differ from those before them, the first one among them. */
export function changesOf<W extends Words>(words: W, kind: WordKind, make: (count: number) => W): W {
  let all = words
  pick(words, 1, { of: 'changes', bytes: words.BYTES_PER_ELEMENT as 4 | 8, kind }, count => {
    all = make(count + 1)
    all[0] = words[0]
    return all.subarray(1) as W
  })
  return all
}
