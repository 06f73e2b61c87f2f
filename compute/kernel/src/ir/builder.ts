/**
 * Builds IR: folds constants and merges equal pure values as they are made (value numbering by dominance: a region sees
 * what the regions around it, and the test of its loop, computed before it).
 *
 * Loads are merged too while nothing was written between them: `epoch` changes at each effect, and inside a loop,
 * whose later iterations see the effects of earlier ones.
 */
import { EFFECTS, type Element, type Location, loadedType, READS, type Region, type Type, type Value } from './ir.ts'
import { SEMANTICS, semanticsKey } from './semantics.ts'

type Operand = Value | number

const COMMUTATIVE = new Set('add mul and or xor eq ne min max smin smax umin umax mulhu'.split(' '))

/** Of a select of constants, a conversion is a select of converted constants. */
const CONVERSIONS = new Set('sitof uitof ftosi ftoui toint32 toindex promote demote sext zext wrap bitcast'.split(' '))

/** An i64 that a float64 holds exactly: a mask has left only so many of its bits. */
const isExact = ({ type, op, args }: Value): boolean =>
  type === 'i64' && op === 'and' && args.some(x => x.op === 'const' && x.attr >= 0n && x.attr <= 2n ** 53n)

export class Builder {
  private nextId = 0
  private readonly root: Region = { params: [], ops: [], results: [] }
  private region = this.root
  private readonly givens: Value[] = []
  /** Constants by type and value, and what the caller gives by operation and number. */
  private readonly atoms = new Map<string, Map<unknown, Value>>()
  /** What was computed, by the id of the last made of its operands: few values share it. */
  private readonly known: Value[][] = []
  /** Where `known` grew, in order: what a region computed is forgotten at its end. */
  private readonly trail: number[] = []
  private epoch = 0
  private epochs = 0
  /** The epoch of each read, by its id. */
  private readonly readAt: number[] = []
  /** Position given to the values made next. */
  loc: Location | undefined

  /** The whole program. Constants and what the caller gives stand first: every region sees them. */
  get body(): Region {
    this.root.ops.unshift(...this.givens)
    this.givens.length = 0
    return this.root
  }

  private fresh(op: string, type: Type, args: Value[], attr?: unknown): Value {
    return { id: this.nextId++, op, type, args, attr, loc: this.loc, regions: undefined }
  }

  /** Appends an operation, or returns the equal one made before; folds when all operands are constants. */
  op(op: string, type: Type, args: Value[], attr?: unknown): Value {
    if (EFFECTS.has(op)) {
      this.epoch = ++this.epochs
      const v = this.fresh(op, type, args, attr)
      this.region.ops.push(v)
      return v
    }
    if (args.length === 0) return this.given(op, type, attr)
    const simpler = this.simplify(op, type, args)
    if (simpler) return simpler
    if (COMMUTATIVE.has(op) && args[0].id > args[1].id) args = [args[1], args[0]]
    let last = args[0].id
    for (let i = 1; i < args.length; i++) if (args[i].id > last) last = args[i].id
    const reads = READS.has(op)
    const same = this.known[last]
    if (same) {
      for (const v of same) {
        if (v.op !== op || v.type !== type || !sameArgs(v.args, args)) continue
        if (reads && this.readAt[v.id] !== this.epoch) continue
        if (v.attr === attr || sameAttr(v.attr, attr)) return v
      }
    }
    const v = this.fresh(op, type, args, attr)
    if (reads) this.readAt[v.id] = this.epoch
    this.region.ops.push(v)
    if (same) same.push(v)
    else this.known[last] = [v]
    this.trail.push(last)
    return v
  }

  /** A scalar, an index or a length: the same everywhere. */
  private given(op: string, type: Type, attr: unknown): Value {
    const old = this.atom(op, attr)
    if (old) return old
    const v = this.fresh(op, type, [], attr)
    this.givens.push(v)
    this.atoms.get(op)!.set(attr, v)
    return v
  }

  private atom(kind: string, key: unknown): Value | undefined {
    let all = this.atoms.get(kind)
    if (!all) this.atoms.set(kind, (all = new Map()))
    return all.get(key)
  }

  private simplify(op: string, type: Type, args: Value[]): Value | undefined {
    const [a, b, c] = args
    if (a.op === 'const' && (!b || b.op === 'const') && (!c || c.op === 'const')) {
      const fn = SEMANTICS[semanticsKey(op, args[op === 'select' ? 1 : 0].type, type)]
      return fn && this.const(type, fn(...args.map(a => a.attr)))
    }
    if (CONVERSIONS.has(op) && a.op === 'select' && a.args[1].op === 'const' && a.args[2].op === 'const') {
      return this.op('select', type, [a.args[0], this.op(op, type, [a.args[1]]), this.op(op, type, [a.args[2]])])
    }
    switch (op) {
      case 'add':
        if (type[0] === 'i') return isZero(b) ? a : isZero(a) ? b : undefined
        return undefined
      case 'sub':
        return isZero(b) ? a : undefined
      case 'mul':
        if (isOne(b)) return a
        if (isOne(a)) return b
        if (type[0] === 'i' && (isZero(a) || isZero(b))) return this.const(type, type === 'i64' ? 0n : 0)
        return undefined
      case 'div':
        return isOne(b) ? a : undefined
      case 'and':
        if (a === b) return a
        if (type === 'i1') {
          for (const [x, y] of [
            [a, b],
            [b, a],
          ])
            if (x.op === 'const') return x.attr ? y : x
        }
        return undefined
      case 'or':
        if (a === b) return a
        if (type === 'i1') {
          for (const [x, y] of [
            [a, b],
            [b, a],
          ])
            if (x.op === 'const') return x.attr ? x : y
        } else if (isZero(b)) return a
        return undefined
      case 'shl':
      case 'sshr':
      case 'ushr':
        return isZero(b) ? a : undefined
      case 'not':
        return a.op === 'not' ? a.args[0] : undefined
      case 'neg':
        return a.op === 'neg' ? a.args[0] : undefined
      case 'max':
      case 'min':
        return this.cheaper(op, type, a, b)
      case 'demote':
        return a.op === 'promote' ? a.args[0] : undefined
      case 'wrap':
        return a.op === 'sext' || a.op === 'zext' ? a.args[0] : undefined
      case 'toint32':
      case 'toindex':
        // Exact round trip of an integer through f64. (A u32 as an index keeps its range check: only signed ones.)
        if (a.op === 'sitof' && a.type === 'f64' && a.args[0].type === 'i32' && op === 'toint32') return a.args[0]
        if (a.op === 'uitof' && a.type === 'f64' && a.args[0].type === 'i32' && op === 'toint32') return a.args[0]
        if ((a.op === 'sitof' || a.op === 'uitof') && a.type === 'f64' && isExact(a.args[0]) && op === 'toint32')
          return this.cvt('wrap', a.args[0], 'i32')
        return undefined
      case 'select':
        if (b === c) return b
        if (a.op === 'const') return a.attr ? b : c
        if (a.op === 'not') return this.op('select', type, [a.args[0], c, b])
        if (type === 'i1') {
          if (b.op === 'const' && c.op === 'const') return b.attr ? a : this.not(a)
          if (c.op === 'const' && !c.attr) return this.op('and', 'i1', [a, b])
          if (b.op === 'const' && b.attr) return this.op('or', 'i1', [a, c])
          if (b.op === 'const' && !b.attr) return this.op('and', 'i1', [this.not(a), c])
          if (c.op === 'const' && c.attr) return this.op('or', 'i1', [this.not(a), b])
        }
        return this.extremum(type, a, b, c)
    }
    return undefined
  }

  /** `x < y ? x : y` and `x < y ? y : x`, for which processors have one operation. */
  private extremum(type: Type, { op, args: [x, y] }: Value, then: Value, otherwise: Value): Value | undefined {
    const isLess = then === x && otherwise === y
    if (!isLess && !(then === y && otherwise === x)) return undefined
    const kind = isLess ? 'min' : 'max'
    // pmin(y, x) is y unless x < y; pmax(x, y) is x unless x < y: so NaN and zeros come out as they did.
    if (op === 'lt') return this.op(`p${kind}`, type, isLess ? [y, x] : [x, y])
    if (type !== 'i32' || !/^[su]l[te]$/.test(op)) return undefined
    return this.op(`${op[0]}${kind}`, type, [x, y])
  }

  /** Math.max and Math.min with a constant: a comparison and a select, which processors do in one or two steps. */
  private cheaper(op: 'max' | 'min', type: Type, a: Value, b: Value): Value | undefined {
    const [x, c] = b.op === 'const' ? [a, b] : [b, a]
    if (c.op !== 'const' || Number.isNaN(c.attr)) return undefined
    // pmax(x, c) is x unless x < c, so NaN stays; among zeros it keeps x, which is wrong for max(-0, 0) and min(0, -0).
    if (op === 'min' && Object.is(c.attr, -0)) return undefined
    const picked = this.op(`p${op}`, type, [x, c])
    return op === 'max' && Object.is(c.attr, 0) ? this.op('add', type, [picked, c]) : picked
  }

  const(type: Type, value: number | bigint | boolean): Value {
    const v: number | bigint | boolean =
      type === 'i32'
        ? Number(value) | 0
        : type === 'f32'
          ? Math.fround(Number(value))
          : type === 'i64'
            ? BigInt.asIntN(64, BigInt(value))
            : type === 'i1'
              ? Boolean(value)
              : Number(value)
    // A Map does not tell -0 from 0.
    const key = Object.is(v, -0) ? '-0' : v
    const old = this.atom(type, key)
    if (old) return old
    const made = this.fresh('const', type, [], v)
    made.loc = undefined
    this.givens.push(made)
    this.atoms.get(type)!.set(key, made)
    return made
  }

  /** A number among the operands takes the type of the other one. */
  private operand(x: Operand, like: Operand): Value {
    return typeof x === 'number' ? this.const((like as Value).type, x) : x
  }
  private binary(op: string, a: Operand, b: Operand, type?: Type): Value {
    const x = this.operand(a, b)
    const y = this.operand(b, a)
    return this.op(op, type ?? x.type, [x, y])
  }

  add = (a: Operand, b: Operand) => this.binary('add', a, b)
  sub = (a: Operand, b: Operand) => this.binary('sub', a, b)
  mul = (a: Operand, b: Operand) => this.binary('mul', a, b)
  div = (a: Operand, b: Operand) => this.binary('div', a, b)
  min = (a: Operand, b: Operand) => this.binary('min', a, b)
  max = (a: Operand, b: Operand) => this.binary('max', a, b)
  and = (a: Operand, b: Operand) => this.binary('and', a, b)
  or = (a: Operand, b: Operand) => this.binary('or', a, b)
  xor = (a: Operand, b: Operand) => this.binary('xor', a, b)
  shl = (a: Operand, b: Operand) => this.binary('shl', a, b)
  sshr = (a: Operand, b: Operand) => this.binary('sshr', a, b)
  ushr = (a: Operand, b: Operand) => this.binary('ushr', a, b)
  mulhu = (a: Operand, b: Operand) => this.binary('mulhu', a, b)
  eq = (a: Operand, b: Operand) => this.binary('eq', a, b, 'i1')
  ne = (a: Operand, b: Operand) => this.binary('ne', a, b, 'i1')
  lt = (a: Operand, b: Operand) => this.binary('lt', a, b, 'i1')
  le = (a: Operand, b: Operand) => this.binary('le', a, b, 'i1')
  gt = (a: Operand, b: Operand) => this.lt(b, a)
  ge = (a: Operand, b: Operand) => this.le(b, a)
  slt = (a: Operand, b: Operand) => this.binary('slt', a, b, 'i1')
  sle = (a: Operand, b: Operand) => this.binary('sle', a, b, 'i1')
  ult = (a: Operand, b: Operand) => this.binary('ult', a, b, 'i1')
  ule = (a: Operand, b: Operand) => this.binary('ule', a, b, 'i1')
  neg = (a: Value) => this.op('neg', a.type, [a])
  abs = (a: Value) => this.op('abs', a.type, [a])
  sqrt = (a: Value) => this.op('sqrt', a.type, [a])
  floor = (a: Value) => this.op('floor', a.type, [a])
  ceil = (a: Value) => this.op('ceil', a.type, [a])
  trunc = (a: Value) => this.op('trunc', a.type, [a])
  nearest = (a: Value) => this.op('nearest', a.type, [a])
  not = (a: Value) => this.op('not', a.type, [a])
  select = (c: Value, a: Operand, b: Operand) => {
    const x = this.operand(a, b)
    const y = this.operand(b, a)
    return this.op('select', x.type, [c, x, y])
  }
  /** A conversion by its operation: `cvt('sitof', x, 'f32')`. */
  cvt = (op: string, a: Value, to: Type) => this.op(op, to, [a])
  bitcast = (a: Value, to: Type) => this.op('bitcast', to, [a])

  load(buffer: number, element: Element, index: Value, site: number): Value {
    return this.op('load', loadedType(element), [index], { buffer, element, site })
  }
  store(buffer: number, element: Element, index: Value, value: Value, site: number): Value {
    return this.op('store', 'void', [index, value], { buffer, element, site })
  }

  /**
   * An `if` whose sides are settled only when both are known: `settle` gets what each side returned and says which values
   * each yields; it may add conversions at the end of each side.
   */
  branch<T>(
    cond: Value,
    then: () => T,
    otherwise: () => T,
    settle: (a: T, b: T) => { first: () => Value[]; second: () => Value[] },
  ): Value[] {
    const v = this.fresh('if', 'void', [cond])
    const mark = this.trail.length
    const before = this.epoch
    let x!: T
    let y!: T
    const a = this.nested([], () => ((x = then()), []))
    const afterThen = this.epoch
    this.forget(mark)
    this.epoch = before
    const b = this.nested([], () => ((y = otherwise()), []))
    this.forget(mark)
    const afterElse = this.epoch
    const { first, second } = settle(x, y)
    const outer = this.region
    this.region = a
    a.results = first()
    this.forget(mark)
    this.region = b
    b.results = second()
    this.forget(mark)
    this.region = outer
    this.epoch = afterThen !== before || afterElse !== before ? ++this.epochs : before
    return this.finishIf(v, cond, a, b)
  }

  private finishIf(v: Value, cond: Value, a: Region, b: Region): Value[] {
    if (a.ops.length === 0 && b.ops.length === 0) {
      // Nothing is computed in there: plain selects.
      return a.results.map((x, i) => (x === b.results[i] ? x : this.select(cond, x, b.results[i])))
    }
    v.regions = [a, b]
    this.region.ops.push(v)
    const outs = this.results(
      v,
      a.results.map(r => r.type),
    )
    for (const [i, x] of a.results.entries()) if (x === b.results[i]) outs[i] = x
    return outs
  }

  /** Runs `make` in a new region nested in the current one. What it merges is forgotten afterwards unless `keep`. */
  private nested(params: Value[], make: () => Value[]): Region {
    const outer = this.region
    const inner: Region = { params, ops: [], results: [] }
    this.region = inner
    inner.results = make()
    this.region = outer
    return inner
  }

  private forget(to: number): void {
    while (this.trail.length > to) this.known[this.trail.pop()!].pop()
  }

  private results(v: Value, types: Type[]): Value[] {
    return types.map((t, i) => this.fresh('result', t, [v], i))
  }

  /**
   * `if`: both sides yield values of the same types.
   * @returns the results, one for each value yielded
   */
  if(cond: Value, then: () => Value[], otherwise: () => Value[] = () => []): Value[] {
    if (cond.op === 'const') return cond.attr ? then() : otherwise()
    return this.branch(cond, then, otherwise, (a, b) => ({ first: () => a, second: () => b }))
  }

  /**
   * `loop`: while `test(carried)` holds, `carried = body(carried)`.
   * @returns the carried values at exit
   */
  loop(
    init: Value[],
    test: (carried: Value[]) => Value,
    body: (carried: Value[]) => Value[],
    names?: string[],
  ): Value[] {
    const v = this.fresh('loop', 'void', init, names)
    const params = init.map((x, i) => this.fresh('arg', x.type, [], names?.[i]))
    const mark = this.trail.length
    const before = this.epoch
    const inside = (this.epoch = ++this.epochs)
    const t = this.nested(params, () => [test(params)])
    const b = this.nested([], () => body(params))
    this.forget(mark)
    this.epoch = this.epoch === inside ? before : ++this.epochs
    v.regions = [t, b]
    this.region.ops.push(v)
    return this.results(
      v,
      init.map(x => x.type),
    )
  }
}

const isZero = (v: Value): boolean => v.op === 'const' && (Object.is(v.attr, 0) || v.attr === 0n)
const isOne = (v: Value): boolean => v.op === 'const' && (v.attr === 1 || v.attr === 1n)

function sameArgs(a: Value[], b: Value[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

function sameAttr(a: any, b: any): boolean {
  if (a === null || typeof a !== 'object' || b === null || typeof b !== 'object') return false
  // Two reads of one element are one read, whichever place in the source reports a bad index.
  if ('site' in a) return a.buffer === b.buffer
  if (a.element !== b.element || a.values.length !== b.values.length) return false
  return a.values === b.values || a.values.every((x: unknown, i: number) => Object.is(x, b.values[i]))
}
