/**
 * Requests that are awaited make progress in turns of the event loop. What an engine carries tells nobody when it is there, so it is looked at: in every
 * turn at first, and when nothing has come for a while after rests that grow. The process is kept alive as long as something is awaited, and no longer.
 */

/** Something that may be over. */
export interface Watched {
  /** Makes progress; true: it need not be looked at again. */
  look(): boolean
}

/** It looks in every turn until nothing has come for so long. */
const eagerMs = 2
const longestRestMs = 10

const watched = new Set<Watched>()
let isScheduled = false
let lastNews = 0
let restMs = 1

/** Looks at it in turns to come, until it is over. */
export function watch(request: Watched): void {
  watched.add(request)
  lastNews = performance.now()
  restMs = 1
  if (!isScheduled) schedule()
}

function schedule(): void {
  isScheduled = true
  if (performance.now() - lastNews < eagerMs) {
    setImmediate(turn)
  } else {
    setTimeout(turn, restMs)
    restMs = Math.min(2 * restMs, longestRestMs)
  }
}

function turn(): void {
  isScheduled = false
  for (const request of watched) {
    if (!request.look()) continue
    watched.delete(request)
    lastNews = performance.now()
    restMs = 1
  }
  if (watched.size > 0) schedule()
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Blocks until it holds, looking often at first: for what an engine has no call for that waits. */
export function waitUntil(holds: () => boolean): void {
  for (let looks = 0; !holds(); looks++) {
    if (looks > 1000) Atomics.wait(never, 0, 0, Math.min(1, 0.02 * (looks - 1000)))
  }
}
