/**
 * Reductions: each block's accumulators are the lanes of a few vectors; in the order that `backend.ts` lays down they are combined when the block ends, and the values of blocks in pairs.
 */

import { accumulators } from '../../backend.ts'
import * as layout from '../../launch/layout.ts'
import { Memory, type Register } from '../encode/operands.ts'
import { Code, view } from '../machine/code.ts'
import { Combiner, loadScalar, storeScalar } from './combiner.ts'
import type { Lowered, Lowering } from './function.ts'
import type { VectorBits } from './operands.ts'
import type { Rows } from './rows.ts'
import { widthOf } from './target.ts'

export function lowerReduction(lowering: Lowering): Lowered {
  lowering.addRows('run', rows => reduceBlock(lowering, rows))
  addPairwise(lowering)
  return lowering.finish()
}

function reduceBlock(lowering: Lowering, rows: Rows): void {
  const { code, frame } = rows
  const { ir, options } = lowering
  const { type, init } = lowering.combination!
  const combiner = new Combiner(lowering, frame)
  const width = widthOf(type)
  const count = accumulators(type)
  const { lanes } = options
  const passes = count / lanes
  const plain = rows.fork()
  const each = plain.partCount(width)
  const bits = plain.bits(width)
  const accumulated = Array.from({ length: passes * each }, () => {
    const to = code.register(bits, 'acc')
    code.vector('vmovaps', [to, plain.spread(type, init, bits)])
    return to
  })
  const [result] = ir.body.results
  rows.strips((E, pass) => {
    const own = accumulated.slice(pass * each, (pass + 1) * each)
    const value = own.map((_, p) => E.part(result, p))
    const { parts } = combiner.combine({ parts: own }, { parts: value }, lanes, E.mask)
    E.update(own, parts!, width)
  }, passes)
  const value = fold(lowering, combiner, rows, accumulated, count)
  const at = code.gpr(64)
  const number = code.gpr(64)
  code.general('mov', [view(number, 32), rows.segment.number!])
  code.general('mov', [at, rows.argument('partials', layout.PARTIALS, 64)])
  storeScalar(code, new Memory({ base: at, index: number, scale: layout.typeBytes(type) as 4 | 8 }), value, type)
}

/** acc[j] = combine(acc[j], acc[j + h]) for h = L/2 … 1. */
function fold(
  lowering: Lowering,
  combiner: Combiner,
  rows: Rows,
  accumulated: readonly Register[],
  count: number,
): Register {
  const { code } = rows
  const { type } = lowering.combination!
  const width = widthOf(type)
  let parts = [...accumulated]
  let left = count
  // Halves of the vectors, then of the last one's lanes.
  while (parts.length > 1) {
    const half = parts.length / 2
    left /= 2
    parts = [...combiner.combine({ parts: parts.slice(0, half) }, { parts: parts.slice(half) }, left).parts!]
  }
  let part = parts[0]
  while (part.bits > 128) {
    const half = (part.bits / 2) as VectorBits
    const high = code.register(half)
    code.vector(half === 256 ? 'vextractf64x4' : 'vextractf128', [high, part, 1])
    left /= 2
    ;[part] = combiner.combine({ parts: [view(part, half)] }, { parts: [high] }, Math.max(left, minimalLanes(width)))
      .parts!
  }
  // Four lanes of 32 bits, or two of 64: the rest as scalars.
  const slot = code.stackMemory(16, 64)
  code.vector('vmovups', [slot.memory(), part])
  const scalars = Array.from({ length: 128 / width }, (_, l) => loadScalar(code, slot.memory((l * width) / 8), type))
  let level = scalars
  while (level.length > 1) {
    const half = level.length / 2
    level = level.slice(0, half).map((x, i) => combiner.combineScalars(x, level[i + half]))
  }
  return level[0]
}

/** Lanes that fill 128 bits. */
const minimalLanes = (width: number): number => 128 / width

/** `pairwise(args, n)`: combines n partial results in adjacent pairs, level by level, in place. */
function addPairwise(lowering: Lowering): void {
  const code = lowering.add(
    new Code('pairwise', lowering.constants, [
      { bank: 'gpr', bits: 64, name: 'args' },
      { bank: 'gpr', bits: 64, name: 'n' },
    ]),
  )
  const { type } = lowering.combination!
  const scale = layout.typeBytes(type) as 4 | 8
  const combiner = new Combiner(lowering, lowering.plainFrame(code))
  const [args, n] = code.parameters
  const [base, j, twice, pairs] = [code.gpr(64), code.gpr(64), code.gpr(64), code.gpr(64)]
  code.general('mov', [base, new Memory({ base: args, disp: layout.PARTIALS })])
  const at = (index: Register, offset = 0) => new Memory({ base, index, scale, disp: offset * scale })
  const [level, next, even, done] = Array.from({ length: 4 }, () => code.label())
  code.inLoop(() => {
    code.bind(level)
    code.general('cmp', [n, 2])
    code.jump(done, 'l')
    code.general('mov', [pairs, n])
    code.general('shr', [pairs, 1])
    code.general('xor', [view(j, 32), view(j, 32)])
    code.inLoop(() => {
      code.bind(next)
      code.general('lea', [twice, new Memory({ base: j, index: j, scale: 1 })])
      const sum = combiner.combineScalars(loadScalar(code, at(twice), type), loadScalar(code, at(twice, 1), type))
      storeScalar(code, at(j), sum, type)
      code.general('add', [j, 1])
      code.general('cmp', [j, pairs])
      code.jump(next, 'b')
    })
    code.general('test', [n, 1])
    code.jump(even, 'e')
    storeScalar(code, at(j), loadScalar(code, at(n, -1), type), type)
    code.general('add', [pairs, 1])
    code.bind(even)
    code.general('mov', [n, pairs])
    code.jump(level)
  })
  code.bind(done)
  code.return()
}
