/**
 * Specialisations: a kernel compiled for one kind of arguments. Programs are shared by all kernels of the same source,
 * captured values, options and argument types, and freed when no kernel uses them any more.
 */
import { ArgumentError } from '@skein/base'
import type { Backend, BackendOptions, Combination, Launch, Program } from './backend.ts'
import { combinationOf, combinedKind, type Operator, type UserOperator } from './combine.ts'
import { compileProgram, optimise } from './compile.ts'
import { KernelSyntaxError, type SourceText } from './errors.ts'
import { INTRINSICS } from './front/intrinsics.ts'
import type { Kind } from './front/kinds.ts'
import { indexNames, type Lowered, lower } from './front/lower.ts'
import { type ArgumentType, argumentType, arrayName, type Captured } from './front/signature.ts'
import { locate, type ParsedFunction, tooDeep } from './front/source.ts'
import { type Element, type KernelIR, walk } from './ir/ir.ts'

/** What makes a kernel what it is, apart from its arguments. */
export interface Definition {
  kind: 'kernel' | 'reduce' | 'scan'
  fn: ParsedFunction
  use: Captured
  float: 'f32' | 'f64'
  fast: boolean
  unsafe: boolean
  /** False: its code is not kept on disk. */
  cache?: boolean
  operator?: Operator | UserOperator<any>
  exclusive?: boolean
  reset?: ParsedFunction
  /** Shown in errors: `kernel saxpy`. */
  call: string
}

export interface Specialisation {
  program: Program
  ir: KernelIR
  units: SourceText[]
  /** Arrays given in `use`: they follow the arguments' arrays. */
  bound: ArrayBufferView[]
  /** Kind of a reduction's value. */
  yields: Kind | undefined
  key: string
}

const cache = new Map<string, WeakRef<Specialisation>>()
const freed = new FinalizationRegistry<{ key: string; program: Program }>(({ key, program }) => {
  if (!cache.get(key)?.deref()) cache.delete(key)
  program.dispose()
})

let identities = 0
const identity = new WeakMap<object, number>()

/** Captured values as text: two kernels with equal text may share a program. Arrays count by identity, functions by source. */
export function capturedKey(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'function': {
      // Several of Skein's own functions have one text.
      const known = INTRINSICS.get(value)
      return known ? `i:${known}` : `f:${JSON.stringify(Function.prototype.toString.call(value))}`
    }
    case 'object': {
      if (value === null) return 'null'
      if (ArrayBuffer.isView(value) || depth > 30) {
        let id = identity.get(value)
        if (id === undefined) identity.set(value, (id = ++identities))
        return `#${id}`
      }
      // Of own names, not of entries: the front end finds what is not enumerable, too.
      return `{${Object.getOwnPropertyNames(value)
        .map(k => `${JSON.stringify(k)}=${capturedKey((value as any)[k], depth + 1)}`)
        .join(';')}}`
    }
    case 'string':
      return JSON.stringify(value)
    default:
      return Object.is(value, -0) ? '-0' : `${typeof value}:${String(value)}`
  }
}

/** Whether captured values are known by their text in every process: there is no array among them. */
function isText(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'symbol'
  if (ArrayBuffer.isView(value) || depth > 30) return false
  return Object.getOwnPropertyNames(value).every(name => isText((value as any)[name], depth + 1))
}

function typeKey(types: readonly ArgumentType[]): string {
  return types
    .map(t => {
      switch (t.is) {
        case 'array':
          return t.element
        case 'number':
          return t.whole ? 'w' : 'n'
        case 'view':
          return `v${t.element}${t.rank}${t.offset ? 'o' : ''}`
        default:
          return t.is
      }
    })
    .join()
}

/** A parameter after the index, by its name. */
function parameterName(d: Definition, i: number): string {
  const p = d.fn.params[i + 1]
  return p?.type === 'Identifier'
    ? (p.name as string)
    : p?.type === 'AssignmentPattern'
      ? (p.left.name as string)
      : `argument ${i + 1}`
}

/** What a call is to be given. */
const parameterList = (d: Definition): string =>
  `(${['range', ...(d.kind === 'scan' ? ['out'] : []), ...d.fn.params.slice(1).map((_, i) => parameterName(d, i))].join(', ')})`

/** For errors about a scan's arguments: its output is easily forgotten, since the function has no such parameter. */
export const outputFirst = (d: Definition): string =>
  `The output comes first, right after the range: ${d.fn.source.name}${parameterList(d)}.`

/** Types of the arguments; the error names the parameter. */
export function typesOf(d: Definition, args: readonly unknown[]): ArgumentType[] {
  const params = d.fn.params.slice(1)
  const name = (i: number) => parameterName(d, i)
  const required = params.filter(p => p.type !== 'AssignmentPattern').length
  if (args.length > params.length || args.length < required) {
    const before = d.kind === 'scan' ? 2 : 1
    const advice = d.kind === 'scan' ? outputFirst(d) : undefined
    throw new ArgumentError(d.call, 'arguments', parameterList(d), `${args.length + before} of them`, advice)
  }
  return args.map((x, i) => {
    const t = argumentType(x)
    if (!t) {
      const plain = Array.isArray(x) ? 'Copy it into one: heap.f64(list).' : undefined
      throw new ArgumentError(
        d.call,
        name(i),
        'a typed array, a number, a BigInt, a boolean, or a view { data, shape, strides }',
        x,
        plain,
      )
    }
    const array = t.is === 'view' ? (x as { data: ArrayBufferView }).data : x
    if (ArrayBuffer.isView(array) && (array.buffer as ArrayBuffer).detached === true) {
      throw new ArgumentError(
        d.call,
        name(i),
        'an array whose buffer is attached',
        'detached (transferred to another thread)',
        'Pass a copy, or an array of the heap, which every thread sees.',
      )
    }
    return t
  })
}

/** The program for arguments of these types. `out`: element type of a scan's output. */
export function specialise(
  d: Definition,
  types: ArgumentType[],
  out: Element | undefined,
  backend: Backend,
): Specialisation {
  const operator =
    typeof d.operator === 'object'
      ? `${capturedKey(d.operator.init)} ${Function.prototype.toString.call(d.operator.combine)}`
      : (d.operator ?? '')
  const key = [
    backend.name,
    d.kind,
    d.float,
    d.fast,
    d.unsafe,
    d.cache !== false,
    operator,
    d.exclusive,
    d.reset?.text,
    typeKey(types),
    out,
    capturedKey(d.use),
    d.fn.text,
  ].join('\0')
  const known = cache.get(key)?.deref()
  if (known) return known
  const made = compileFor(d, types, out, backend, key)
  cache.set(key, new WeakRef(made))
  freed.register(made, { key, program: made.program })
  return made
}

/** Front end only: what `explain` starts from. */
export function lowerFor(
  d: Definition,
  types: ArgumentType[],
  out: Element | undefined,
): { lowered: Lowered; combination: Combination | undefined } {
  const request = { fn: d.fn, use: d.use, args: types, float: d.float, indices: 1 as const }
  if (d.kind === 'kernel') return { lowered: lower({ ...request, gives: 'nothing' }), combination: undefined }
  if (d.kind === 'reduce') {
    let lowered = lower({ ...request, gives: 'value' })
    if (lowered.yields === 'bool') lowered = lower({ ...request, gives: 'value', want: 'i32' })
    const combination = {
      kind: 'reduce' as const,
      ...combinationOf(d.operator!, combinedKind(lowered.yields!), d.use, d.float, d.call),
    }
    return { lowered, combination }
  }
  const want = scanKind(out!, d.call)
  if (d.reset && indexNames(d.reset).length !== indexNames(d.fn).length) {
    throw new KernelSyntaxError(
      d.reset.source,
      locate(d.reset.params[0] ?? d.reset.body),
      "reset's index does not look like the function's",
      'Both take the same parameters.',
    )
  }
  const lowered = lower({
    ...request,
    gives: 'value',
    want,
    leading: [{ name: 'out', element: out! }],
    ...(d.reset && { reset: d.reset }),
  })
  refuseEffects(lowered)
  const combination: Combination = {
    kind: 'scan',
    ...combinationOf(d.operator!, want, d.use, d.float, d.call),
    exclusive: d.exclusive === true,
    segmented: d.reset !== undefined,
  }
  return { lowered, combination }
}

/** A backend may run a scan's function more than once for an index: what it changes would change twice. */
function refuseEffects({ ir, units }: Lowered): void {
  for (const v of walk(ir.body)) {
    if (v.op !== 'store' && v.op !== 'atomic') continue
    const loc = v.loc ?? { line: 1, column: 0, start: 0, end: 1 }
    throw new KernelSyntaxError(
      units[loc.unit ?? 0],
      loc,
      "a scan's function changes an array",
      'Only return the value to be combined, and write with a kernel of its own: a scan may call its function more than once.',
    )
  }
}

function scanKind(out: Element, call: string): Kind {
  switch (out) {
    case 'i32':
    case 'u32':
    case 'i64':
    case 'u64':
    case 'f32':
    case 'f64':
      return out
    default:
      throw new ArgumentError(call, 'out', 'an array of 32- or 64-bit elements', `a ${arrayName(out)}`)
  }
}

function compileFor(
  d: Definition,
  types: ArgumentType[],
  out: Element | undefined,
  backend: Backend,
  key: string,
): Specialisation {
  let made: ReturnType<typeof lowerFor> | undefined
  const lower = () => (made ??= notTooDeep(d, () => lowerFor(d, types, out)))
  const { fast, unsafe } = d
  const isLasting = d.kind === 'kernel' && d.cache !== false && isText(d.use)
  const options: BackendOptions = {
    fast,
    unsafe,
    drafts: true,
    onDisk: d.cache !== false,
    source: d.fn.source.lines,
    ...(isLasting && { text: key }),
  }
  const recalled = backend.recall?.(() => notTooDeep(d, () => optimise(lower().lowered.ir, options)), options)
  if (recalled) {
    return {
      program: recalled,
      // Errors, listings and other kinds of launches ask for them.
      get ir() {
        return lower().lowered.ir
      },
      get units() {
        return lower().lowered.units
      },
      bound: [],
      yields: undefined,
      key,
    }
  }
  const { lowered, combination } = lower()
  const program = notTooDeep(d, () => compileProgram(lowered.ir, combination, backend, options))
  return {
    program,
    ir: lowered.ir,
    units: lowered.units,
    bound: lowered.bound as ArrayBufferView[],
    yields: lowered.yields,
    key,
  }
}

function notTooDeep<T>(d: Definition, make: () => T): T {
  try {
    return make()
  } catch (e) {
    if (!(e instanceof RangeError && /call stack/.test(e.message))) throw e
    throw tooDeep(d.fn.source)
  }
}

/** Arrays and scalars of a call, in the order of the IR's buffers and scalars. */
export function bindArguments(
  types: readonly ArgumentType[],
  args: readonly unknown[],
  s: Specialisation,
  launch: Launch,
  call = 'kernel',
): void {
  const { arrays, scalars } = launch
  for (let i = 0; i < types.length; i++) {
    const x = args[i]
    switch (types[i].is) {
      case 'array':
        arrays.push(x as ArrayBufferView)
        break
      case 'view': {
        const v = x as { data: ArrayBufferView; shape: ArrayLike<number>; strides: ArrayLike<number>; offset?: number }
        arrays.push(v.data)
        for (let k = 0; k < v.shape.length; k++) scalars.push(v.shape[k])
        for (let k = 0; k < v.strides.length; k++) scalars.push(v.strides[k])
        if (v.offset !== undefined) scalars.push(v.offset)
        break
      }
      case 'boolean':
        scalars.push(x ? 1 : 0)
        break
      case 'bigint':
        if (x !== BigInt.asIntN(64, x as bigint) && x !== BigInt.asUintN(64, x as bigint))
          throw new ArgumentError(call, `argument ${i + 1}`, 'a BigInt of 64 bits', x)
        scalars.push(x as bigint)
        break
      default:
        scalars.push(x as number)
    }
  }
  for (const a of s.bound) arrays.push(a)
}
