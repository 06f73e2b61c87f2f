/**
 * Loops that lanes leave in the middle. `break` sets a flag that the loop's test asks for; what follows it in the body is
 * selected back to its old value where the flag was set:
 *
 *     loop (left = false, k = 0) { test: !left && k < n } do { c = …; yield left: c, k: select(c, k, k + 1) }
 *
 * For lanes this says: a lane where c holds is not active any more. Once such lanes are taken out of the mask, the flag is
 * false wherever it can still be read, and the select is the mask's work. Above all k stays uniform among active lanes.
 */
import type { KernelIR, Region, Value } from '../ir/ir.ts'

export interface Exits {
  /** Flags of the loop: carried values that the test wants to be false. */
  flags: { index: number; param: Value; cond: Value }[]
  /** The next carried values, without selects of old values where a lane leaves. */
  next: Value[]
  /** Whether `next` is only for lanes that stay. */
  guarded: boolean[]
  /** Selects that nobody reads now. */
  dead: Set<number>
}

export function findExits(ir: KernelIR): Map<number, Exits> {
  const readers = new Map<number, number>()
  const loops: Value[] = []
  const count = (v: Value) => readers.set(v.id, (readers.get(v.id) ?? 0) + 1)
  const scan = (r: Region) => {
    r.ops.forEach(v => {
      if (v.op === 'loop') loops.push(v)
      v.args.forEach(count)
      v.regions?.forEach(scan)
    })
    r.results.forEach(count)
  }
  scan(ir.body)
  const found = new Map<number, Exits>()
  for (const v of loops) {
    const exits = exitsOf(v, readers)
    if (exits) found.set(v.id, exits)
  }
  return found
}

function exitsOf(v: Value, readers: ReadonlyMap<number, number>): Exits | undefined {
  const [test, body] = v.regions!
  const wanted = new Set<Value>()
  const negations = (c: Value): void => {
    if (c.op === 'and') c.args.forEach(negations)
    else if (c.op === 'not') disjuncts(c.args[0])
    else if (c.op === 'result' && c.args[0].op === 'if') {
      // An `and` whose right side is not cheap: if (!left) { … } else { false }.
      const [owner] = c.args
      const otherwise = owner.regions![1].results[c.attr]
      const then = owner.regions![0].results[c.attr]
      if (otherwise.op === 'const' && otherwise.attr === false) negations(owner.args[0])
      else if (then.op === 'const' && then.attr === false) disjuncts(owner.args[0])
    }
  }
  const disjuncts = (c: Value): void => {
    if (c.op === 'or') c.args.forEach(disjuncts)
    else wanted.add(c)
  }
  negations(test.results[0])
  const flags = test.params.flatMap((param, index) => {
    const init = v.args[index]
    const cond = body.results[index]
    const starts = init.op === 'const' && init.attr === false
    return wanted.has(param) && starts && cond !== param && cond.op !== 'const' ? [{ index, param, cond }] : []
  })
  if (flags.length === 0) return undefined
  const conds = new Set(flags.map(f => f.cond))
  const leaves = (c: Value): boolean => conds.has(c) || (c.op === 'or' && c.args.every(leaves))
  const dead = new Set<number>()
  const guarded: boolean[] = []
  const next = body.results.map((x, i) => {
    const param = test.params[i]
    let e = x
    while (e.op === 'select' && e.args[1] === param && leaves(e.args[0])) {
      if (readers.get(e.id) === 1) dead.add(e.id)
      e = e.args[2]
    }
    guarded.push(e !== x)
    return e
  })
  return { flags, next, guarded, dead }
}
