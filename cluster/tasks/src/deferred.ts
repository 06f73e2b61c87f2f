/** Results that are not there when a function returns: promises, and generators, whose items together are the result. */

export const isThenable = (x: unknown): x is PromiseLike<unknown> =>
  x !== null &&
  (typeof x === 'object' || typeof x === 'function') &&
  typeof (x as { then?: unknown }).then === 'function'

export const isGenerator = (x: unknown): x is Iterable<unknown> | AsyncIterable<unknown> =>
  x !== null &&
  typeof x === 'object' &&
  typeof (x as { next?: unknown }).next === 'function' &&
  (typeof (x as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function' ||
    typeof (x as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function')

/** What a call's result is to its caller: itself, or a promise of what it stands for. */
export function resultOf(result: unknown): unknown {
  if (result === null || typeof result !== 'object') return result
  if (isThenable(result)) return Promise.resolve(result).then(resultOf)
  return isGenerator(result) ? gathered(result) : result
}

async function gathered(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}
