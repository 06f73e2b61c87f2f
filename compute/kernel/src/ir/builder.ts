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

/** Given from outside and the same everywhere. */
const GIVEN = new Set(['scalar', 'index', 'length'])

export class Builder {
  private nextId: number
  private readonly root: Region
  private region: Region
  private readonly givens: Value[] = []
  private readonly known = new Map<string, Value>()
  private trail: string[] = []
  private epoch = 0
  private epochs = 0
  /** Position given to the values made next. */
  loc: Location | undefined

  constructor(firstId = 0) {
    this.nextId = firstId
    this.root = { params: [], ops: [], results: [] }
    this.region = this.root
  }

  /** The whole program. Constants and what the caller gives stand first: every region sees them. */
  get body(): Region {
    this.root.ops.unshift(...this.givens)
    this.givens.length = 0
    return this.root
  }

  get ids(): number {
    return this.nextId
  }

  private fresh(op: string, type: Type, args: Value[], attr?: unknown): Value {
    return { id: this.nextId++, op, type, args, attr, loc: this.loc, regions: undefined }
  }

  /** Appends an operation, or returns the equal one made before; folds when all operands are constants. */
  op(op: string, type: Type, args: Value[], attr?: unknown): Value {
    const effect = EFFECTS.has(op)
    if (effect) this.epoch = ++this.epochs
    else {
      const simpler = this.simplify(op, type, args)
      if (simpler) return simpler
      if (COMMUTATIVE.has(op) && args[0].id > args[1].id) args = [args[1], args[0]]
    }
    let key: string | undefined
    if (!effect) {
      key = op + type
      for (const a of args) key += `,${a.id}`
      if (attr !== undefined) key += `;${attrKey(attr)}`
      if (READS.has(op)) key += `@${this.epoch}`
      const old = this.known.get(key)
      if (old) return old
    }
    const v = this.fresh(op, type, args, attr)
    if (GIVEN.has(op)) {
      this.givens.push(v)
      this.known.set(key!, v)
      return v
    }
    this.region.ops.push(v)
    if (key !== undefined) this.remember(key, v)
    return v
  }

  private remember(key: string, v: Value): void {
    this.known.set(key, v)
    this.trail.push(key)
  }

  private simplify(op: string, type: Type, args: Value[]): Value | undefined {
    if (args.length === 0) return undefined
    if (args.every(a => a.op === 'const')) {
      const fn = SEMANTICS[semanticsKey(op, args[op === 'select' ? 1 : 0].type, type)]
      return fn && this.const(type, fn(...args.map(a => a.attr)))
    }
    const [a, b, c] = args
    if (CONVERSIONS.has(op) && a.op === 'select' && a.args[1].op === 'const' && a.args[2].op === 'const') {
      return this.op('select', type, [a.args[0], this.op(op, type, [a.args[1]]), this.op(op, type, [a.args[2]])])
    }
    const is = (v: Value, n: number) => v.op === 'const' && (Object.is(v.attr, n) || v.attr === BigInt(n))
    switch (op) {
      case 'add':
        if (type[0] === 'i') return is(b, 0) ? a : is(a, 0) ? b : undefined
        return undefined
      case 'sub':
        return is(b, 0) ? a : undefined
      case 'mul':
        if (is(b, 1)) return a
        if (is(a, 1)) return b
        if (type[0] === 'i' && (is(a, 0) || is(b, 0))) return this.const(type, type === 'i64' ? 0n : 0)
        return undefined
      case 'div':
        return is(b, 1) ? a : undefined
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
        } else if (is(b, 0)) return a
        return undefined
      case 'shl':
      case 'sshr':
      case 'ushr':
        return is(b, 0) ? a : undefined
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
        return undefined
    }
    return undefined
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
    const key = `const${type}${Object.is(v, -0) ? '-0' : String(v)}`
    const old = this.known.get(key)
    if (old) return old
    const made = this.fresh('const', type, [], v)
    made.loc = undefined
    this.givens.push(made)
    this.known.set(key, made)
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
    while (this.trail.length > to) this.known.delete(this.trail.pop()!)
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

/** Text that tells values apart, -0 from 0 too. */
const keyText = (x: unknown): string => (Array.isArray(x) ? x.map(keyText).join() : Object.is(x, -0) ? '-0' : String(x))

function attrKey(attr: any): string {
  if (attr === null || typeof attr !== 'object') return String(attr)
  // Two reads of one element are one read, whichever place in the source reports a bad index.
  if ('site' in attr) return `${attr.buffer}`
  return Object.values(attr).map(keyText).join(':')
}
