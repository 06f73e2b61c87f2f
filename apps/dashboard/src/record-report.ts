/** Imported before a program that runs under `skein run --report`: observes it from its first line, and writes the report at its end. */

import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const { SKEIN_REPORT: file } = process.env
// Threads import what their process was started with, and so do processes that the program forks.
if (isMainThread && file !== undefined) {
  delete process.env.SKEIN_REPORT
  const [{ feed, clock }, { atEnd }, { report }] = await Promise.all([
    import('@skein/tasks/observe'),
    import('@skein/base'),
    import('./report.ts'),
  ])
  feed().hold()
  atEnd(() => {
    const [, program = '', ...args] = process.argv
    const { lagMs } = feed().history()
    const transfers = feed().transfers()
    writeFileSync(file, report(feed().observation, { program, args, endedMs: clock(), lagMs, transfers }))
  })
}
