/** What every test of bad input asks: a typed error that says where and what to do, and a process that works on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SkeinError } from '@skein/base'
import { heap } from '@skein/heap'
import {
  IndexError,
  KernelAssertionError,
  KernelSyntaxError,
  KernelTypeError,
  kernel,
  UnknownNameError,
} from '../src/index.ts'

export const text = (source: string): any => new Function(`return ${source}`)()

/** Name of the case, what is done, the error's class, and what its message must say. */
export type Bad = [name: string, run: () => unknown, error: abstract new (...args: any[]) => Error, says: RegExp]

const OF_SOURCE = [KernelSyntaxError, KernelTypeError, UnknownNameError, IndexError, KernelAssertionError]

export function bad(what: string, cases: Bad[]): void {
  describe(what, () => {
    for (const [name, run, kind, says] of cases) {
      it(name, async () => {
        const before = heap.stats().inUseBytes
        // Through a function of its own: a call that throws at once counts as one that rejects.
        await assert.rejects(
          async () => run(),
          (thrown: any) => {
            assert(thrown instanceof kind, `${thrown?.name} instead of ${kind.name}: ${thrown?.stack}`)
            const e = thrown as SkeinError & { line?: number; column?: number }
            assert.match(e.code, /^SKEIN_[A-Z_]+$/)
            assert.match(e.message, says)
            if (OF_SOURCE.includes(kind as any)) {
              assert(Number.isInteger(e.line) && Number.isInteger(e.column), 'has a line and a column')
              assert.match(e.message, /┌ .+:\d+:\d+\n/)
              assert.match(e.message, /\n +│ +\^+$/)
            }
            return true
          },
        )
        await worksOn()
        assert(heap.stats().inUseBytes - before < 1 << 20, 'holds on to memory')
      })
    }
  })
}

const good = kernel((i, y: Float64Array, x: Float64Array) => {
  y[i] = x[i] + i
})

/** A good kernel gives good results, here and on the team, in the heap and outside. */
export async function worksOn(): Promise<void> {
  const x = new Float64Array(300).fill(0.5)
  const y = new Float64Array(300)
  good(300, y, x)
  assert.equal(y[299], 299.5)
  const there = heap.f64(300)
  await good.async(300, there, x)
  assert.equal(there[299], 299.5)
  heap.release(there)
}
