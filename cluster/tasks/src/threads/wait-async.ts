type WaitAsync = (c: Int32Array, word: number, value: number) => { async: boolean; value: Promise<unknown> }

/** A promise of a change of a shared word, or undefined when it is not `seen` any more. TypeScript's library lacks the call. */
export function waitAsync(c: Int32Array, word: number, seen: number): Promise<unknown> | undefined {
  const waited = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync(c, word, seen)
  return waited.async ? waited.value : undefined
}
