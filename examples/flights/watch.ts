/** What workers ran while something was done: from the feed that the dashboard is made of. */

import { clock, feed } from '@skein/tasks/observe'

/** One task on one worker. Times from when the watch began. */
export interface Ran {
  readonly name: string
  /** From 1. */
  readonly worker: number
  readonly fromMs: number
  readonly toMs: number
}

export const watched = async (work: () => Promise<void>): Promise<Ran[]> => {
  const release = feed().hold()
  const { journal } = feed().observation
  const [first, begun] = [journal.written, clock()]
  try {
    await work()
    return journal
      .read(first)
      .rows.filter(({ worker }) => worker > 0)
      .map(({ name, worker, startedMs, endedMs }) => ({
        name,
        worker,
        fromMs: startedMs - begun,
        toMs: endedMs - begun,
      }))
  } finally {
    release()
  }
}
