/** Stacks of what tasks throw, without the frames of the worker's loop that called them. */

const ownFrames = [
  new URL('./worker.', import.meta.url).href,
  new URL('../calls/context.', import.meta.url).href,
  'node:internal/async_local_storage',
]

/** Of an error and its causes. One that is frozen keeps its own. */
export function cutStacks(thrown: unknown): void {
  const seen = new Set<unknown>()
  for (let error = thrown; error instanceof Error && !seen.has(error); error = error.cause) {
    seen.add(error)
    const cut = typeof error.stack === 'string' ? withoutOwnFrames(error.stack) : undefined
    if (cut !== undefined && cut !== error.stack) Reflect.set(error, 'stack', cut)
  }
}

/** What is the engine's alone is left as it is. */
function withoutOwnFrames(stack: string): string {
  const lines = stack.split('\n')
  const last = lines.findLastIndex(line => !ownFrames.some(own => line.includes(own)))
  return /^\s+at /.test(lines[last] ?? '') ? lines.slice(0, last + 1).join('\n') : stack
}
