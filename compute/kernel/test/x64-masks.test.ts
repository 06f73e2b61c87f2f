/** Masks of lanes as machine code: at both widths, as bits, asked for any lane, joined. Each against the same on the bits of a number. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '@skein/base'
import { Memory, type Register } from '../src/x64/encode/operands.ts'
import * as masks from '../src/x64/lower/masks.ts'
import { partBits, partCount, type Target, type Width } from '../src/x64/lower/target.ts'
import { Code, Constants, view } from '../src/x64/machine/code.ts'
import { assemble } from '../src/x64/machine/emit.ts'
import { cpu } from '../src/x64/run/cpu.ts'
import { addressOf, noX64, Page } from './x64-run.ts'

interface Given {
  readonly c: masks.MaskContext
  readonly width: Width
  /** Parts of two masks. */
  readonly a: readonly Register[]
  readonly b: readonly Register[]
  /** 1 or 0. */
  readonly scalar: Register
}

/** A mask made of the parts of others, and what it is in bits: a and b have a bit for each lane, `all` has all of them. */
interface Fact {
  readonly name: string
  readonly make: (given: Given, p: number) => Register
  readonly means: (a: bigint, b: bigint, all: bigint, scalar: number) => bigint
}

const facts: readonly Fact[] = [
  { name: 'itself', make: ({ a }, p) => a[p], means: a => a },
  { name: 'and', make: ({ c, a, b }, p) => masks.and(c, a[p], b[p]), means: (a, b) => a & b },
  { name: 'or', make: ({ c, a, b }, p) => masks.or(c, a[p], b[p]), means: (a, b) => a | b },
  { name: 'xor', make: ({ c, a, b }, p) => masks.xor(c, a[p], b[p]), means: (a, b) => a ^ b },
  { name: 'andNot', make: ({ c, a, b }, p) => masks.andNot(c, a[p], b[p]), means: (a, b) => a & ~b },
  { name: 'not', make: ({ c, a, width }, p) => masks.not(c, a[p], width), means: (a, _, all) => all & ~a },
  { name: 'all', make: ({ c, width }) => masks.constant(c, true, width), means: (_, __, all) => all },
  { name: 'none', make: ({ c, width }) => masks.constant(c, false, width), means: () => 0n },
  {
    name: 'ofScalar',
    make: ({ c, scalar, width }) => masks.ofScalar(c, scalar, width),
    means: (_, __, all, scalar) => (scalar ? all : 0n),
  },
  {
    name: 'alikePart of a scalar',
    make: ({ c, scalar, width }) => masks.alikePart(c, masks.ofScalar(c, scalar, 32), width),
    means: (_, __, all, scalar) => (scalar ? all : 0n),
  },
  {
    name: 'alikePart of all',
    make: ({ c, width }) => masks.alikePart(c, masks.constant(c, true, 32), width),
    means: (_, __, all) => all,
  },
  {
    name: 'blendMasks',
    make: ({ c, a, b, width }, p) => {
      const to = masks.newMask(c, width)
      masks.blendMasks(c, to, a[p], masks.not(c, b[p], width), b[p])
      return to
    },
    means: (a, b, all) => all & ((a & ~b) | (~a & b)),
  },
  {
    name: 'andInto',
    make: ({ c, a, b, width }, p) => {
      const to = masks.not(c, a[p], width)
      masks.andInto(c, to, b[p])
      return to
    },
    means: (a, b) => ~a & b,
  },
  {
    name: 'ofVector and asVector',
    make: ({ c, a, width }, p) => masks.ofVector(c, masks.asVector(c, a[p], width), width),
    means: a => a,
  },
  {
    name: 'select',
    make: ({ c, a, b, width }, p) => {
      const [one, other] = [a, b].map(mask => masks.asVector(c, mask[p], width))
      return masks.ofVector(c, masks.select(c, width === 64 ? 'f64' : 'f32', b[p], one, other, width), width)
    },
    means: (a, b) => a & b,
  },
]

/** `(out, a, b, scalar)`: of each fact its bits, and whether any; then the words of `increment`. */
function everything(constants: Constants, target: Target, lanes: number, width: Width): Code {
  const code = new Code(
    'masks',
    constants,
    Array.from({ length: 4 }, () => ({ bank: 'gpr' as const, bits: 64 })),
  )
  const [out, a, b, scalar] = code.parameters
  const c = { code, target, lanes }
  const bits = partBits(target, lanes, 32)
  const ofWords = (from: Register): Register[] => {
    const parts = Array.from({ length: partCount(target, lanes, 32) }, (_, p) => {
      const words = code.register(bits)
      code.vector('vmovups', [words, new Memory({ base: from, disp: (p * bits) / 8 })])
      return masks.ofVector(c, words, 32)
    })
    return Array.from({ length: partCount(target, lanes, width) }, (_, p) => masks.maskPart(c, parts, 32, width, p))
  }
  const given: Given = { c, width, a: ofWords(a), b: ofWords(b), scalar }
  let at = 0
  const put = (value: Register) => {
    code.general('mov', [new Memory({ base: out, disp: 8 * at++ }), view(value, 64)])
  }
  for (const { make } of facts) {
    const parts = given.a.map((_, p) => make(given, p))
    put(masks.bits(c, { parts, width }))
    const any = code.gpr(32)
    const none = code.label()
    code.general('mov', [any, 0])
    const condition = masks.jumpIfAny(c, parts, width)
    code.jump(none, condition === 'ne' ? 'e' : 'ne')
    code.general('mov', [any, 1])
    code.bind(none)
    put(any)
  }
  put(masks.bits(c, { parts: [masks.ofScalar(c, scalar, 32)], width: 32, alike: true }))
  for (const [p, mask] of (width === 32 ? given.a : []).entries()) {
    const words = code.register(bits)
    code.vector('vmovups', [words, new Memory({ base: b, disp: (p * bits) / 8 })])
    masks.increment(c, words, mask)
    code.vector('vmovups', [new Memory({ base: out, disp: 8 * at + (p * bits) / 8 }), words])
  }
  code.return()
  return code
}

describe('masks are sets of lanes', () => {
  for (const [isa, bits] of [
    ['avx2', 256],
    ['avx512', 256],
    ['avx512', 512],
  ] as const) {
    const skip = noX64 ?? (isa === 'avx512' && cpu().isa !== 'avx512' ? 'the CPU has no AVX-512' : false)
    for (const lanes of [4, 8, 16, 32, 64])
      for (const width of [32, 64] as const)
        it(`${isa}, ${bits} bits, ${lanes} lanes of ${width}`, { skip }, () => {
          const constants = new Constants()
          const program = assemble([everything(constants, { isa, bits }, lanes, width)], constants, { isa })
          using page = new Page(program.bytes)
          const random = new Random(lanes, width)
          const all = 2n ** BigInt(lanes) - 1n
          const edges = [0n, all, 1n, 1n << BigInt(lanes - 1)]
          const wordOf = (set: bigint, lane: number) => Number((set >> BigInt(lane)) & 1n)
          for (let round = 0; round < 40; round++) {
            const [a, b] = [round, Math.floor(round / edges.length)].map(k =>
              round < edges.length ** 2
                ? edges[k % edges.length]
                : ((BigInt(random.u32()) << 32n) | BigInt(random.u32())) & all,
            )
            const out = new BigInt64Array(2 * facts.length + 1 + lanes / 2)
            const words = [a, b].map(set => Int32Array.from({ length: lanes }, (_, l) => -wordOf(set, l)))
            const scalar = round & 1
            page.at(program.entries[0], 4)(addressOf(out), addressOf(words[0]), addressOf(words[1]), scalar)
            const found = out.subarray(0, 2 * facts.length + 1)
            for (const [k, { name, means }] of facts.entries()) {
              const expected = BigInt.asIntN(64, means(a, b, all, scalar))
              assert.deepEqual([found[2 * k], found[2 * k + 1]], [expected, expected === 0n ? 0n : 1n], name)
            }
            assert.equal(found[2 * facts.length], BigInt.asIntN(64, scalar ? all : 0n), 'bits of an alike mask')
            if (width === 64) continue
            const counted = new Int32Array(out.buffer, 8 * (2 * facts.length + 1))
            assert.deepEqual(
              [...counted],
              [...words[1]].map((word, l) => word + wordOf(a, l)),
            )
          }
        })
  }
})
