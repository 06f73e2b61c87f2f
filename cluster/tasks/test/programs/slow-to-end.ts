/** Its workers cannot be ended at once, and one ends long after the other: the program waits for both. */
import { spawnSync } from 'node:child_process'
import { start, stop, task } from '../../src/index.ts'

export const endsAfter = task(import.meta, 'endsAfter', (ms: number) => {
  // No JavaScript runs meanwhile that could be broken off.
  process.once('exit', () => void spawnSync(process.execPath, ['-e', `setTimeout(() => {}, ${ms})`]))
})

start({ workers: 2 })
await Promise.all([endsAfter.with({ runOn: 1 })(400), endsAfter.with({ runOn: 2 })(1200)])
await stop()
console.log('stopped')
