/**
 * State of one lowering: the builder, the scopes, and what each mutable variable has been found to hold.
 *
 * A variable's kind is found by lowering more than once: a round converts what is assigned to the kind the round before
 * found, and notes the join of what was assigned; rounds go on until nothing changes (two, for most kernels with mutable
 * locals; one for the rest). So there is one set of typing rules, the lowering itself.
 */
import { KernelSyntaxError, KernelTypeError, type SourceText, UnknownNameError } from '../errors.ts'
import { Builder } from '../ir/builder.ts'
import type { Buffer, Location, Scalar, Site, Value } from '../ir/ir.ts'
import { INTRINSICS } from './intrinsics.ts'
import { IR_TYPE, isBig, isFloat, join, KIND_NAME, type Kind, strengthen, type Typed } from './kinds.ts'
import { elementOfArray } from './signature.ts'
import { locate, parseFunction, type Tree } from './source.ts'

/** A mutable local, a flag, or a constant. */
export interface Variable {
  is: 'variable'
  name: string
  /** Unique within the kernel and the same in every round: names the path of inlined calls too. */
  key: string
  mutable: boolean
}
export interface ArrayRef {
  is: 'array'
  buffer: number
}
export interface ViewRef {
  is: 'view'
  buffer: number
  shape: Typed[]
  strides: Typed[]
  offset: Typed | undefined
}
export interface FunctionRef {
  is: 'function'
  params: Tree[]
  body: Tree
  /** Names visible in its body. */
  scope: Scope
  unit: number
  name: string
}
/** A JavaScript value from `use`: a number, an object of numbers, a function of Skein. */
export interface Constant {
  is: 'constant'
  value: unknown
}
export type Binding = Variable | ArrayRef | ViewRef | FunctionRef | Constant | { is: 'typed'; t: Typed }

export interface Scope {
  names: Map<string, Binding>
  parent: Scope | undefined
}

export function lookupIn(scope: Scope, name: string): Binding | undefined {
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const found = s.names.get(name)
    if (found) return found
  }
  return undefined
}

/** A place that `break`, `continue` or `return` leaves: the flag that says it was left. */
export interface Exit {
  kind: 'break' | 'continue' | 'return'
  labels: readonly string[] | undefined
  flag: Variable
  /** Of a loop or switch: a bare `break` means it. */
  loop?: boolean
}

/** A function being lowered: the kernel, or a helper inlined at one call. */
export interface Frame {
  unit: number
  path: string
  result: Variable | undefined
  /** What a returned value becomes before it is kept. */
  give?: (t: Typed, node: Tree) => Typed
  /** Innermost last. */
  exits: Exit[]
  declared: number
}

export type Env = Map<string, Typed>

export interface Options {
  /** The default float: what `/` and fraction literals make of integers when no data says otherwise. */
  float: 'f32' | 'f64'
}

/** The rules that call each other in a circle: an expression holds calls, a call lowers a helper's statements. */
export interface Rules {
  expression(L: Lowering, node: Tree): Typed
  call(L: Lowering, node: Tree): Typed | undefined
  helper(L: Lowering, fn: FunctionRef, node: Tree): Typed | undefined
}

/** TypeScript's foo_1, esbuild's import_foo, Babel's and SWC's _foo, webpack's. Vite's are undone when the source is read. */
const NAMESPACE = /^(?:import_|_)[A-Za-z]\w*$|_\d+$|__WEBPACK_IMPORTED_MODULE_\d+__$/

export class Lowering {
  readonly b = new Builder()
  readonly buffers: Buffer[] = []
  readonly scalars: Scalar[] = []
  readonly sites: Site[] = []
  readonly units: SourceText[]
  readonly options: Options
  readonly rules: Rules
  env: Env = new Map()
  scope: Scope = { names: new Map(), parent: undefined }
  frame!: Frame
  /** Helpers being inlined, to refuse recursion. */
  readonly inlining: unknown[] = []
  private readonly found: ReadonlyMap<string, Kind>
  readonly next = new Map<string, Kind>()
  calls = 0
  /** Loops around what is being lowered. */
  loops = 0
  /** Names assigned anywhere in the function being lowered: a `let` outside of it is a constant. */
  assignedNames: Set<string> = new Set()
  /** The names of `use`: what a helper sees. */
  root: Scope = { names: new Map(), parent: undefined }
  private readonly helpers = new Map<unknown, FunctionRef>()
  /** Arrays given in `use`, by the number of their buffer. */
  readonly boundArrays = new Map<object, number>()

  constructor(units: SourceText[], options: Options, found: ReadonlyMap<string, Kind>, rules: Rules) {
    this.rules = rules
    this.units = units
    this.options = options
    this.found = found
  }

  get source(): SourceText {
    return this.units[this.frame?.unit ?? 0]
  }

  loc(node: Tree): Location {
    return locate(node, this.frame?.unit ?? 0)
  }

  text(node: Tree): string {
    const t = this.source.lines.join('\n').slice(node.start, node.end)
    return t.length > 60 ? `${t.slice(0, 57)}…` : t
  }

  unsupported(node: Tree, found: string, advice: string): never {
    throw new KernelSyntaxError(this.source, this.loc(node), found, advice)
  }

  mistyped(node: Tree, found: string, advice: string): never {
    throw new KernelTypeError(this.source, this.loc(node), found, advice)
  }

  unknown(node: Tree, name: string): never {
    if (name === 'arguments') this.unsupported(node, "'arguments' inside a kernel", 'Name the parameters.')
    if (name === 'Math' || name === 'Number')
      this.unsupported(node, `${name} used as a value`, `Kernels know the functions of ${name}, and its numbers.`)
    if (name in globalThis) {
      this.unsupported(
        node,
        `'${name}' inside a kernel`,
        'It belongs to JavaScript around it: compute it outside and pass it as an argument.',
      )
    }
    throw new UnknownNameError(this.source, this.loc(node), name)
  }

  /** What a value given in `use` is inside the kernel. Each function and each array is met once. */
  captured(value: unknown, name: string): Binding {
    if (typeof value === 'function' && !INTRINSICS.has(value)) {
      let fn = this.helpers.get(value)
      if (!fn) {
        const parsed = parseFunction(value, name)
        this.units.push(parsed.source)
        fn = {
          is: 'function',
          params: parsed.params,
          body: parsed.body,
          scope: this.root,
          unit: this.units.length - 1,
          name,
        }
        this.helpers.set(value, fn)
      }
      return fn
    }
    const element = elementOfArray(value)
    if (element) {
      let buffer = this.boundArrays.get(value as object)
      if (buffer === undefined) {
        buffer = this.buffers.length
        this.buffers.push({ name, element, space: 'global' })
        this.boundArrays.set(value as object, buffer)
      }
      return { is: 'array', buffer }
    }
    return { is: 'constant', value }
  }

  site(node: Tree, kind: Site['kind'], rest: Partial<Site> = {}): number {
    this.sites.push({ kind, loc: this.loc(node), text: this.text(node), ...rest })
    return this.sites.length - 1
  }

  // Scopes

  inScope<T>(make: () => T, parent: Scope | undefined = this.scope): T {
    const outer = this.scope
    this.scope = { names: new Map(), parent }
    try {
      return make()
    } finally {
      this.scope = outer
    }
  }

  bind(name: string, binding: Binding): void {
    this.scope.names.set(name, binding)
  }

  lookup(name: string): Binding | undefined {
    return lookupIn(this.scope, name)
  }

  variable(name: string, mutable: boolean): Variable {
    return { is: 'variable', name, key: `${this.frame.path}/${name}.${this.frame.declared++}`, mutable }
  }

  /**
   * `ns.name`, as compilers to CommonJS, bundlers and test runners write a name that was imported, is the name. Only where
   * `ns` is nothing the kernel knows.
   */
  imported(node: Tree): Tree {
    if (node.type !== 'MemberExpression' || node.computed || node.object.type !== 'Identifier') return node
    if (!NAMESPACE.test(node.object.name) || this.lookup(node.object.name)) return node
    return { ...node.property, start: node.start, end: node.end, loc: node.loc } as Tree
  }

  /** What a name, or a member of a captured object, stands for. */
  resolve(given: Tree): Binding | undefined {
    const node = this.imported(given)
    if (node.type === 'Identifier') return this.lookup(node.name)
    if (node.type === 'MemberExpression') {
      const owner = this.resolve(node.object)
      if (owner?.is === 'constant' && typeof owner.value === 'object' && owner.value !== null) {
        const key = node.computed
          ? node.property.type === 'Literal'
            ? String(node.property.value)
            : undefined
          : node.property.name
        if (key !== undefined && Object.hasOwn(owner.value, key)) return this.captured((owner.value as any)[key], key)
      }
      if (owner?.is === 'view' && !node.computed && node.property.name === 'data')
        return { is: 'array', buffer: owner.buffer }
    }
    return undefined
  }

  // Variables

  /** @param node for the error when what is assigned cannot meet what the variable holds */
  assign(variable: Variable, t: Typed, node: Tree): void {
    if (variable.mutable) {
      const old = this.next.get(variable.key)
      const met = old ? join(old, t.k, this.options.float) : t.k
      if (!met) {
        this.mistyped(
          node,
          `'${variable.name}' holds ${KIND_NAME[old!]} and is assigned ${KIND_NAME[t.k]}`,
          'BigInt and number do not mix: convert with BigInt(x) or Number(x).',
        )
      }
      this.next.set(variable.key, met)
      const kind = this.found.get(variable.key)
      if (kind) t = this.convert(t, kind, node)
    }
    this.env.set(variable.key, t)
  }

  /** `let x` without a value. It reads as 0 until assigned. */
  declareEmpty(variable: Variable): void {
    const kind = this.found.get(variable.key)
    this.env.set(variable.key, {
      ...this.convert({ v: this.b.const('f64', 0), k: 'wi', empty: true }, kind ?? 'wi', undefined!),
      empty: true,
    })
  }

  /** The kind in which a loop carries a variable. */
  kindOf(variable: Variable): Kind {
    return this.found.get(variable.key) ?? this.env.get(variable.key)!.k
  }

  /** What an expression names: an array, a view or a function (these are passed by name), or undefined. */
  resolveAny(node: Tree): Binding | undefined {
    const found = this.resolve(node)
    if (!found || found.is === 'variable' || found.is === 'typed') return undefined
    if (found.is === 'constant' && (found.value === null || typeof found.value !== 'object')) return undefined
    return found
  }

  resolveArray(node: Tree): Binding | undefined {
    const found = this.resolve(node)
    return found?.is === 'array' || found?.is === 'view' ? found : undefined
  }

  read(variable: Variable): Typed {
    return this.env.get(variable.key) ?? { v: this.b.const('f64', 0), k: 'wi' }
  }

  /** The kinds this round found, and whether they differ from what it assumed. */
  settled(): { kinds: Map<string, Kind>; same: boolean } {
    const kinds = new Map<string, Kind>()
    let same = true
    for (const [key, k] of this.next) {
      const strong = strengthen(k, this.options.float)
      kinds.set(key, strong)
      if (this.found.get(key) !== strong) same = false
    }
    return { kinds, same }
  }

  flag(kind: Exit['kind'], labels?: readonly string[]): Exit {
    const flag: Variable = { ...this.variable(`#${kind}`, false) }
    this.env.set(flag.key, this.bool(false))
    return { kind, labels, flag }
  }

  bool(x: boolean): Typed {
    return { v: this.b.const('i1', x), k: 'bool' }
  }

  number(x: number): Typed {
    return {
      v: this.b.const('f64', x),
      k: Number.isInteger(x) && !Object.is(x, -0) && Math.abs(x) <= 4294967295 ? 'wi' : 'wf',
    }
  }

  // Control flow

  /**
   * Lowers two alternatives, each from the environment of now, and merges what they assigned. The values they give are
   * joined to one kind; `undefined` when they give none.
   */
  alternatives(
    cond: Value,
    then: () => Typed | undefined,
    otherwise: () => Typed | undefined,
    node: Tree,
  ): Typed | undefined {
    if (cond.op === 'const') return cond.attr ? then() : otherwise()
    const before = this.env
    const side = (make: () => Typed | undefined) => () => {
      this.env = new Map(before)
      const t = make()
      return { t, env: this.env }
    }
    let changed: string[] = []
    let kinds: Kind[] = []
    let value: Kind | undefined
    const outs = this.b.branch(cond, side(then), side(otherwise), (x, y) => {
      if (x.t && y.t) {
        value = join(x.t.k, y.t.k, this.options.float)
        if (!value)
          this.mistyped(
            node,
            `one side gives ${KIND_NAME[x.t.k]}, the other ${KIND_NAME[y.t.k]}`,
            'Convert with BigInt(x) or Number(x).',
          )
      }
      // A variable set on one side only was declared there: it is out of scope afterwards.
      changed = [...x.env.keys()].filter(k => y.env.has(k) && x.env.get(k)!.v !== y.env.get(k)!.v)
      kinds = changed.map(key => {
        const [a, c] = [x.env.get(key)!, y.env.get(key)!]
        return a.empty ? c.k : c.empty ? a.k : (join(a.k, c.k, this.options.float) ?? a.k)
      })
      const yields = (s: { t: Typed | undefined; env: Env }) => () => [
        ...changed.map((k, i) => this.convert(s.env.get(k)!, kinds[i], node).v),
        ...(value ? [this.convert(s.t!, value, node).v] : []),
      ]
      this.env = new Map([...x.env].filter(([k]) => y.env.has(k)))
      return { first: yields(x), second: yields(y) }
    })
    for (const [i, k] of changed.entries()) this.env.set(k, { v: outs[i], k: kinds[i] })
    return value ? { v: outs[changed.length], k: value } : undefined
  }

  // Conversions

  /** `t` as a value of kind `k`, by JavaScript's rules (a float to an integer: modulo 2^32; a number is true unless 0 or NaN). */
  convert(t: Typed, k: Kind, node: Tree): Typed {
    if (t.k === k) return t
    if (t.empty) return { v: this.b.const(IR_TYPE[k], isBig(k) ? 0n : 0), k }
    return { v: this.converted(t, k, node), k }
  }

  private converted(t: Typed, k: Kind, node: Tree): Value {
    const b = this.b
    const from = t.k
    if (k === 'bool') {
      if (isBig(from)) return b.ne(t.v, b.const('i64', 0n))
      if (from === 'i32' || from === 'u32') return b.ne(t.v, 0)
      return b.lt(b.const(t.v.type, 0), b.abs(t.v))
    }
    if (isBig(from) !== isBig(k)) {
      this.mistyped(
        node,
        `${KIND_NAME[from]} stands where ${KIND_NAME[k]} is needed`,
        'Convert with BigInt(x) or Number(x).',
      )
    }
    if (isBig(from)) return t.v
    const v = from === 'bool' ? b.cvt('booltoint', t.v, 'i32') : t.v
    const integer = from === 'bool' || from === 'i32' || from === 'u32'
    if (k === 'i32' || k === 'u32') return integer ? v : b.cvt('toint32', v, 'i32')
    const type = IR_TYPE[k]
    if (integer) return b.cvt(from === 'u32' ? 'uitof' : 'sitof', v, type)
    if (type === v.type) return v
    return type === 'f64' ? b.cvt('promote', v, 'f64') : b.cvt('demote', v, 'f32')
  }

  truth(t: Typed, node: Tree): Value {
    return this.convert(t, 'bool', node).v
  }

  /** An index: i32. Floats only where they are whole by construction. */
  index(t: Typed, node: Tree): Value {
    if (t.k === 'i32') return t.v
    // Above 2^31 - 1 a u32 reads as negative here, which no array of ours reaches: out of range either way.
    if (t.k === 'u32') return t.v
    if (t.k === 'bool') return this.convert(t, 'i32', node).v
    if (isBig(t.k))
      this.mistyped(node, `the index '${this.text(node)}' is ${KIND_NAME[t.k]}`, 'Convert with Number(x).')
    if (t.k === 'wi' || !isFloat(t.k) || wholeByConstruction(t.v)) return this.b.cvt('toindex', t.v, 'i32')
    return this.mistyped(
      node,
      `the index '${this.text(node)}' is a fraction (${KIND_NAME[t.k]})`,
      'Write Math.floor(…) or (…) | 0.',
    )
  }
}

function wholeByConstruction(v: Value): boolean {
  switch (v.op) {
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'nearest':
    case 'sitof':
    case 'uitof':
      return true
    case 'const':
      return Number.isInteger(v.attr)
    case 'math':
      return v.attr === 'round'
    case 'add':
    case 'sub':
    case 'mul':
    case 'min':
    case 'max':
    case 'pmin':
    case 'pmax':
    case 'neg':
    case 'abs':
    case 'frem':
      return v.args.every(wholeByConstruction)
    case 'select':
      return v.args.slice(1).every(wholeByConstruction)
    case 'promote':
    case 'demote':
      return wholeByConstruction(v.args[0])
    default:
      return false
  }
}
