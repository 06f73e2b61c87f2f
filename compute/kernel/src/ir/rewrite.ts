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
  const live = liveValues(ir.body)
  const used = usedResults(ir.body, live)
  const b = new Builder()
  const made = new Map<number, Value>()
  const outs = new Map<string, Value>()

  const map = (v: Value): Value => {
    const m = v.op === 'result' ? outs.get(resultKey(v.args[0], v.attr)) : made.get(v.id)
    if (!m) throw new Error(`rewrite: %${v.id} (${v.op}) is used before it is made`)
    return m
  }
  const inline = (r: Region) => {
    for (const v of r.ops) if (live.has(v.id)) visit(v)
  }
  const visit = (v: Value) => {
    b.loc = v.loc
    if (v.op === 'const') made.set(v.id, b.const(v.type, v.attr))
    else if (v.op === 'if') visitIf(v)
    else if (v.op === 'loop') visitLoop(v)
    else {
      const args = v.args.map(map)
      made.set(v.id, (replace(v, args, b, outside) as Value | undefined) ?? b.op(v.op, v.type, args, v.attr))
    }
  }
  const visitIf = (v: Value) => {
    const kept = [...v.regions![0].results.keys()].filter(i => used.has(resultKey(v, i)))
    const yields = (r: Region) => {
      inline(r)
      return kept.map(i => map(r.results[i]))
    }
    const cond = map(v.args[0])
    const values =
      (replace(v, [cond], b, { map, region: yields }) as Value[] | undefined) ??
      b.if(
        cond,
        () => yields(v.regions![0]),
        () => yields(v.regions![1]),
      )
    for (const [k, i] of kept.entries()) outs.set(resultKey(v, i), values[k])
  }
  const visitLoop = (v: Value) => {
    const [test, body] = v.regions!
    const kept = [...test.params.keys()].filter(i => live.has(test.params[i].id))
    const values = b.loop(
      kept.map(i => map(v.args[i])),
      carried => {
        for (const [k, i] of kept.entries()) made.set(test.params[i].id, carried[k])
        inline(test)
        return map(test.results[0])
      },
      () => {
        inline(body)
        return kept.map(i => map(body.results[i]))
      },
      v.attr && kept.map(i => v.attr[i]),
    )
    for (const [k, i] of kept.entries()) outs.set(resultKey(v, i), values[k])
  }
  const outside: Rewriter = { map, region: () => [] }
  inline(ir.body)
  const results = ir.body.results.map(map)
  b.body.results = results
  return { ...ir, body: b.body }
}

const resultKey = (owner: Value, index: number): string => `${owner.id}:${index}`

/** Ids of the values whose result is needed, or that have an effect. A loop without effect and use is not needed. */
function liveValues(body: Region): Set<number> {
  const live = new Set<number>()
  const carrier = new Map<number, { loop: Value; index: number }>()
  const work: Value[] = []
  const use = (v: Value) => {
    if (live.has(v.id)) return
    live.add(v.id)
    work.push(v)
  }
  const start = (r: Region, around: Value[]) => {
    for (const v of r.ops) {
      if (v.op === 'loop')
        for (const [index, p] of v.regions![0].params.entries()) carrier.set(p.id, { loop: v, index })
      // An effect needs the regions around it to run.
      if (EFFECTS.has(v.op)) [v, ...around].forEach(use)
      v.regions?.forEach(inner => start(inner, [...around, v]))
    }
  }
  start(body, [])
  body.results.forEach(use)
  while (work.length) {
    const v = work.pop()!
    if (v.op === 'result') {
      const owner = v.args[0]
      use(owner)
      if (owner.op === 'if') for (const r of owner.regions!) use(r.results[v.attr])
      else use(owner.regions![0].params[v.attr])
    } else if (v.op === 'arg') {
      const { loop, index } = carrier.get(v.id)!
      use(loop)
      use(loop.args[index])
      use(loop.regions![1].results[index])
    } else if (v.op === 'loop') use(v.regions![0].results[0])
    else v.args.forEach(use)
  }
  return live
}

/** Which results of `if`s and `loop`s a live value refers to. */
function usedResults(body: Region, live: ReadonlySet<number>): Set<string> {
  const used = new Set<string>()
  const note = (x: Value) => {
    if (x.op === 'result' && live.has(x.id)) used.add(resultKey(x.args[0], x.attr))
  }
  const scan = (r: Region) => {
    for (const v of r.ops) {
      v.args.forEach(note)
      v.regions?.forEach(scan)
    }
    r.results.forEach(note)
  }
  scan(body)
  return used
}
