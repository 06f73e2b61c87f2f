/** What is made once for a length: radices and twiddles. And arrays that passes write in between. Both are kept for the next transform, within bounds. */

import type { Backend } from '@skein/kernel/compiler'
import { allocate } from '../memory.ts'
import { radicesOf } from './factors.ts'
import type { Layout } from './lines.ts'
import type { ReadyPass, Real, Reals } from './passes.ts'
import { rootsOf } from './roots.ts'

/** Bytes of all twiddles that are kept. */
const mostTwiddles = 1 << 26
/** Bytes of all arrays that are kept. */
const mostScratch = 1 << 26

export interface Stage {
  readonly radix: number
  /** The product of the radices before. */
  readonly before: number
  /** The product of the radices behind. */
  readonly behind: number
  /** e^(−2πi·p·t / (radix · behind)) at (t − 1) · behind + p; none if nothing is behind. */
  readonly twiddles: { readonly re: Reals; readonly im: Reals } | undefined
}

export interface Plan {
  readonly stages: readonly Stage[]
  readonly bytes: number
  /** Passes whose kernels have been made, for each way in which lines lie; the latest last. */
  readonly ready: Ready[]
}

export interface Ready {
  readonly backend: Backend
  readonly outer: number
  readonly inner: number
  readonly from: Layout
  readonly to: Layout
  readonly passes: readonly ReadyPass[]
}

const plans = new Map<string, Plan>()
let kept = 0

export const arrayFor = (type: Real, length: number): Reals =>
  allocate(type === 'f32' ? 'float32' : 'float64', length, 'fft').elements as unknown as Reals

/** @param n a product of primes up to 13 */
export function planOf(n: number, type: Real): Plan {
  const key = `${type} ${n}`
  let plan = plans.get(key)
  if (plan !== undefined) {
    // The latest stands last.
    plans.delete(key)
    plans.set(key, plan)
    return plan
  }
  plan = made(n, type)
  plans.set(key, plan)
  kept += plan.bytes
  for (const [oldest, { bytes }] of plans) {
    if (kept <= mostTwiddles || oldest === key) break
    plans.delete(oldest)
    kept -= bytes
  }
  return plan
}

function made(n: number, type: Real): Plan {
  const stages: Stage[] = []
  const roots = rootsOf(n)
  let before = 1
  let bytes = 0
  for (const radix of radicesOf(n)) {
    const behind = n / before / radix
    const count = behind === 1 ? 0 : (radix - 1) * behind
    const twiddles = count === 0 ? undefined : { re: arrayFor(type, count), im: arrayFor(type, count) }
    if (twiddles) {
      for (let t = 1, k = 0; t < radix; t++) {
        for (let p = 0; p < behind; p++, k++) {
          const at = 2 * p * t * before
          twiddles.re[k] = roots[at]
          twiddles.im[k] = roots[at + 1]
        }
      }
      bytes += 2 * twiddles.re.byteLength
    }
    stages.push({ radix, before, behind, twiddles })
    before *= radix
  }
  return { stages, bytes, ready: [] }
}

const scratch: Reals[] = []
let scratchBytes = 0

/** An array of undefined elements, at least so many. Whoever takes it gives it back. */
export function takeScratch(type: Real, length: number): Reals {
  for (const [k, array] of scratch.entries()) {
    const isOfType = array instanceof Float32Array === (type === 'f32')
    if (!isOfType || array.length < length || array.length > 2 * length) continue
    scratch.splice(k, 1)
    scratchBytes -= array.byteLength
    return array
  }
  return allocate(type === 'f32' ? 'float32' : 'float64', length, 'fft', 'unset').elements as unknown as Reals
}

export function giveBack(arrays: readonly Reals[]): void {
  for (const array of arrays) {
    scratch.push(array)
    scratchBytes += array.byteLength
  }
  while (scratchBytes > mostScratch) scratchBytes -= scratch.shift()!.byteLength
}
