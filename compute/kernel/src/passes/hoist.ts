/**
 * Moves what a loop computes anew in each round, though it does not change, in front of the loop.
 *
 * A load moves only out of a loop that writes nothing. What the test loads is loaded at least once anyway; what the body
 * loads may be out of range when the body never runs, so such a loop first gets its test around it:
 *
 *     loop { test } do { … x[i] … }      becomes      if test { x[i]; loop { test } do { … } }
 */
import { hasEffects, isPure, type KernelIR, type Region, type Value, walk } from '../ir/ir.ts'

/** Changes the program it is given. */
export function hoistInvariants(ir: KernelIR): KernelIR {
  new Hoister(ir.body).region(ir.body)
  return ir
}

class Hoister {
  private nextId = 0
  /** The `result` values of each `if` and `loop`. */
  private readonly results = new Map<number, Set<Value>>()
  /** By id, what is seen from where the pass stands; and in which order it came to be. */
  private readonly seen: boolean[] = []
  private readonly trail: number[] = []
  /** Answers of `isFixed`: values share their operands, so asking again at each would take exponential time. */
  private readonly fixed: boolean[] = []

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
    walk(body).forEach(v => {
      this.nextId = Math.max(this.nextId, v.id + 1)
      v.args.forEach(note)
      v.regions?.forEach(look)
    })
  }

  private fresh(v: Value, args: Value[]): Value {
    return { ...v, id: this.nextId++, args }
  }

  private show(v: Value): void {
    this.seen[v.id] = true
    this.trail.push(v.id)
  }

  private hide(from: number): void {
    while (this.trail.length > from) this.seen[this.trail.pop()!] = false
  }

  private isSeen(v: Value): boolean {
    return this.seen[v.op === 'result' ? v.args[0].id : v.id]
  }

  region(r: Region): void {
    const mark = this.trail.length
    const ops: Value[] = []
    r.ops.forEach(v => {
      if (v.op === 'loop') for (const o of this.loop(v)) ops.push(o)
      else {
        v.regions?.forEach(inner => {
          this.region(inner)
          inner.ops = inner.ops.filter(o => {
            if (!this.isFixed(o)) return true
            ops.push(o)
            this.show(o)
            return false
          })
        })
        ops.push(v)
      }
      this.show(v)
    })
    r.ops = ops
    this.hide(mark)
  }

  /** Computed from what the caller gives alone, so once for a whole call: worth doing even if no iteration needs it. */
  private isFixed(v: Value): boolean {
    return (this.fixed[v.id] ??= this.dependsOnCall(v))
  }

  private dependsOnCall(v: Value): boolean {
    if (v.op === 'const' || v.op === 'scalar' || v.op === 'length') return true
    if (!isPure(v) || v.op === 'index' || v.op === 'arg' || v.op === 'result' || v.args.length === 0) return false
    return v.args.every(a => this.isFixed(a))
  }

  /** What stands for a loop: what was moved out of it, and the loop, or an `if` around both. */
  private loop(v: Value): Value[] {
    const [test, body] = v.regions!
    this.region(test)
    const mark = this.trail.length
    for (const p of test.params) this.show(p)
    for (const o of test.ops) this.show(o)
    this.region(body)
    this.hide(mark)
    const out: Value[] = []
    const quiet = !hasEffects(test) && !hasEffects(body)
    const move = (region: Region, which: (o: Value) => boolean, into: Value[]) => {
      region.ops = region.ops.filter(o => {
        if (!which(o) || !o.args.every(a => this.isSeen(a))) return true
        into.push(o)
        this.show(o)
        return false
      })
    }
    move(test, o => isPure(o) || (quiet && o.op === 'load'), out)
    move(body, isPure, out)
    const loaded = (o: Value) => o.op === 'load' && o.args.every(a => this.isSeen(a))
    if (!quiet || !body.ops.some(loaded) || test.ops.some(o => o.regions)) return [...out, v]
    const { cond, ops } = this.firstTest(v)
    const inside: Value[] = []
    const outside = this.trail.length
    move(body, o => isPure(o) || o.op === 'load', inside)
    // Only the guarded loop sees what moved into the `if`.
    this.hide(outside)
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
