/**
 * AVX-512: every second element of a strip, as the parts of complex numbers lie. Two vectors are read and half of each taken, which is several times as fast as a gather; the second begins one element early, so that
 * nothing behind the last element is touched. What is written is spread over two vectors, of which every second lane is stored.
 */

import { ELEMENT_BYTES, type Element } from '../../ir/ir.ts'
import type { Register } from '../encode/operands.ts'
import { type At, memoryAt, widthOfElement } from './contiguous.ts'
import type { Operands } from './operands.ts'

/** Whether a strip in steps of 2 is done so: all lanes are active, and its elements are vectors of two halves. */
export const takesEverySecond = (E: Operands, element: Element, step: number): boolean =>
  step === 2 &&
  E.target.isa === 'avx512' &&
  !E.mask &&
  ELEMENT_BYTES[element] >= 4 &&
  E.lanes > 1 &&
  E.bits(widthOfElement(element)) >= 256

/** Lanes of a vector as its index for permutations. */
function order(E: Operands, width: 32 | 64, places: readonly number[]): Register {
  const bytes =
    width === 64
      ? new Uint8Array(BigUint64Array.from(places, BigInt).buffer)
      : new Uint8Array(Uint32Array.from(places).buffer)
  return E.code.constantRegister(bytes, E.bits(width))
}

const lanesOf = (E: Operands, width: 32 | 64) => Array.from({ length: E.perPart(width) }, (_, lane) => lane)

/** @param at the strip's first element */
export function loadEverySecond(E: Operands, element: Element, at: At): Register[] {
  const { code } = E
  const bytes = ELEMENT_BYTES[element]
  const width = widthOfElement(element) as 32 | 64
  const lanes = lanesOf(E, width)
  const n = lanes.length
  const places = order(
    E,
    width,
    lanes.map(lane => (2 * lane < n ? 2 * lane : 2 * lane + 1)),
  )
  return Array.from({ length: E.partCount(width) }, (_, p) => {
    const to = code.register(E.bits(width))
    const first = 2 * n * bytes * p
    code.vector(width === 64 ? 'vmovupd' : 'vmovups', [to, memoryAt(at, first)])
    code.vector(width === 64 ? 'vpermt2pd' : 'vpermt2ps', [to, places, memoryAt(at, first + (n - 1) * bytes)])
    return to
  })
}

/** @param at the strip's first element @param parts of what is stored */
export function storeEverySecond(E: Operands, element: Element, at: At, part: (p: number) => Register): void {
  const { code } = E
  const bytes = ELEMENT_BYTES[element]
  const width = widthOfElement(element) as 32 | 64
  const lanes = lanesOf(E, width)
  const n = lanes.length
  const [even, bits] = [code.mask(), code.gpr(32)]
  code.general('mov', [bits, 0x5555])
  code.vector('kmovw', [even, bits])
  for (let p = 0; p < E.partCount(width); p++) {
    for (const half of [0, 1]) {
      const places = order(
        E,
        width,
        lanes.map(lane => (half * n + lane) >> 1),
      )
      const spread = code.register(E.bits(width))
      code.vector(width === 64 ? 'vpermpd' : 'vpermps', [spread, places, part(p)])
      const to = memoryAt(at, (2 * p + half) * n * bytes)
      code.vector(width === 64 ? 'vmovupd' : 'vmovups', [to, spread], { mask: even, zeroes: false })
    }
  }
}
