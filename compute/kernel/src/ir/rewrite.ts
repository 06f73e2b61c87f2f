/**
 * The way every pass changes IR: the whole tree is built anew through a {@link Builder}, which folds and merges again.
 * A pass gives a function that may replace a value; what it leaves alone is copied. Values nobody needs are left out.
 */
import { Builder } from './builder.ts'
import { EFFECTS, hasEffects, type KernelIR, type Region, type Value } from './ir.ts'

/**
 * Makes what stands for `v`, given its operands already rewritten; `undefined` copies it. Several values for an `if` or
 * `loop` are given as an array.
 */
export type Replace = (v: Value, args: Value[], b: Builder, again: Rewriter) => Value | Value[] | undefined

export interface Rewriter {
  /** Rewrites the operations of a region into the builder's current region; returns its rewritten results. */
  inline(r: Region, params?: Value[]): Value[]
  map(v: Value): Value
}

/** Ids of the values whose result is needed, or that have an effect. A loop without effect and use is not needed. */
function needed(body: Region): Set<number> {
  const live = new Set<number>()
  const carriedOf = new Map<number, { loop: Value; index: number }>()
  const loopOf = new Map<number, Value>()
  const index = (r: Region) => {
    for (const v of r.ops) {
      if (v.op === 'loop') for (const [i, p] of v.regions![0].params.entries()) carriedOf.set(p.id, { loop: v, index: i })
      if (v.regions) {
        loopOf.set(v.id, v)
        v.regions.forEach(index)
      }
    }
  }
  index(body)
  const work: Value[] = []
  const use = (v: Value) => {
    if (live.has(v.id)) return
    live.add(v.id)
    work.push(v)
  }
  /** An effect needs the regions around it to run. */
  const effects = (r: Region, around: Value[]) => {
    for (const v of r.ops) {
      if (EFFECTS.has(v.op)) {
        use(v)
        around.forEach(use)
      }
      if (v.regions) for (const inner of v.regions) effects(inner, [...around, v])
    }
  }
  effects(body, [])
  body.results.forEach(use)
  while (work.length) {
    const v = work.pop()!
    if (v.op === 'result') {
      const owner = v.args[0]
      use(owner)
      if (owner.op === 'if') for (const r of owner.regions!) use(r.results[v.attr])
      else {
        use(owner.regions![0].params[v.attr])
      }
      continue
    }
    if (v.op === 'arg') {
      const c = carriedOf.get(v.id)
      if (c) {
        use(c.loop)
        use(c.loop.args[c.index])
        use(c.loop.regions![1].results[c.index])
      }
      continue
    }
    if (v.op === 'loop') {
      use(v.regions![0].results[0])
      continue
    }
    v.args.forEach(use)
  }
  return live
}

/** Rewrites a kernel. Dead values, dead carried values and regions without use are dropped on the way. */
export function rewrite(ir: KernelIR, replace: Replace = () => undefined): KernelIR {
  const live = needed(ir.body)
  const b = new Builder()
  const map = new Map<number, Value>()
  const get = (v: Value): Value => {
    const m = map.get(v.id)
    if (!m) throw new Error(`rewrite: %${v.id} (${v.op}) is used before it is made`)
    return m
  }
  const rewriter: Rewriter = {
    map: get,
    inline(r, params) {
      r.params.forEach((p, i) => {
        if (params) map.set(p.id, params[i])
      })
      for (const v of r.ops) visit(v)
      return r.results.filter(x => live.has(x.id)).map(get)
    },
  }
  const bind = (v: Value, outs: Value[], kept: number[]) => {
    for (const [k, i] of kept.entries()) bound.set(`${v.id}:${i}`, outs[k])
  }
  const bound = new Map<string, Value>()
  const originals = get
  const resolve = (x: Value): Value => {
    if (x.op === 'result') {
      const m = bound.get(`${x.args[0].id}:${x.attr}`)
      if (m) return m
    }
    return originals(x)
  }
  rewriter.map = resolve
  const visit = (v: Value) => {
    if (!live.has(v.id)) return
    b.loc = v.loc
    if (v.op === 'const') {
      map.set(v.id, b.const(v.type, v.attr))
      return
    }
    if (v.op === 'if') {
      const args = [resolve(v.args[0])]
      const count = Math.max(v.regions![0].results.length, v.regions![1].results.length)
      const kept = [...Array(count).keys()].filter(i => resultUsed(v, i))
      const outs = (replace(v, args, b, rewriter) as Value[] | undefined) ??
        b.if(
          args[0],
          () => (inlineOps(v.regions![0]), kept.map(i => resolve(v.regions![0].results[i]))),
          () => (inlineOps(v.regions![1]), kept.map(i => resolve(v.regions![1].results[i]))),
        )
      bind(v, outs, kept)
      return
    }
    if (v.op === 'loop') {
      const [test, body] = v.regions!
      const kept = test.params.map((_, i) => i).filter(i => live.has(test.params[i].id))
      const outs = b.loop(
        kept.map(i => resolve(v.args[i])),
        carried => {
          for (const [k, i] of kept.entries()) map.set(test.params[i].id, carried[k])
          inlineOps(test)
          return resolve(test.results[0])
        },
        () => {
          inlineOps(body)
          return kept.map(i => resolve(body.results[i]))
        },
        v.attr ? kept.map(i => v.attr[i]) : undefined,
      )
      bind(v, outs, kept)
      return
    }
    const args = v.args.map(resolve)
    const made = (replace(v, args, b, rewriter) as Value | undefined) ?? b.op(v.op, v.type, args, v.attr)
    map.set(v.id, made)
  }
  const inlineOps = (r: Region) => {
    for (const v of r.ops) visit(v)
  }
  const usedResults = new Set<string>()
  const noteUse = (x: Value) => {
    if (x.op === 'result' && live.has(x.id)) usedResults.add(`${x.args[0].id}:${x.attr}`)
  }
  const scan = (r: Region) => {
    for (const v of r.ops) {
      v.args.forEach(noteUse)
      v.regions?.forEach(scan)
    }
    r.results.forEach(noteUse)
  }
  scan(ir.body)
  const resultUsed = (v: Value, i: number) => usedResults.has(`${v.id}:${i}`)
  inlineOps(ir.body)
  b.body.results = ir.body.results.map(resolve)
  return { ...ir, body: b.body }
}

export { hasEffects }
