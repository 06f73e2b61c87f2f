/** Tasks that tell where they run. */
import { actor, current, task } from '../src/index.ts'

export const where = task(import.meta, 'where', () => current()!.worker)
/** After some time, unless it is cancelled. */
export const stays = task(import.meta, 'stays', async (ms?: number) => {
  const { worker, signal } = current()!
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, ms ?? 10)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  return worker
})
export const Lodger = actor(
  import.meta,
  'Lodger',
  class {
    n = 0
    where() {
      return current()!.worker
    }
    add(k: number) {
      return (this.n += k)
    }
    exit(): void {
      process.exit(6)
    }
  },
)
