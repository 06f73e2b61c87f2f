/**
 * How a value differs between the lanes of a strip: not at all (uniform), by a fixed step (affine), or anyhow (varying).
 * The shape chooses scalar or vector code, and for an index a broadcast, a contiguous, a strided or a gathered access.
 *
 * A shape is a number: 0 uniform, s ≠ 0 affine with step s between neighbouring lanes (i32 only), NaN varying. Shapes are
 * those among *active* lanes: in a loop that some lanes have left, a counter that all started alike is still uniform.
 */
import type { KernelIR, Region, Value } from '../ir/ir.ts'
import { type Exits, findExits } from './exits.ts'

export type Shape = number
const VARYING: Shape = NaN
export const isUniform = (s: Shape): boolean => s === 0
export const isVarying = (s: Shape): boolean => s !== s
export const isAffine = (s: Shape): boolean => s === s && s !== 0

export interface Shapes {
  of(v: Value): Shape
  /** Whether lanes may leave a loop, or take an if, at different times. */
  divergent(v: Value): boolean
  /** Of a loop that some lanes leave in the middle of its body. */
  exits(v: Value): Exits | undefined
}

/**
 * @param lanes false: one lane at a time, where everything is uniform
 * @param unitStep neighbouring iterations are 1 apart; otherwise the index varies
 * @param scalarsVary of a combine function: its two operands are lanes
 */
export function analyseShapes(ir: KernelIR, lanes: boolean, unitStep: boolean, scalarsVary = false): Shapes {
  const shapes: Shape[] = []
  const divergent = new Set<number>()
  if (!lanes) return { of: () => 0, divergent: () => false, exits: () => undefined }
  const exits = findExits(ir)
  const leaving = new Set<number>()
  const of = (v: Value): Shape =>
    v.op === 'result' ? (results[v.args[0].id]?.[v.attr] ?? VARYING) : (shapes[v.id] ?? 0)
  /** Of the results of `if`s and `loop`s, by owner. */
  const results: (Shape[] | undefined)[] = []
  const same = (a: Shape, b: Shape) => a === b || (a !== a && b !== b)
  const join = (a: Shape, b: Shape): Shape => (same(a, b) ? a : VARYING)

  const pure = (v: Value): Shape => {
    let uniform = true
    for (const a of v.args) {
      const s = of(a)
      if (isVarying(s)) return VARYING
      if (!isUniform(s)) uniform = false
    }
    if (uniform) return 0
    if (v.type !== 'i32') return VARYING
    const s = v.args.map(of)
    switch (v.op) {
      case 'add':
        return s[0] + s[1]
      case 'sub':
        return s[0] - s[1]
      case 'mul': {
        const [c, x] = v.args[0].op === 'const' ? [v.args[0], s[1]] : [v.args[1], s[0]]
        const step = c.op === 'const' ? (c.attr as number) * x : VARYING
        return Math.abs(step) <= 4096 ? step : VARYING
      }
      case 'shl': {
        // Shifts count modulo 32.
        const by = v.args[1].op === 'const' ? (v.args[1].attr as number) & 31 : 32
        return by <= 8 ? s[0] * 2 ** by : VARYING
      }
      default:
        return VARYING
    }
  }

  const region = (r: Region) => r.ops.forEach(visit)
  const visit = (v: Value) => {
    switch (v.op) {
      case 'index':
        shapes[v.id] = v.attr === ir.rank - 1 ? (unitStep ? 1 : VARYING) : 0
        return
      case 'scalar':
        shapes[v.id] = scalarsVary ? VARYING : 0
        return
      case 'load':
        shapes[v.id] = isUniform(of(v.args[0])) ? 0 : VARYING
        return
      case 'lload':
      case 'atomic':
        shapes[v.id] = VARYING
        return
      case 'if': {
        const diverges = !isUniform(of(v.args[0]))
        if (diverges) divergent.add(v.id)
        else divergent.delete(v.id)
        v.regions!.forEach(region)
        const [a, b] = v.regions!
        results[v.id] = a.results.map((x, i) => {
          const y = b.results[i]
          return x === y ? of(x) : diverges ? VARYING : join(of(x), of(y))
        })
        return
      }
      case 'loop': {
        const [test, body] = v.regions!
        const inside = v.args.map(of)
        const middle = exits.get(v.id)
        let left: Exits | undefined
        for (;;) {
          // Lanes that take an exit are not active any more: for the others its flag is false.
          const isFlag = (i: number) => left?.flags.some(f => f.index === i) === true
          if (left) leaving.add(v.id)
          else leaving.delete(v.id)
          test.params.forEach((p, i) => {
            shapes[p.id] = isFlag(i) ? 0 : inside[i]
          })
          region(test)
          region(body)
          if (!left && middle?.flags.some(f => isVarying(of(f.cond)))) {
            // What was concluded without knowing that lanes leave may be too little: begin again.
            left = middle
            inside.splice(0, inside.length, ...v.args.map(of))
            continue
          }
          let changed = false
          const next = left?.next ?? body.results
          next.forEach((x, i) => {
            const s = join(inside[i], of(x))
            if (!isFlag(i) && !same(s, inside[i])) {
              inside[i] = s
              changed = true
            }
          })
          if (!changed) break
        }
        const diverges = leaving.has(v.id) || !isUniform(of(test.results[0]))
        if (diverges) divergent.add(v.id)
        else divergent.delete(v.id)
        results[v.id] = test.params.map((p, i) => (diverges && body.results[i] !== p ? VARYING : inside[i]))
        return
      }
      default:
        if (v.type !== 'void') shapes[v.id] = pure(v)
    }
  }
  region(ir.body)
  return { of, divergent: v => divergent.has(v.id), exits: v => (leaving.has(v.id) ? exits.get(v.id) : undefined) }
}
