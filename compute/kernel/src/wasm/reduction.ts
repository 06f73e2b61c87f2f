/** Reductions: the accumulators of a block are the lanes of eight vectors; blocks are combined in pairs. */
import { accumulators } from '../backend.ts'
import * as layout from '../launch/layout.ts'
import { Combiner } from './combiner.ts'
import type { ModuleContext } from './context.ts'
import type { FunctionBuilder } from './encode/index.ts'
import type { RowBody } from './row-body.ts'

/** One block. */
export function emitReduction(body: RowBody): void {
  const { f, g } = body
  const combination = g.combination!
  const { type } = combination
  const count = accumulators(type)
  const { lanes } = g.options
  if (count % lanes) throw new Error('wasm: the lanes of a reduction must divide its accumulators')
  const c = new Combiner(g, f, body.frame)
  const size = layout.typeBytes(type)
  const result = g.ir.body.results[0]
  const parts = Array.from({ length: 8 }, () => f.local('v128'))
  for (const l of parts) {
    c.pushInit()
    f.op(`${c.shape}.splat`).set(l)
  }
  const scratch = f.local(g.address)
  f.get(body.scratch).addr(g.accumulatorOffset).op(`${g.address}.add`).set(scratch)
  const at = (index: () => void) => c.element(scratch, index, size)
  const tail = f.local('i32', 'tail')
  body.strips((E, pass) => {
    const n = (lanes * size) / 16
    const own = parts.slice(pass * n, (pass + 1) * n)
    const value = own.map((_, p) => {
      const l = f.local('v128')
      E.pushPart(result, p)
      f.set(l)
      return l
    })
    c.combineLanes({ parts: own }, { parts: value }, lanes).forEach((l, p) => f.get(l).set(own[p]))
  })
  f.get(body.k).tee(tail).get(body.segment.end).op('i32.lt_s').if()
  parts.forEach((l, p) => {
    f.get(scratch)
      .get(l)
      .store('v128.store', p * 16, 2)
  })
  body.singles(S => {
    at(() => f.get(body.k).get(tail).op('i32.sub'))
    c.load(() => at(() => f.get(body.k).get(tail).op('i32.sub')), c.a)
    S.pushScalar(result)
    f.set(c.b)
    c.combineScalars()
    c.store()
  })
  parts.forEach((l, p) => {
    f.get(scratch)
      .load('v128.load', p * 16, 2)
      .set(l)
  })
  f.end()
  const value = fold(c, f, parts, size)
  const partials = f.local(g.address)
  f.get(0).load(`${g.address}.load`, layout.PARTIALS).set(partials)
  c.element(partials, () => f.get(body.segment.number), size)
  f.get(value)
  c.store()
}

/** acc[j] = combine(acc[j], acc[j + h]) for h = L/2 … 1: halves of the vectors, then of the last one's lanes. The local of acc[0]. */
function fold(c: Combiner, f: FunctionBuilder, parts: number[], size: number): number {
  let left = parts
  while (left.length > 2) {
    const half = left.length / 2
    left = c.combineLanes({ parts: left.slice(0, half) }, { parts: left.slice(half) }, (half * 16) / size)
  }
  // Two lanes of 64 bits are no strip: the other two are the same combined the other way round.
  const [a, b] = left
  const [last] =
    size === 8
      ? c.combineLanes({ parts: [a, b] }, { parts: [b, a] }, 4)
      : c.combineLanes({ parts: [a] }, { parts: [b] }, 4)
  const scalar = (push: () => void) => {
    const l = f.local(c.type)
    push()
    f.set(l)
    return l
  }
  const lane = (l: number) => scalar(() => f.get(last).laneOp(`${c.shape}.extract_lane`, l))
  const combine = (x: number, y: number) => {
    f.get(x).set(c.a).get(y).set(c.b)
    return scalar(() => c.combineScalars())
  }
  if (size === 8) return combine(lane(0), lane(1))
  return combine(combine(lane(0), lane(2)), combine(lane(1), lane(3)))
}

/** `pairwise(args, n)`: combines n partial results in adjacent pairs, level by level, in place. */
export function emitPairwise(g: ModuleContext): void {
  const { combination, module } = g
  const f = module.addFunction('pairwise', [g.address, 'i32'], [], { export: 'pairwise' })
  const c = new Combiner(g, f)
  const n = 1
  const j = f.local('i32', 'j')
  const partials = f.local(g.address, 'partials')
  const size = layout.typeBytes(combination!.type)
  f.get(0).load(`${g.address}.load`, layout.PARTIALS).set(partials)
  const element = (index: () => void) => c.element(partials, index, size)
  const done = f.block()
  const level = f.loop()
  f.get(n).i32(2).op('i32.lt_s').brIf(done)
  f.i32(0).set(j)
  const out = f.block()
  const next = f.loop()
  f.get(j).i32(1).op('i32.shl').i32(1).op('i32.add').get(n).op('i32.ge_s').brIf(out)
  element(() => f.get(j))
  c.load(() => element(() => f.get(j).i32(1).op('i32.shl')), c.a)
  c.load(() => element(() => f.get(j).i32(1).op('i32.shl').i32(1).op('i32.add')), c.b)
  c.combineScalars()
  c.store()
  f.get(j).i32(1).op('i32.add').set(j)
  f.br(next)
  f.end()
  f.end()
  f.get(n).i32(1).op('i32.and').if()
  element(() => f.get(j))
  c.load(() => element(() => f.get(n).i32(1).op('i32.sub')), c.a)
  f.get(c.a)
  c.store()
  f.end()
  f.get(n).i32(1).op('i32.add').i32(1).op('i32.shr_u').set(n)
  f.br(level)
  f.end()
  f.end()
}
