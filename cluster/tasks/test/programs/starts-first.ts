/** Starts the engine above its tasks, and stops it whatever happens. */
import { start, stats, stop, task } from '../../src/index.ts'

start({ workers: 1 })
const add = task(import.meta, 'add', (a: number, b: number) => a + b)

try {
  console.log(await add(1, 2), stats().workers)
} catch (error) {
  console.log('failed', error)
} finally {
  await stop()
}
