/**
 * Imported before a program that runs under `skein run --trace`: records it from its first line to its end, whichever way it
 * ends.
 */
import { basename } from 'node:path'
import { isMainThread } from 'node:worker_threads'

const { SKEIN_TRACE: file } = process.env
// Threads import what their process was started with, and so do processes that the program forks: the one that the user started
// takes the file's name out of the environment.
if (isMainThread && file !== undefined) {
  delete process.env.SKEIN_TRACE
  const { tracer } = await import('@skein/base')
  tracer.start({ file, processName: basename(process.argv[1] ?? 'program') })
  tracer.nameThread('main')
  tracer.instant('program', { file: process.argv[1], arguments: process.argv.slice(2).join(' ') })
  let stopped = false
  const stop = async (): Promise<void> => {
    if (stopped) return
    stopped = true
    await tracer.stop()
  }
  process.once('beforeExit', () => void stop())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const end = async (): Promise<void> => {
      // The program has a handler of its own: it decides when to end.
      if (process.listenerCount(signal) > 1) return
      process.off(signal, end)
      await stop()
      process.kill(process.pid, signal)
    }
    process.on(signal, end)
  }
}
