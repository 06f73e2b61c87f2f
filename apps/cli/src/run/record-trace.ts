/**
 * Imported before a program that runs under `skein run --trace`: records it from its first line to its end, whichever way it
 * ends. Tasks are told by the engine, so that recording them costs workers nothing.
 */
import { basename } from 'node:path'
import { isMainThread } from 'node:worker_threads'

const { SKEIN_TRACE: file } = process.env
// Threads import what their process was started with, and so do processes that the program forks: the one that the user started
// takes the file's name out of the environment.
if (isMainThread && file !== undefined) {
  delete process.env.SKEIN_TRACE
  const [{ onEndingSignal, tracer }, { feed }] = await Promise.all([
    import('@skein/base'),
    import('@skein/tasks/observe'),
  ])
  feed().hold()
  let told = false
  const tellTasks = (): void => {
    if (told) return
    told = true
    const over = feed()
      .observation.journal.read()
      .rows.filter(({ worker }) => worker > 0)
      .map(({ task, name, worker, outcome, submittedMs, startedMs, endedMs }) => {
        const attributes = { task, outcome, waitedMs: startedMs - submittedMs }
        return { worker, name, startMs: startedMs, endMs: endedMs, attributes }
      })
    // What runs at the end is often what the trace is read for.
    const { running = [], atMs } = feed().glance()
    const unfinished = running.map(({ task, name, worker, startedMs }) => {
      return { worker, name, startMs: startedMs, endMs: atMs, attributes: { task, outcome: 'running' } }
    })
    for (const [worker, spans] of Map.groupBy([...over, ...unfinished], span => span.worker)) {
      // Beyond the numbers of threads, which have rows of their own for what happens inside tasks.
      tracer.add({ number: 1_000_000 + worker, name: `tasks of worker ${worker}` }, spans)
    }
  }
  // Before the tracer's own, which writes the file.
  process.once('exit', () => tracer.enabled && tellTasks())
  tracer.start({ file, processName: basename(process.argv[1] ?? 'program') })
  tracer.nameThread('main')
  tracer.instant('program', { file: process.argv[1], arguments: process.argv.slice(2).join(' ') })
  let stopped = false
  const stop = async (): Promise<void> => {
    if (stopped) return
    stopped = true
    tellTasks()
    await tracer.stop()
  }
  process.once('beforeExit', () => void stop())
  onEndingSignal(stop)
}
