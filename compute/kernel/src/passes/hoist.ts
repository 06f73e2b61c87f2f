/**
 * Moves what a loop computes anew in each round, though it does not change, in front of the loop.
 *
 * A load moves only out of a loop that writes nothing. What the test loads is loaded at least once anyway; what the body
 * loads may be out of range when the body never runs, so such a loop first gets its test around it:
 *
 *     loop { test } do { … x[i] … }      becomes      if test { x[i]; loop { test } do { … } }
 */
import { hasEffects, isPure, type KernelIR, type Region, type Value, walk } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'

export function hoistInvariants(ir: KernelIR): KernelIR {
  // A copy that belongs to this pass, changed in place.
  const own = rewrite(ir)
  new Hoister(own.body).region(own.body, new Set())
  return own
}

class Hoister {
  private nextId = 0
  /** The `result` values of each `if` and `loop`. */
  private readonly results = new Map<number, Set<Value>>()
  /** Answers of `isFixed`: values share their operands, so asking again at each would take exponential time. */
  private readonly fixed = new Map<Value, boolean>()

  constructor(body: Region) {
    const note = (v: Value) => {
      if (v.op !== 'result') return
      const owner = v.args[0].id
      let set = this.results.get(owner)
      if (!set) this.results.set(owner, (set = new Set()))
      set.add(v)
      this.nextId = Math.max(this.nextId, v.id + 1)
    }
    const look = (r: Region) => {
      r.results.forEach(note)
      for (const p of r.params) this.nextId = Math.max(this.nextId, p.id + 1)
    }
    look(body)
    for (const v of walk(body)) {
      this.nextId = Math.max(this.nextId, v.id + 1)
      v.args.forEach(note)
      v.regions?.forEach(look)
    }
  }

  private fresh(v: Value, args: Value[]): Value {
    return { ...v, id: this.nextId++, args }
  }

  /** @param around ids of the values that the region sees from outside */
  region(r: Region, around: ReadonlySet<number>): void {
    const ops: Value[] = []
    const here = new Set(around)
    for (const v of r.ops) {
      if (v.op === 'loop') ops.push(...this.loop(v, here))
      else {
        for (const inner of v.regions ?? []) {
          this.region(inner, here)
          inner.ops = inner.ops.filter(o => !this.isFixed(o) || !(here.add(o.id) && ops.push(o)))
        }
        ops.push(v)
      }
      here.add(v.id)
    }
    r.ops = ops
  }

  /** Computed from what the caller gives alone, so once for a whole call: worth doing even if no iteration needs it. */
  private isFixed(v: Value): boolean {
    if (v.op === 'const' || v.op === 'scalar' || v.op === 'length') return true
    if (!isPure(v) || v.op === 'index' || v.op === 'arg' || v.op === 'result' || v.args.length === 0) return false
    let fixed = this.fixed.get(v)
    if (fixed === undefined) {
      fixed = v.args.every(a => this.isFixed(a))
      this.fixed.set(v, fixed)
    }
    return fixed
  }

  /** What stands for a loop: what was moved out of it, and the loop, or an `if` around both. */
  private loop(v: Value, here: Set<number>): Value[] {
    const [test, body] = v.regions!
    this.region(test, here)
    this.region(body, new Set([...here, ...test.params.map(p => p.id), ...test.ops.map(o => o.id)]))
    const out: Value[] = []
    const visible = (a: Value) => here.has(a.op === 'result' ? a.args[0].id : a.id)
    const quiet = !hasEffects(test) && !hasEffects(body)
    const move = (region: Region, which: (o: Value) => boolean, into: Value[]) => {
      region.ops = region.ops.filter(o => {
        if (!which(o) || !o.args.every(visible)) return true
        into.push(o)
        here.add(o.id)
        return false
      })
    }
    move(test, o => isPure(o) || (quiet && o.op === 'load'), out)
    move(body, isPure, out)
    const loaded = (o: Value) => o.op === 'load' && o.args.every(visible)
    if (!quiet || !body.ops.some(loaded) || test.ops.some(o => o.regions)) return [...out, v]
    const { cond, ops } = this.firstTest(v)
    const inside: Value[] = []
    const seen = new Set(here)
    move(body, o => isPure(o) || o.op === 'load', inside)
    // Only the guarded loop sees what moved into the `if`.
    for (const o of inside) here.delete(o.id)
    for (const id of seen) here.add(id)
    return [...out, ...ops, this.guarded(v, cond, inside)]
  }

  /** The loop's test on its initial values. */
  private firstTest(v: Value): { cond: Value; ops: Value[] } {
    const [test] = v.regions!
    const map = new Map<Value, Value>(test.params.map((p, i) => [p, v.args[i]]))
    const ops: Value[] = []
    for (const o of test.ops) {
      const copy = this.fresh(
        o,
        o.args.map(a => map.get(a) ?? a),
      )
      map.set(o, copy)
      ops.push(copy)
    }
    return { cond: map.get(test.results[0]) ?? test.results[0], ops }
  }

  private guarded(v: Value, cond: Value, inside: Value[]): Value {
    const owner: Value = { ...v, id: this.nextId++, op: 'if', args: [cond], attr: undefined }
    const inner = v.args.map(
      (x, attr): Value => ({ ...x, id: this.nextId++, op: 'result', args: [v], attr, regions: undefined }),
    )
    owner.regions = [
      { params: [], ops: [...inside, v], results: inner },
      { params: [], ops: [], results: [...v.args] },
    ]
    for (const r of this.results.get(v.id) ?? []) r.args = [owner]
    this.results.set(owner.id, this.results.get(v.id) ?? new Set())
    this.results.set(v.id, new Set(inner))
    return owner
  }
}
