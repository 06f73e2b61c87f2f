/** Timing of calls set apart, for the case where every thread has gone to sleep in between. */

const never = new Int32Array(new SharedArrayBuffer(4))

/** Seconds per run, each after a rest of this thread (which keeps no event loop turning). */
export function timeAfterRest(run: () => void, restMs = 50) {
  return (inner: number) => {
    let seconds = 0
    for (let k = 0; k < inner; k++) {
      Atomics.wait(never, 0, 0, restMs)
      const from = performance.now()
      run()
      seconds += (performance.now() - from) / 1e3
    }
    return seconds / inner
  }
}
