/**
 * Random kernels for differential tests: typed IR that terminates, stays in range and has no races, and launches with
 * edge values in their arrays. Equal seeds give equal kernels.
 *
 * - Each iteration stores only to its own slots of the output arrays, whose number is computed from the indices by some
 *   one-to-one map; shared counters change only by atomic operations that commute, whose old values are not used.
 * - Gathers are brought into range by a mask, a remainder, a clamp or a comparison with the length, or they are in range
 *   by the size of the range. With `failing`, some are not.
 * - Loops run a data-dependent number of times, up to {@link MAX_TRIPS}, and may be left early.
 * - The bits of a NaN are the engine's affair: nothing makes an integer of them.
 */
import { Random } from '@skein/base'
import { accumulators, BLOCK, type Combination, type Extent, type Launch } from '../src/backend.ts'
import {
  type Buffer,
  type Element,
  type KernelIR,
  type Location,
  loadedType,
  type Region,
  type Scalar,
  type Site,
  type Type,
  type Value,
} from '../src/ir/ir.ts'
import { rewrite } from '../src/ir/rewrite.ts'
import { SEMANTICS } from '../src/ir/semantics.ts'
import { EDGES, ELEMENTS, randomArray, randomExtent, randomValue } from './random-values.ts'

const TYPES: Type[] = ['i1', 'i32', 'i64', 'f32', 'f64']
/** Elements of constant tables. */
const TABLE_ELEMENTS = ['i32', 'i64', 'f32', 'f64'] as const
const MAX_TRIPS = 7

export interface RandomOptions {
  /** What to make; by default mostly plain kernels. */
  kind?: 'plain' | 'reduce' | 'scan'
  /** Some accesses may be out of range, some asserts false. */
  failing?: boolean
  /** Elements of the arrays; all by default. */
  elements?: Element[]
  /** Types of values besides i1 and i32, which are always there. */
  types?: Type[]
  /** About how many operations; 10 to 120 by default. */
  size?: number
}

export interface RandomKernel {
  /** As a front end would make it: folded and merged. */
  ir: KernelIR
  /** The same before folding and merging. */
  raw: KernelIR
  combination: Combination | undefined
  /** Fresh arrays, the same for the same seed; one thread, static schedule. */
  makeLaunch(seed: number): Launch
}

type Pool = Record<string, Value[]>

interface Output {
  buffer: number
  element: Element
  /** Slots of each iteration. */
  slots: number
}

/** Pure operations by the type of their result: the key's operation and its operand type. */
const OPERATIONS: Record<string, { op: string; from: Type; arity: number }[]> = {
  i1: [],
  i32: [],
  i64: [],
  f32: [],
  f64: [],
}
for (const [key, fn] of Object.entries(SEMANTICS)) {
  const [op, from, to] = key.split('.') as [string, Type | undefined, Type | undefined]
  if (op === 'select' || op === 'bitcast' || from === undefined) continue
  // Fused, or estimated, or not, as the hardware has it: only `fast` kernels have them.
  if (op === 'mad' || op === 'nmad' || op === 'rsqrt') continue
  const compares = ['lt', 'le', 'slt', 'sle', 'ult', 'ule'].includes(op)
  OPERATIONS[to ?? (compares ? 'i1' : from)].push({ op, from, arity: fn.length })
}
for (const from of TYPES) {
  for (const op of ['eq', 'ne']) OPERATIONS.i1.push({ op, from, arity: 2 })
}

class Generator {
  readonly rank: number
  readonly buffers: Buffer[] = []
  readonly scalars: Scalar[] = []
  readonly sites: Site[] = []
  readonly inputs: number[] = []
  readonly outputs: Output[] = []
  readonly counters: { buffer: number; kinds: string[] }[] = []
  readonly locals: number[] = []
  private readonly random: Random
  private readonly failing: boolean
  private readonly types: Type[]
  private readonly elements: Element[]
  private ids = 0
  private budget: number
  private ops: Value[] = []
  private pool!: Pool
  private readonly used = new Set<Value>()
  /** The number of this iteration, below the `count` scalar. */
  private flat!: Value
  private indices: Value[] = []

  constructor(random: Random, options: RandomOptions) {
    this.random = random
    this.failing = options.failing ?? false
    this.types = options.types ? TYPES.filter(t => t === 'i1' || t === 'i32' || options.types!.includes(t)) : TYPES
    this.elements = (options.elements ?? ELEMENTS).filter(e => this.types.includes(loadedType(e)))
    this.rank = this.pick([1, 1, 1, 2, 2, 3])
    this.budget = options.size ?? random.integer(10, 121)
  }

  // Chance

  pick<T>(items: readonly T[]): T {
    return items[this.random.integer(0, items.length)]
  }
  chance(p: number): boolean {
    return this.random.uniform() < p
  }

  // Values

  private fresh(op: string, type: Type, args: Value[], attr?: unknown): Value {
    const id = this.ids++
    for (const a of args) this.used.add(a)
    const loc: Location = { line: 1 + (id >> 2), column: id % 4, start: 0, end: 0 }
    return { id, op, type, args, attr, loc, regions: undefined }
  }
  op(op: string, type: Type, args: Value[], attr?: unknown): Value {
    const v = this.fresh(op, type, args, attr)
    this.ops.push(v)
    return v
  }
  constant(type: Type, attr: number | bigint | boolean): Value {
    return this.op('const', type, [], attr)
  }
  i32(x: number): Value {
    return this.constant('i32', x)
  }
  private keep(v: Value): Value {
    this.pool[v.type].push(v)
    return v
  }
  private type(): Type {
    // A truth is rarely what a kernel is about.
    return this.pick(this.chance(0.6) ? this.types.filter(t => t !== 'i1') : this.types)
  }

  edge(type: Type): number | bigint | boolean {
    if (type === 'i32' && this.chance(0.3)) return this.random.u32() | 0
    if (type === 'f32' && this.chance(0.3)) return Math.fround(this.random.normal() * 100)
    if (type === 'f64' && this.chance(0.3)) return this.random.normal() * 100
    return this.pick(EDGES[type])
  }

  /** A visible value of the type: preferably one nobody uses yet, or a late one; now and then a constant. */
  any(type: Type): Value {
    const values = this.pool[type]
    if (values.length === 0 || this.chance(0.1)) return this.constant(type, this.edge(type))
    if (this.chance(0.6)) {
      const unused = values.findLast(v => !this.used.has(v))
      if (unused) return unused
    }
    const back = this.chance(0.6) ? Math.min(values.length, 6) : values.length
    return values[values.length - 1 - this.random.integer(0, back)]
  }

  pure(): Value {
    const type = this.type()
    const choice = this.random.uniform()
    if (choice < 0.12) return this.keep(this.op('select', type, [this.any('i1'), this.any(type), this.any(type)]))
    if (choice < 0.18 && type !== 'i1') return this.bits(type)
    if (choice < 0.2) return this.table()
    if (choice < 0.21 && (type === 'f32' || type === 'f64'))
      return this.keep(this.op('math', type, [this.any(type)], this.pick(['farSin', 'farCos', 'farTan'])))
    const usable = OPERATIONS[type].filter(o => this.types.includes(o.from))
    const { op, from, arity } = this.pick(usable)
    const args = Array.from({ length: arity }, () => this.any(from))
    if (arity === 2 && this.chance(0.05)) args[1] = args[0]
    return this.keep(this.op(op, type, args))
  }

  /** A bitcast; of floats only when they are numbers. */
  private bits(type: Type): Value {
    const from = ({ i32: 'f32', f32: 'i32', i64: 'f64', f64: 'i64' } as Record<string, Type>)[type]
    if (!this.types.includes(from)) return this.keep(this.constant(type, this.edge(type)))
    let x = this.any(from)
    if (from[0] === 'f') x = this.op('select', from, [this.op('eq', 'i1', [x, x]), x, this.constant(from, 1)])
    return this.keep(this.op('bitcast', type, [x]))
  }

  private table(): Value {
    // A table's element is a type of values, so each entry drawn for it is one it can hold: none is rounded or wrapped.
    const element = this.pick(TABLE_ELEMENTS.filter(e => this.types.includes(e)))
    const values = Array.from({ length: this.pick([1, 4, 16]) }, () => randomValue(this.random, element))
    const index = this.op('and', 'i32', [this.any('i32'), this.i32(values.length - 1)])
    return this.keep(this.op('table', element, [index], { values, element }))
  }

  private index(buffer: number): number {
    this.sites.push({ kind: 'index', loc: { line: 1, column: 0, start: 0, end: 0 }, buffer, text: `b${buffer}[…]` })
    return this.sites.length - 1
  }

  /** An index of an input, in range: inputs have at least three elements for each iteration and 8 more. */
  private inside(buffer: number): Value {
    const length = () => this.op('length', 'i32', [], buffer)
    const last = () => this.op('sub', 'i32', [length(), this.i32(1)])
    if (this.failing && this.chance(0.15)) {
      return this.op('add', 'i32', [this.flat, this.op('and', 'i32', [this.any('i32'), this.i32(255)])])
    }
    switch (this.random.integer(0, 9)) {
      case 0:
      case 1:
        return this.flat
      case 2:
        return this.op('add', 'i32', [this.flat, this.i32(this.random.integer(0, 8))])
      case 3:
        return this.op('add', 'i32', [
          this.op('mul', 'i32', [this.flat, this.i32(this.pick([2, 3]))]),
          this.i32(this.random.integer(0, 8)),
        ])
      case 4:
        return this.op('sub', 'i32', [last(), this.flat])
      case 5:
        return this.op('urem', 'i32', [this.any('i32'), length()])
      case 6:
        return this.op('smax', 'i32', [this.op('smin', 'i32', [this.any('i32'), last()]), this.i32(0)])
      case 7:
        return this.i32(this.random.integer(0, 8))
      default: {
        const wild = this.any('i32')
        return this.op('select', 'i32', [
          this.op('ult', 'i1', [wild, length()]),
          wild,
          this.i32(this.random.integer(0, 8)),
        ])
      }
    }
  }

  private load(): void {
    const buffer = this.pick(this.inputs)
    const { element } = this.buffers[buffer]
    this.keep(
      this.op('load', loadedType(element), [this.inside(buffer)], { buffer, element, site: this.index(buffer) }),
    )
  }

  /** This iteration's slot of an output: its place is one-to-one in the iteration's number. */
  private slot({ slots, buffer }: Output): Value {
    const flat =
      (buffer & 1) === 0
        ? this.flat
        : this.op('sub', 'i32', [this.op('sub', 'i32', [this.count(), this.i32(1)]), this.flat])
    if (slots === 1) return flat
    const which = this.chance(0.5)
      ? this.i32(this.random.integer(0, slots))
      : this.op('and', 'i32', [this.any('i32'), this.i32(slots - 1)])
    if ((buffer & 2) === 0) return this.op('add', 'i32', [this.op('mul', 'i32', [flat, this.i32(slots)]), which])
    return this.op('add', 'i32', [this.op('mul', 'i32', [which, this.count()]), flat])
  }

  private count(): Value {
    return this.op('scalar', 'i32', [], 0)
  }

  private stored(element: Element): Value {
    const v = this.any(loadedType(element))
    if (element !== 'u8c') return v
    return this.op('smin', 'i32', [this.op('smax', 'i32', [v, this.i32(0)]), this.i32(255)])
  }

  store(output = this.pick(this.outputs)): void {
    const { buffer, element } = output
    this.op('store', 'void', [this.slot(output), this.stored(element)], { buffer, element, site: this.index(buffer) })
  }

  /** What this iteration may have stored before. */
  private loadOwn(): void {
    const output = this.pick(this.outputs)
    const { buffer, element } = output
    this.keep(this.op('load', loadedType(element), [this.slot(output)], { buffer, element, site: this.index(buffer) }))
  }

  private atomic(): void {
    if (this.counters.length > 0 && this.chance(0.6)) {
      const { buffer, kinds } = this.pick(this.counters)
      const { element } = this.buffers[buffer]
      const index = this.op('and', 'i32', [this.any('i32'), this.i32(COUNTERS - 1)])
      const attr = { buffer, element, site: this.index(buffer), kind: this.pick(kinds) }
      this.op('atomic', loadedType(element), [index, this.any(loadedType(element))], attr)
      return
    }
    const own = this.outputs.filter(o => ['i32', 'u32', 'i64', 'u64', 'f32', 'f64'].includes(o.element))
    if (own.length === 0) {
      this.store()
      return
    }
    const output = this.pick(own)
    const { buffer, element } = output
    const type = loadedType(element)
    const kind =
      type[0] === 'f'
        ? this.pick(['add', 'sub', 'min', 'max', 'exchange'])
        : this.pick('add sub min max and or xor exchange compareExchange'.split(' '))
    const args = [this.slot(output), this.any(type)]
    if (kind === 'compareExchange') args.push(this.any(type))
    this.keep(this.op('atomic', type, args, { buffer, element, site: this.index(buffer), kind }))
  }

  private local(): void {
    if (this.locals.length === 0) {
      this.load()
      return
    }
    const buffer = this.pick(this.locals)
    const { element, length } = this.buffers[buffer]
    const index = this.op('and', 'i32', [this.any('i32'), this.i32(length! - 1)])
    const attr = { buffer, element, site: this.index(buffer) }
    if (this.chance(0.5)) this.op('lstore', 'void', [index, this.stored(element)], attr)
    else this.keep(this.op('lload', loadedType(element), [index], attr))
  }

  private assert(): void {
    this.sites.push({ kind: 'assert', loc: { line: 1, column: 0, start: 0, end: 0 }, text: 'x', message: 'always' })
    let cond = this.op('ule', 'i1', [this.op('and', 'i32', [this.any('i32'), this.i32(7)]), this.i32(7)])
    if (this.failing && this.chance(0.3)) cond = this.op('or', 'i1', [this.any('i1'), this.any('i1')])
    this.op('assert', 'void', [cond], this.sites.length - 1)
  }

  /** Joins the unused values of all types and brings them to the types wanted, so that little of the kernel is dead. */
  private gather(wanted: Type[]): void {
    if (wanted.length === 0) return
    for (const type of this.types) {
      const join = type === 'i1' || type[0] === 'i' ? 'xor' : 'add'
      const unused = this.pool[type].filter(v => !this.used.has(v))
      if (unused.length === 0) continue
      const all = this.keep(unused.reduce((a, b) => this.op(join, type, [a, b])))
      if (!wanted.includes(type)) this.convert(all, this.pick(wanted))
    }
  }

  private convert(v: Value, to: Type): void {
    const direct = OPERATIONS[to].filter(o => o.from === v.type && o.arity === 1)
    if (direct.length > 0) {
      this.keep(this.op(this.pick(direct).op, to, [v]))
      return
    }
    const same = v.type === 'i1' ? v : this.op('eq', 'i1', [v, this.any(v.type)])
    this.keep(this.op('select', to, [same, this.any(to), this.any(to)]))
  }

  // Regions

  /** Runs `make` in a region of its own; what it made is out of sight afterwards. */
  private region(make: () => Value[], params: Value[] = []): Region {
    const ops = this.ops
    const marks = TYPES.map(t => this.pool[t].length)
    const r: Region = { params, ops: [], results: [] }
    this.ops = r.ops
    r.results = make()
    for (const v of r.results) this.used.add(v)
    this.ops = ops
    for (const [i, t] of TYPES.entries()) this.pool[t].length = marks[i]
    return r
  }

  private condition(): Value {
    const choice = this.random.uniform()
    // The same for all iterations; true for a run of them; anything.
    if (choice < 0.1) return this.op('slt', 'i1', [this.count(), this.i32(this.random.integer(0, 100))])
    if (choice < 0.2) return this.op('ult', 'i1', [this.flat, this.i32(this.random.integer(0, 60))])
    if (choice < 0.5) return this.any('i1')
    const { op, from } = this.pick(OPERATIONS.i1.filter(o => o.arity === 2 && this.types.includes(o.from)))
    return this.op(op, 'i1', [this.any(from), this.any(from)])
  }

  private branch(depth: number): void {
    const v = this.fresh('if', 'void', [this.condition()])
    const types = Array.from({ length: this.random.integer(0, 4) }, () => this.type())
    const side = () => {
      if (this.chance(0.85)) this.statements(this.random.integer(0, 7), depth + 1)
      if (this.chance(0.7)) this.gather(types)
      return types.map(t => this.any(t))
    }
    v.regions = [this.region(side), this.region(side)]
    this.ops.push(v)
    for (const [i, t] of types.entries()) this.keep(this.fresh('result', t, [v], i))
  }

  private loop(depth: number): void {
    const trips = this.chance(0.3)
      ? this.i32(this.random.integer(0, MAX_TRIPS + 1))
      : this.op('urem', 'i32', [
          this.pick([this.flat, this.count(), this.any('i32'), this.any('i32')]),
          this.i32(MAX_TRIPS + 1),
        ])
    const types = Array.from({ length: this.random.integer(1, 4) }, () => this.type())
    const leaves = this.chance(0.5)
    const init = [this.i32(0), ...types.map(t => this.any(t))]
    if (leaves) init.push(this.constant('i1', true))
    const v = this.fresh('loop', 'void', init, ['i', ...types.map((_, k) => `c${k}`), ...(leaves ? ['go'] : [])])
    const params = init.map((x, k) => this.fresh('arg', x.type, [], v.attr[k]))
    let body!: Region
    const test = this.region(() => {
      for (const p of params) this.keep(p)
      for (let n = this.random.integer(0, 3); n > 0; n--) this.pure()
      const more = this.op('slt', 'i1', [params[0], trips])
      let go = more
      if (leaves) go = this.op('and', 'i1', [more, params.at(-1)!])
      else if (this.chance(0.3)) go = this.op('and', 'i1', [more, this.any('i1')])
      // The body sees what the test made.
      body = this.region(() => {
        this.statements(this.random.integer(1, 8), depth + 1)
        if (this.chance(0.7)) this.gather(types)
        const next = [
          this.op('add', 'i32', [params[0], this.i32(1)]),
          ...types.map((t, k) => (this.chance(0.15) ? params[k + 1] : this.any(t))),
        ]
        // Sometimes two swap, or one stays as it was.
        if (next.length > 2 && types[0] === types[1] && this.chance(0.4)) {
          next[1] = params[2]
          next[2] = params[1]
        }
        if (leaves) next.push(this.any('i1'))
        return next
      })
      return [go]
    }, params)
    v.regions = [test, body]
    this.ops.push(v)
    for (const [i, x] of init.entries()) this.keep(this.fresh('result', x.type, [v], i))
  }

  statements(count: number, depth: number): void {
    for (; count > 0 && this.budget > 0; count--) {
      this.budget--
      const choice = this.random.uniform()
      if (choice < 0.08 && depth < 3) this.branch(depth)
      else if (choice < 0.14 && depth < 3) this.loop(depth)
      else if (choice < 0.26 && this.inputs.length > 0) this.load()
      else if (choice < 0.34 && this.outputs.length > 0) this.store()
      else if (choice < 0.38 && this.outputs.length > 0) this.loadOwn()
      else if (choice < 0.41 && this.outputs.length > 0) this.atomic()
      else if (choice < 0.46 && this.inputs.length > 0) this.local()
      else if (choice < 0.47) this.assert()
      else this.pure()
    }
  }

  // The kernel

  private buffer(element: Element, space: Buffer['space'], name: string, length?: number): number {
    this.buffers.push(length === undefined ? { name, element, space } : { name, element, space, length })
    return this.buffers.length - 1
  }

  /** @param yields type of the value, for reductions and scans; a scan's output is array 0 */
  kernel(name: string, yields: Type | undefined, scanned: Element | undefined, segmented: boolean): KernelIR {
    if (scanned) this.buffer(scanned, 'global', 'out')
    for (let n = this.random.integer(1, 4); n > 0; n--)
      this.inputs.push(this.buffer(this.pick(this.elements), 'global', `a${n}`))
    for (let n = this.random.integer(yields ? 0 : 1, 4); n > 0; n--) {
      const element = this.pick(this.elements)
      this.outputs.push({ buffer: this.buffer(element, 'global', `b${n}`), element, slots: this.pick([1, 1, 2, 4]) })
    }
    const whole = this.elements.filter(e => ['i32', 'u32', 'i64', 'u64'].includes(e))
    if (whole.length > 0 && this.chance(0.4)) {
      const kinds = this.pick([['add', 'sub'], ['add', 'sub'], ['min'], ['max'], ['and'], ['or'], ['xor']])
      this.counters.push({ buffer: this.buffer(this.pick(whole), 'global', 'count'), kinds })
    }
    if (this.chance(0.4)) this.locals.push(this.buffer(this.pick(this.elements), 'local', 'own', this.pick([1, 4, 8])))
    this.scalars.push({ name: 'count', type: 'i32' }, { name: 'width', type: 'i32' }, { name: 'height', type: 'i32' })
    for (let n = this.random.integer(0, 4); n > 0; n--) this.scalars.push({ name: `s${n}`, type: this.type() })

    this.pool = { i1: [], i32: [], i64: [], f32: [], f64: [] }
    for (let d = 0; d < this.rank; d++) this.indices.push(this.keep(this.op('index', 'i32', [], d)))
    // Row-major in the box [0, depth) × [0, height) × [0, width) in which the range lies.
    this.flat = this.indices[0]
    for (let d = 1; d < this.rank; d++) {
      const size = this.op('scalar', 'i32', [], d === this.rank - 1 ? 1 : 2)
      this.flat = this.op('add', 'i32', [this.op('mul', 'i32', [this.flat, size]), this.indices[d]])
    }
    this.keep(this.flat)
    for (let i = 3; i < this.scalars.length; i++) this.keep(this.op('scalar', this.scalars[i].type, [], i))
    const results: Value[] = []
    const budget = this.budget
    this.statements(budget, 0)
    this.gather([...this.outputs.map(o => loadedType(o.element)), ...(yields ? [yields] : [])])
    for (const output of this.outputs) this.store(output)
    if (yields) {
      results.push(this.any(yields))
      if (segmented) {
        const rare = this.op('eq', 'i1', [this.op('urem', 'i32', [this.any('i32'), this.i32(37)]), this.i32(0)])
        results.push(this.chance(0.5) ? rare : this.any('i1'))
      }
    }
    return {
      name,
      rank: this.rank,
      buffers: this.buffers,
      scalars: this.scalars,
      sites: this.sites,
      body: { params: [], ops: this.ops, results },
      ...(yields && { yields }),
    }
  }

  launch(seed: number, ir: KernelIR, big: boolean): Launch {
    const random = new Random(seed, 1)
    const integer = (low: number, high: number) => random.integer(low, high)
    const sizes = [1, 1, 1]
    if (big) sizes[2] = BLOCK + integer(0, 2 * accumulators('f32') + BLOCK)
    else sizes[2] = [1, integer(1, 20), integer(1, 70), integer(1, 400)][integer(0, 4)]
    if (ir.rank > 1) sizes[1] = big ? integer(1, 3) : integer(1, 5)
    if (ir.rank > 2) sizes[0] = big ? 1 : integer(1, 4)
    const box = sizes.slice(3 - ir.rank)
    const extents = box.map((n): Extent => randomExtent(random, n))
    const count = box.reduce((a, b) => a * b, 1)
    const arrays = ir.buffers.flatMap((b, i) => {
      if (b.space === 'local') return []
      const output = this.outputs.find(o => o.buffer === i)
      const length = output
        ? count * output.slots
        : this.counters.some(c => c.buffer === i)
          ? COUNTERS
          : i === 0 && !this.inputs.includes(0)
            ? count + integer(0, 4)
            : 3 * count + 8 + integer(0, 9)
      return [randomArray(random, b.element, length)]
    })
    const scalars = ir.scalars.map((s, i): number | bigint => {
      if (i < 3) return [count, sizes[2], sizes[1]][i]
      const edges = EDGES[s.type]
      const x = edges[integer(0, edges.length)]
      return typeof x === 'boolean' ? Number(x) : x
    })
    return { extents, scalars, arrays, threads: 1, schedule: 'static', chunk: undefined }
  }
}

/** Elements of the shared counters: a power of two. */
const COUNTERS = 8

/** Combinations that are associative enough to be worth testing, and one that is not. */
const COMBINATIONS: Record<string, { op: string; init: number | bigint }[]> = {
  i32: [
    { op: 'add', init: 0 },
    { op: 'mul', init: 1 },
    { op: 'smin', init: 2147483647 },
    { op: 'smax', init: -2147483648 },
    { op: 'xor', init: 0 },
    { op: 'and', init: -1 },
    { op: 'or', init: 0 },
  ],
  i64: [
    { op: 'add', init: 0n },
    { op: 'smax', init: -(2n ** 63n) },
    { op: 'xor', init: 0n },
  ],
  f32: [
    { op: 'add', init: 0 },
    { op: 'mul', init: 1 },
    { op: 'min', init: Infinity },
    { op: 'max', init: -Infinity },
  ],
  f64: [
    { op: 'add', init: 0 },
    { op: 'mul', init: 1 },
    { op: 'min', init: Infinity },
    { op: 'max', init: -Infinity },
  ],
}

function combinationOf(g: Generator, kind: 'reduce' | 'scan', type: Type, segmented: boolean): Combination {
  const { op, init } = g.pick(COMBINATIONS[type])
  let id = 0
  const value = (name: string, args: Value[], attr?: unknown): Value => ({
    id: id++,
    op: name,
    type,
    args,
    attr,
    loc: undefined,
    regions: undefined,
  })
  const a = value('scalar', [], 0)
  const b = value('scalar', [], 1)
  const ops = [a, b, value(op, [a, b])]
  // A user's own combination, with a branch in it: the later of two equals.
  if (g.chance(0.2)) {
    const cond: Value = { ...value('eq', [a, b]), type: 'i1' }
    ops.push(cond, value('select', [cond, b, ops[2]]))
  }
  const combine: KernelIR = {
    name: 'combine',
    rank: 0,
    buffers: [],
    scalars: [
      { name: 'a', type },
      { name: 'b', type },
    ],
    sites: [],
    body: { params: [], ops, results: [ops.at(-1)!] },
    yields: type,
  }
  return { kind, type, init, combine, ...(kind === 'scan' && { exclusive: g.chance(0.5), segmented }) }
}

/** A kernel, its combination if it is a reduction or a scan, and its launches; all from the seed. */
export function randomKernel(seed: number, options: RandomOptions = {}): RandomKernel {
  const random = new Random(seed)
  const g = new Generator(random, options)
  const kind = options.kind ?? g.pick(['plain', 'plain', 'plain', 'reduce', 'scan'] as const)
  const types = (['i32', 'i64', 'f32', 'f64'] as Type[]).filter(
    t => t === 'i32' || !options.types || options.types.includes(t),
  )
  const type = kind === 'plain' ? undefined : g.pick(types)
  const segmented = kind === 'scan' && g.chance(0.3)
  const combination = type && combinationOf(g, kind as 'reduce' | 'scan', type, segmented)
  const big = kind !== 'plain' && g.chance(0.15)
  const raw = g.kernel(`random${seed}`, type, kind === 'scan' ? (type as Element) : undefined, segmented)
  return { ir: rewrite(raw), raw, combination, makeLaunch: seed => g.launch(seed, raw, big) }
}
