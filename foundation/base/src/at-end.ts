/** What a launcher, or whoever leaves something outside of the process, wants done when a program ends, whichever way it ends. */

type Listener = (() => void) & { [ours]?: true }

/** Such listeners bear it: there may be several, from other copies of this module too, and they are no program's own. */
const ours = Symbol.for('skein.at-end')

/**
 * Calls back when SIGINT, SIGTERM or SIGHUP is about to end this program, and lets the signal end it afterwards. When the program has a
 * handler of its own for the signal, it decides when to end, and nothing is called.
 *
 * @returns ends that
 */
export function onEndingSignal(act: () => void | Promise<void>): () => void {
  const leave: (() => void)[] = []
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const end: Listener = async () => {
      if (process.listeners(signal).some(listener => !(listener as Listener)[ours])) return
      await act()
      process.off(signal, end)
      // The last of us lets it end.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    }
    end[ours] = true
    process.on(signal, end)
    leave.push(() => process.off(signal, end))
  }
  return () => {
    for (const off of leave) off()
  }
}

/**
 * Calls back once when this program ends, by itself, by `process.exit` or by a signal. What is called must not wait for anything.
 *
 * @returns ends that
 */
export function atEnd(act: () => void): () => void {
  let done = false
  const once = () => {
    if (done) return
    done = true
    act()
  }
  process.once('exit', once)
  const leave = onEndingSignal(once)
  return () => {
    process.off('exit', once)
    leave()
  }
}
