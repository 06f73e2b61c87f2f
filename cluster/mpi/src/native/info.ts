/** Hints as the library has them: an MPI_Info, which is made for a call and freed after it. */

import type { Hints } from '../info.ts'
import type { Binding, Caller } from './binding.ts'

const encoder = new TextEncoder()

/** Text as C has it, with a zero at its end. */
export const cString = (text: string): Uint8Array => encoder.encode(`${text}\0`)

/** The text before the zero. */
export const textIn = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/**
 * Makes an MPI_Info of hints; of none it is MPI_INFO_NULL. Once the call that takes it has returned it goes to `freeInfo`.
 *
 * @param call whose hints they are: its errors name it
 * @throws MpiError MPI_ERR_INFO_KEY, MPI_ERR_INFO_VALUE where the library allows no such long ones
 */
export function infoOf(runtime: Binding, hints: Hints | undefined, call: string, caller: Caller): number {
  if (hints === undefined || hints.size === 0) return runtime.infoNull
  const { calls, cell } = runtime
  const made = calls.MPI_Info_create(cell)
  if (made !== 0) runtime.fail(made, call, caller)
  const info = runtime.readHandle()
  for (const [key, value] of hints) {
    const code = calls.MPI_Info_set(info, cString(key), cString(value))
    if (code === 0) continue
    freeInfo(runtime, info)
    runtime.fail(code, call, caller)
  }
  return info
}

export function freeInfo(runtime: Binding, info: number): void {
  if (info === runtime.infoNull) return
  runtime.writeHandle(info)
  runtime.calls.MPI_Info_free(runtime.cell)
}

/** Does something with an MPI_Info of hints, and frees it. */
export function withInfo<T>(
  runtime: Binding,
  hints: Hints | undefined,
  call: string,
  caller: Caller,
  does: (info: number) => T,
): T {
  const info = infoOf(runtime, hints, call, caller)
  try {
    return does(info)
  } finally {
    freeInfo(runtime, info)
  }
}

/** What an MPI_Info of the library's holds, which it gave: it is freed. */
export function takeHints(runtime: Binding, info: number): Hints {
  const hints = new Map<string, string>()
  if (info === runtime.infoNull) return hints
  const { calls, int, family } = runtime
  const key = new Uint8Array(family.mostInfo.key + 1)
  const value = new Uint8Array(family.mostInfo.value + 1)
  calls.MPI_Info_get_nkeys(info, int)
  const keys = int[0]
  for (let nth = 0; nth < keys; nth++) {
    calls.MPI_Info_get_nthkey(info, nth, key)
    value.fill(0)
    if (calls.MPI_Info_get(info, key, family.mostInfo.value, value, int) === 0 && int[0] !== 0)
      hints.set(textIn(key), textIn(value))
  }
  freeInfo(runtime, info)
  return hints
}
