/**
 * Checks that IR keeps its own rules: each value is made once and before its uses, where they can see it; operands and
 * results have the types of their operation; regions yield what their owner needs; buffers and sites exist.
 *
 * Tests run it after each pass, and backends in debug mode. What may be seen where: a region sees the regions around it,
 * up to the operation that holds it; a loop's body sees its test. A region's own values end with it.
 */
import { InternalError } from '@skein/base'
import { type Buffer, EFFECTS, type KernelIR, loadedType, type Region, type Type, type Value } from './ir.ts'
import { printIR } from './print.ts'
import { SEMANTICS, semanticsKey } from './semantics.ts'

export interface VerifyOptions {
  /** Operations that a backend adds after lowering: checked for visibility alone. */
  also?: ReadonlySet<string>
  /** What went before, for the message: the name of a pass. */
  after?: string
}

const ATOMICS = new Set('add sub min max and or xor exchange compareExchange'.split(' '))
const BITWISE = new Set(['and', 'or', 'xor'])
const ATOMIC_ELEMENTS = new Set('i32 u32 i64 u64 f32 f64'.split(' '))
const COMPARISONS = new Set('eq ne lt le slt sle ult ule'.split(' '))
const CONVERSIONS = new Set(
  'sitof uitof ftosi ftoui toint32 toindex promote demote sext zext wrap booltoint bitcast'.split(' '),
)

/** @throws InternalError with the broken rule, the operation, and the region it is in */
export function verify(ir: KernelIR, options: VerifyOptions = {}): void {
  new Verifier(ir, options).run()
}

class Verifier {
  private readonly ir: KernelIR
  private readonly options: VerifyOptions
  private readonly visible = new Set<Value>()
  /** `if` and `loop` operations that are over, whose results may be used. */
  private readonly made = new Map<number, Value>()
  private region!: Region
  private value: Value | undefined

  constructor(ir: KernelIR, options: VerifyOptions) {
    this.ir = ir
    this.options = options
  }

  run(): void {
    const { ir } = this
    this.region = ir.body
    this.require(Number.isInteger(ir.rank) && ir.rank >= 0 && ir.rank <= 3, `rank is 0 to 3, not ${ir.rank}`)
    for (const b of ir.buffers) {
      const fixed = Number.isInteger(b.length) && b.length! >= 0
      this.require(b.space === 'global' || fixed, `the private array ${b.name} has a fixed length`)
    }
    this.require(ir.body.params.length === 0, 'the body has no parameters')
    this.visit(ir.body, () => {
      const types = ir.body.results.map(r => r.type)
      if (ir.yields) {
        const heads = types.length === 1 || (types.length === 2 && types[1] === 'i1')
        this.require(types[0] === ir.yields && heads, `the body yields ${ir.yields}, and maybe an i1, not (${types})`)
      } else if (ir.rank > 0) this.require(types.length === 0, 'the body of a plain kernel yields nothing')
    })
  }

  private require(holds: boolean, rule: string): void {
    if (holds) return
    const { ir, value, region, options } = this
    const where = value ? `at %${value.id} (${value.op})` : 'at the region itself'
    let printed: string
    try {
      printed = printIR({ ...ir, body: region })
    } catch (error) {
      printed = `(it cannot be printed: ${String(error)})`
    }
    throw new InternalError(rule, [
      `in kernel ${ir.name}${options.after ? `, after ${options.after}` : ''}`,
      where,
      ...printed.split('\n'),
    ])
  }

  /** Checks a region, then runs `end` while its values are visible; hides them again. */
  private visit(r: Region, end: () => void): void {
    const outer = this.region
    const owner = this.value
    this.region = r
    const here: Value[] = []
    const add = (v: Value) => {
      this.require(this.made.get(v.id) === undefined, `%${v.id} is made once`)
      this.made.set(v.id, v)
      this.visible.add(v)
      here.push(v)
    }
    for (const p of r.params) {
      this.value = p
      this.require(p.op === 'arg' && p.type !== 'void', 'a parameter is an arg with a type')
      add(p)
    }
    for (const v of r.ops) {
      this.value = v
      this.operands(v)
      if (v.op === 'if') this.branch(v)
      else if (v.op === 'loop') this.loop(v)
      else this.simple(v)
      this.value = v
      add(v)
    }
    this.value = owner
    for (const x of r.results) this.seen(x)
    end()
    for (const v of here) this.visible.delete(v)
    this.region = outer
    this.value = owner
  }

  private seen(x: Value): void {
    this.require(x.type !== 'void', `%${x.id} (${x.op}) has a value`)
    if (x.op !== 'result') {
      this.require(this.visible.has(x), `%${x.id} (${x.op}) is made before, where its use sees it`)
      return
    }
    const owner = x.args[0]
    this.require(
      this.visible.has(owner),
      `%${owner?.id}, whose result %${x.id} is, ended before, where its use sees it`,
    )
    const yielded = owner.op === 'if' ? owner.regions![0].results : owner.op === 'loop' ? owner.args : []
    this.require(yielded[x.attr]?.type === x.type, `result ${x.attr} of %${owner.id} exists and is ${x.type}`)
  }

  private operands(v: Value): void {
    for (const a of v.args) this.seen(a)
    this.require((v.regions !== undefined) === (v.op === 'if' || v.op === 'loop'), 'if and loop alone hold regions')
    this.require(v.op !== 'result' && v.op !== 'arg', 'results and args are no operations of a region')
  }

  private types(v: Value, ...types: Type[]): void {
    const found = v.args.map(a => a.type)
    this.require(
      found.length === types.length && found.every((t, i) => t === types[i]),
      `operands are (${types}), not (${found})`,
    )
  }

  private yields(r: Region, types: Type[], what: string): void {
    const found = r.results.map(x => x.type)
    const same = found.length === types.length && found.every((t, i) => t === types[i])
    this.require(same, `${what} yields (${types}), not (${found})`)
  }

  private branch(v: Value): void {
    this.types(v, 'i1')
    this.require(v.type === 'void' && v.regions!.length === 2, 'an if is void and has two regions')
    const [then, otherwise] = v.regions!
    this.require(then.params.length === 0 && otherwise.params.length === 0, 'the sides of an if have no parameters')
    this.visit(then, () => {})
    const types = then.results.map(x => x.type)
    this.visit(otherwise, () => this.yields(otherwise, types, 'the second side, as the first,'))
  }

  private loop(v: Value): void {
    this.require(v.type === 'void' && v.regions!.length === 2, 'a loop is void and has two regions')
    const [test, body] = v.regions!
    const types = v.args.map(a => a.type)
    const params = test.params.map(p => p.type)
    const same = params.length === types.length && params.every((t, i) => t === types[i])
    this.require(same, `a loop carries its operands (${types}), not (${params})`)
    this.require(body.params.length === 0, 'the carried values are parameters of the test alone')
    this.visit(test, () => {
      this.yields(test, ['i1'], 'a test')
      this.value = v
      this.visit(body, () => this.yields(body, types, 'a loop body'))
    })
  }

  private simple(v: Value): void {
    const { ir } = this
    if (EFFECTS.has(v.op) && v.op !== 'atomic') this.require(v.type === 'void', `${v.op} has no value`)
    else this.require(v.type !== 'void' || this.options.also?.has(v.op) === true, `${v.op} has a value`)
    switch (v.op) {
      case 'const':
        this.types(v)
        this.constant(v)
        break
      case 'scalar':
        this.types(v)
        this.require(ir.scalars[v.attr]?.type === v.type, `scalar ${v.attr} exists and is ${v.type}`)
        break
      case 'index':
        this.types(v)
        this.require(v.type === 'i32' && v.attr >= 0 && v.attr < ir.rank, `dimension ${v.attr} exists, an i32`)
        break
      case 'length':
        this.types(v)
        this.require(v.type === 'i32' && v.attr in ir.buffers, `buffer ${v.attr} exists, its length an i32`)
        break
      case 'load':
      case 'lload':
        this.place(v)
        this.types(v, 'i32')
        this.require(v.type === loadedType(v.attr.element), `a loaded ${v.attr.element} is not ${v.type}`)
        break
      case 'store':
      case 'lstore':
        this.place(v)
        this.types(v, 'i32', loadedType(v.attr.element))
        break
      case 'atomic':
        this.atomic(v)
        break
      case 'assert':
        this.types(v, 'i1')
        this.site(v.attr, 'assert')
        break
      case 'debugger':
        this.types(v)
        break
      case 'log':
        break
      case 'math':
        // A function of Math, before it is lowered to arithmetic.
        this.types(v, ...v.args.map(() => v.type))
        this.require(v.type[0] === 'f' && typeof v.attr === 'string', 'math has a name, and is of floats')
        break
      case 'table':
        this.types(v, 'i32')
        this.require(
          v.type === loadedType(v.attr.element) && v.attr.values.length > 0,
          `a table of ${v.attr.element} has entries, ${v.type}`,
        )
        break
      default:
        if (!this.options.also?.has(v.op)) this.operation(v)
    }
  }

  private constant(v: Value): void {
    const x = v.attr
    const fits =
      v.type === 'i1'
        ? typeof x === 'boolean'
        : v.type === 'i64'
          ? typeof x === 'bigint' && BigInt.asIntN(64, x) === x
          : v.type === 'i32'
            ? Object.is(x | 0, x)
            : typeof x === 'number' && (v.type === 'f64' || Object.is(Math.fround(x), x))
    this.require(fits, `${String(x)} is ${v.type}`)
  }

  private site(site: number, kind: 'index' | 'assert', buffer?: number): void {
    const s = this.ir.sites[site]
    this.require(s?.kind === kind, `site ${site} exists and is of kind ${kind}`)
    const agrees = buffer === undefined || s.buffer === undefined || s.buffer === buffer
    this.require(agrees, `site ${site} is of buffer ${buffer}, not ${s.buffer}`)
  }

  private place(v: Value): void {
    const { buffer, element, site } = v.attr ?? {}
    const b: Buffer | undefined = this.ir.buffers[buffer]
    this.require(b?.element === element, `buffer ${buffer} exists and holds ${element}`)
    const space = v.op === 'lload' || v.op === 'lstore' ? 'local' : 'global'
    this.require(b.space === space, `${v.op} is for ${space} buffers, and ${b.name} is ${b.space}`)
    this.site(site, 'index', buffer)
  }

  private atomic(v: Value): void {
    this.place(v)
    const { element, kind } = v.attr
    const t = loadedType(element)
    this.require(ATOMICS.has(kind), `${kind} is an atomic operation`)
    const bits = !BITWISE.has(kind) || t[0] === 'i'
    this.require(ATOMIC_ELEMENTS.has(element) && bits, `an atomic ${kind} exists for ${element}`)
    this.require(v.type === t, `an atomic on ${element} yields ${t}, not ${v.type}`)
    this.types(v, 'i32', t, ...(kind === 'compareExchange' ? [t] : []))
  }

  /** A pure operation of {@link SEMANTICS}: its entry's name says the types. */
  private operation(v: Value): void {
    const subject = v.args[v.op === 'select' ? 1 : 0]
    this.require(subject !== undefined, `${v.op} has operands`)
    const key = semanticsKey(v.op, subject.type, v.type)
    this.require(Object.hasOwn(SEMANTICS, key), `there is an operation ${key}`)
    const arity = SEMANTICS[key].length
    const rest = Array<Type>(v.op === 'select' ? 2 : arity).fill(subject.type)
    this.types(v, ...(v.op === 'select' ? (['i1', ...rest] as Type[]) : rest))
    if (CONVERSIONS.has(v.op)) return
    const expected = COMPARISONS.has(v.op) ? 'i1' : subject.type
    this.require(v.type === expected, `${key} gives ${expected}, not ${v.type}`)
  }
}
