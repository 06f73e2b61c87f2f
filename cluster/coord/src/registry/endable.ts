// An iterator that ends when it is told to, even while an item is waited for: a generator alone would end after the next one, which may never come.
import { CancelledError } from '@skein/base'

/** `items` ends by the signal it is given. Ends with CancelledError by `signal`, and without an error by `closing` and `return()`. */
export const endable = <T>(
  call: string,
  items: (ends: AbortSignal) => AsyncGenerator<T>,
  signal?: AbortSignal,
  closing?: AbortSignal,
): AsyncIterableIterator<T> => {
  const stop = new AbortController()
  const from = items(AbortSignal.any([stop.signal, signal, closing].filter(one => one !== undefined)))
  const done = { done: true, value: undefined } as const
  return {
    next: async () => {
      try {
        if (!stop.signal.aborted && !closing?.aborted && !signal?.aborted) return await from.next()
      } catch (error) {
        if (!signal?.aborted && !closing?.aborted && !stop.signal.aborted) throw error
      }
      if (!signal?.aborted || stop.signal.aborted) return done
      stop.abort()
      throw new CancelledError(call, signal.reason)
    },
    return: async () => {
      stop.abort()
      await from.return(undefined).catch(() => {})
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
