/** Where calls were made: errors tell the user's line, not this room's. */

/** Most calls of this room between the user's and a task's submission. */
const ownFrames = 15

/** Keeps the stack of the call under way. */
export function siteHere(): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = limit + ownFrames
  const site = new Error('submitted here')
  Error.stackTraceLimit = limit
  return site
}

const ownFolder = new URL('..', import.meta.url).href

/** The error's own stack becomes that of the call, without the frames of this room. */
export function withSite<E extends Error>(error: E, site: Error | undefined): E {
  const lines = site?.stack
    ?.split('\n')
    .slice(1)
    .filter(line => !line.includes(ownFolder) && !/ \(<anonymous>\)$/.test(line))
  if (lines) error.stack = `${error.name}: ${error.message}\n${lines.join('\n')}`
  return error
}

/** Where definitions were called first in this turn of the event loop: capturing a stack takes as long as the rest of a call. */
export class Sites {
  readonly #sites = new Map<number, Error>()

  of(definition: number): Error {
    let site = this.#sites.get(definition)
    if (site === undefined) this.#sites.set(definition, (site = siteHere()))
    return site
  }

  /** The turn is over. */
  forget(): void {
    if (this.#sites.size > 0) this.#sites.clear()
  }
}
