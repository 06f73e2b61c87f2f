/**
 * The way every pass changes IR: the whole tree is built anew through a {@link Builder}, which folds and merges again. A
 * pass gives a function that may replace a value; what it leaves alone is copied, and what nobody needs is left out.
 */
import { Builder } from './builder.ts'
import { EFFECTS, type KernelIR, type Region, type Value } from './ir.ts'

export interface Rewriter {
  /** Rewrites the operations of a region into where the builder stands, and returns its results that are needed. */
  region(r: Region): Value[]
  /** What stands for a value of the old program. */
  map(v: Value): Value
}

/**
 * Makes what stands for `v`, given its operands already rewritten; `undefined` copies it. For an `if` an array is given:
 * one value for each of its results that are needed.
 */
export type Replace = (v: Value, args: Value[], b: Builder, again: Rewriter) => Value | Value[] | undefined

/** Rewrites a kernel. Dead values, dead carried values and regions without use are dropped on the way. */
export function rewrite(ir: KernelIR, replace: Replace = () => undefined): KernelIR {
  return new Rewriting(ir, replace).run()
}

/** Builds what a program computes of its scalars where a builder stands. It has no buffers. @returns the values that it yields */
export function inline(b: Builder, ir: KernelIR, scalars: readonly Value[]): Value[] {
  return new Rewriting(ir, v => (v.op === 'scalar' ? scalars[v.attr] : undefined), b).values()
}

class Rewriting {
  private readonly ir: KernelIR
  private readonly replace: Replace
  private readonly b: Builder
  private readonly live: boolean[]
  private readonly used: Results<true>
  /** What stands for each value of the old program, by its id. */
  private readonly made: (Value | undefined)[] = []
  private readonly outs: Results<Value> = []
  private readonly stand = (v: Value): Value => this.map(v)
  private readonly outside: Rewriter = { map: this.stand, region: () => [] }

  constructor(ir: KernelIR, replace: Replace, b = new Builder()) {
    this.ir = ir
    this.replace = replace
    this.b = b
    this.live = liveValues(ir.body)
    this.used = usedResults(ir.body, this.live)
  }

  run(): KernelIR {
    const { ir, b } = this
    const results = this.values()
    b.body.results = results
    return { ...ir, body: b.body }
  }

  values(): Value[] {
    this.inline(this.ir.body)
    return this.ir.body.results.map(this.stand)
  }

  private map(v: Value): Value {
    const m = v.op === 'result' ? this.outs[v.args[0].id]?.[v.attr] : this.made[v.id]
    if (!m) throw new Error(`rewrite: %${v.id} (${v.op}) is used before it is made`)
    return m
  }

  private yields(r: Region, kept: number[]): Value[] {
    this.inline(r)
    return kept.map(i => this.map(r.results[i]))
  }

  private inline(r: Region): void {
    r.ops.forEach(v => {
      if (this.live[v.id]) this.visit(v)
    })
  }

  private visit(v: Value): void {
    const { b } = this
    b.loc = v.loc
    if (v.op === 'const') this.made[v.id] = b.const(v.type, v.attr)
    else if (v.op === 'if') this.visitIf(v)
    else if (v.op === 'loop') this.visitLoop(v)
    else {
      const args = v.args.map(this.stand)
      this.made[v.id] =
        (this.replace(v, args, b, this.outside) as Value | undefined) ?? b.op(v.op, v.type, args, v.attr)
    }
  }

  private visitIf(v: Value): void {
    const [then, otherwise] = v.regions!
    const used = this.used[v.id]
    const kept = [...then.results.keys()].filter(i => used?.[i])
    const cond = this.map(v.args[0])
    const again: Rewriter = { map: this.stand, region: r => this.yields(r, kept) }
    const values =
      (this.replace(v, [cond], this.b, again) as Value[] | undefined) ??
      this.b.if(
        cond,
        () => this.yields(then, kept),
        () => this.yields(otherwise, kept),
      )
    this.note(v, kept, values)
  }

  private visitLoop(v: Value): void {
    const [test, body] = v.regions!
    const kept = [...test.params.keys()].filter(i => this.live[test.params[i].id])
    const values = this.b.loop(
      kept.map(i => this.map(v.args[i])),
      carried => {
        for (const [k, i] of kept.entries()) this.made[test.params[i].id] = carried[k]
        this.inline(test)
        return this.map(test.results[0])
      },
      () => {
        this.inline(body)
        return kept.map(i => this.map(body.results[i]))
      },
      v.attr && kept.map(i => v.attr[i]),
    )
    this.note(v, kept, values)
  }

  private note(owner: Value, kept: number[], values: Value[]): void {
    const outs: Value[] = []
    for (const [k, i] of kept.entries()) outs[i] = values[k]
    this.outs[owner.id] = outs
  }
}

/** Something about each result of each `if` and `loop`: by the owner's id and the result's number. */
type Results<T> = (T[] | undefined)[]

/** By id, the values whose result is needed, or that have an effect. A loop without effect and use is not needed. */
function liveValues(body: Region): boolean[] {
  const live: boolean[] = []
  const carriers: { loop: Value; index: number }[] = []
  const work: Value[] = []
  const use = (v: Value) => {
    if (live[v.id]) return
    live[v.id] = true
    work.push(v)
  }
  const around: Value[] = []
  const start = (r: Region) => {
    r.ops.forEach(v => {
      // An effect needs the regions around it to run.
      if (EFFECTS.has(v.op)) {
        use(v)
        around.forEach(use)
      }
      if (!v.regions) return
      if (v.op === 'loop') {
        for (const [index, p] of v.regions[0].params.entries()) carriers[p.id] = { loop: v, index }
      }
      around.push(v)
      v.regions.forEach(start)
      around.pop()
    })
  }
  start(body)
  body.results.forEach(use)
  while (work.length) {
    const v = work.pop()!
    if (v.op === 'result') {
      const owner = v.args[0]
      use(owner)
      if (owner.op === 'if') for (const r of owner.regions!) use(r.results[v.attr])
      else use(owner.regions![0].params[v.attr])
    } else if (v.op === 'arg') {
      const { loop, index } = carriers[v.id]
      use(loop)
      use(loop.args[index])
      use(loop.regions![1].results[index])
    } else if (v.op === 'loop') use(v.regions![0].results[0])
    else v.args.forEach(use)
  }
  return live
}

/** Which results of `if`s and `loop`s a live value refers to. */
function usedResults(body: Region, live: readonly boolean[]): Results<true> {
  const used: Results<true> = []
  const note = (x: Value) => {
    if (x.op === 'result' && live[x.id]) (used[x.args[0].id] ??= [])[x.attr] = true
  }
  const scan = (r: Region) => {
    r.ops.forEach(v => {
      v.args.forEach(note)
      v.regions?.forEach(scan)
    })
    r.results.forEach(note)
  }
  scan(body)
  return used
}
