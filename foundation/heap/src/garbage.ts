/**
 * A full garbage collection on demand, within one run of JavaScript.
 *
 * A WeakRef keeps its target until the current job ends, so a collection alone finds nothing that this job made. The
 * engine forgets those targets when a microtask queue has been drained, and a context with a queue of its own can be
 * drained at any time, without running anyone else's microtasks. Both parts are Node's; elsewhere nothing is collected
 * on demand, and the garbage collector's own pace decides.
 */

import { setFlagsFromString } from 'node:v8'
import { createContext, runInNewContext, Script } from 'node:vm'

let collector: (() => void) | false | undefined

const findCollector = (): (() => void) | false => {
  try {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const context = createContext({}, { microtaskMode: 'afterEvaluate' })
    const drain = new Script('Promise.resolve().then(() => {})')
    return () => {
      drain.runInContext(context)
      gc()
    }
  } catch {
    return false
  }
}

/** False when the engine cannot be asked. */
export const collectGarbage = (): boolean => {
  collector ??= findCollector()
  if (collector === false) return false
  collector()
  return true
}
