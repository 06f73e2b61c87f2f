/**
 * `random(seed, index, draw = 0)`: a uniform number in [0, 1) from Philox 4x32-10 (Salmon et al., SC '11), the same
 * number that `@skein/base`'s `Random` gives for these: key = [seed low, seed high], counter = [index low, index high, draw, 0].
 */
import type { Value } from '../ir/ir.ts'
import type { Lowering } from './context.ts'
import { isBig, type Typed } from './kinds.ts'
import type { Tree } from './source.ts'

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/** The low and high word of a whole number, in two's complement. */
function words(L: Lowering, t: Typed, node: Tree): [Value, Value] {
  const b = L.b
  if (isBig(t.k)) return [b.cvt('wrap', t.v, 'i32'), b.cvt('wrap', b.ushr(t.v, b.const('i64', 32n)), 'i32')]
  if (t.k === 'i32') return [t.v, b.sshr(t.v, b.const('i32', 31))]
  if (t.k === 'u32' || t.k === 'bool') return [L.convert(t, 'i32', node).v, b.const('i32', 0)]
  const x = L.convert(t, 'f64', node).v
  return [b.cvt('toint32', x, 'i32'), b.cvt('toint32', b.floor(b.mul(x, b.const('f64', 2 ** -32))), 'i32')]
}

export function uniformRandom(L: Lowering, [seed, index, draw]: Typed[], node: Tree): Typed {
  const b = L.b
  b.loc = L.loc(node)
  let [k0, k1] = words(L, seed, node)
  let [c0, c1] = words(L, index, node)
  let c2 = draw ? words(L, draw, node)[0] : b.const('i32', 0)
  let c3 = b.const('i32', 0)
  const m0 = b.const('i32', M0)
  const m1 = b.const('i32', M1)
  for (let round = 0; round < 10; round++) {
    const hi0 = b.mulhu(c0, m0)
    const lo0 = b.mul(c0, m0)
    const hi1 = b.mulhu(c2, m1)
    const lo1 = b.mul(c2, m1)
    ;[c0, c1, c2, c3] = [b.xor(b.xor(hi1, c1), k0), lo1, b.xor(b.xor(hi0, c3), k1), lo0]
    k0 = b.add(k0, b.const('i32', W0))
    k1 = b.add(k1, b.const('i32', W1))
  }
  if (L.options.float === 'f32') {
    return { v: b.mul(b.cvt('sitof', b.ushr(c0, b.const('i32', 8)), 'f32'), b.const('f32', 2 ** -24)), k: 'f32' }
  }
  const high = b.cvt('sitof', b.ushr(c0, b.const('i32', 5)), 'f64')
  const low = b.cvt('sitof', b.ushr(c1, b.const('i32', 6)), 'f64')
  return { v: b.mul(b.add(b.mul(high, b.const('f64', 67108864)), low), b.const('f64', 2 ** -53)), k: 'f64' }
}
