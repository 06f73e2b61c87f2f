/** Recorded calls: a function, what it was given, and what came out of NumPy. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { disagreement, type Tolerance } from './agree.ts'
import { arrayFrom, type RecordedArray } from './recorded.ts'

type Out = RecordedArray | Out[] | { [name: string]: Out }
interface Case {
  call: string
  args: unknown[]
  options: Record<string, unknown>
  out: Out
}

/** By its name, as `linalg.multiDot`. */
const functionOf = (call: string): ((...args: unknown[]) => unknown) =>
  call.split('.').reduce((of: any, name) => of[name], nd)
const hasHalves = (globalThis as { Float16Array?: unknown }).Float16Array !== undefined

const isRecorded = (x: unknown): x is RecordedArray => typeof x === 'object' && x !== null && 'dtype' in x

function given(x: unknown): unknown {
  if (isRecorded(x)) return arrayFrom(x.values, x.dtype, x.shape)
  return Array.isArray(x) ? x.map(given) : x
}

export interface Agreement {
  /** A file beside NumPy's recording scripts. */
  readonly file: string
  /** Functions that give int32 where NumPy gives int64: places and counts are no larger. */
  readonly places: ReadonlySet<string>
  /** Of the others every bit is the same. */
  readonly tolerances: Readonly<Record<string, Tolerance>>
}

/** Tests that on each backend functions give what was recorded. */
export function testRecorded({ file, places, tolerances }: Agreement): void {
  const path = new URL(`./numpy/${file}`, import.meta.url)
  const { cases } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { cases: Case[] }

  function problem(found: unknown, expected: Out, call: string): string | undefined {
    if (isRecorded(expected)) {
      const array = found as nd.NDArray
      const isPlace = places.has(call) && array.dtype === 'int32' && expected.dtype === 'int64'
      return disagreement(isPlace ? nd.astype(array, 'int64') : array, expected, tolerances[call] ?? { ulps: 0 })
    }
    const [a, b] = [Object.entries(expected), Object.keys(found as object)]
    if (a.length !== b.length) return `${b.length} arrays, not ${a.length}`
    for (const [name, out] of a) {
      const wrong = problem((found as Record<string, unknown>)[name], out, call)
      if (wrong) return `${name}: ${wrong}`
    }
    return undefined
  }

  for (const name of Object.keys(backends) as BackendName[]) {
    const skip = backends[name].unavailable() ?? false
    describe(`as NumPy on ${name}`, { skip }, () => {
      for (const call of new Set(cases.map(c => c.call))) {
        test(call, () => {
          nd.backend(name)
          try {
            const wrong: string[] = []
            for (const { args, options, out } of cases.filter(c => c.call === call)) {
              if (!hasHalves && JSON.stringify([args, out]).includes('"float16"')) continue
              const own = Object.entries(options).map(([key, x]) => [key, given(x)])
              const last = own.length > 0 || call !== 'einsum' ? [Object.fromEntries(own)] : []
              const found = problem(functionOf(call)(...args.map(given), ...last), out, call)
              const told = args.map(x => (isRecorded(x) ? `${x.dtype} [${x.shape}]` : JSON.stringify(x)?.slice(0, 60)))
              if (found) wrong.push(`${told.join(', ')} ${JSON.stringify(options).slice(0, 100)}: ${found}`)
            }
            assert.deepEqual(wrong, [])
          } finally {
            nd.backend(undefined)
          }
        })
      }
    })
  }
}
