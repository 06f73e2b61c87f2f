/** What a user calls: `kernel`, `reduce`, `scan`. */
import { ArgumentError, CancelledError, NotSupportedError, span, tracer } from '@skein/base'
import type { Backend, Failure, Launch, Outcome, Schedule } from './backend.ts'
import { askedBackend, type BackendName, backendNames, backends, usualBackend } from './backends.ts'
import { checkOperator, combinedKind, type Operator, toUser, type UserOperator } from './combine.ts'
import { explainPasses } from './compile.ts'
import { IndexError, KernelAssertionError } from './errors.ts'
import { indexNames } from './front/lower.ts'
import { type ArgumentType, type Captured, elementOfArray, isWhole } from './front/signature.ts'
import { callSite, capturedOf, nameAt, parseFunction } from './front/source.ts'
import { extentsOf, type Range } from './range.ts'
import {
  bindArguments,
  type Definition,
  lowerFor,
  outputFirst,
  type Specialisation,
  specialise,
  typesOf,
} from './specialise.ts'

/** The index of an iteration: a number, or destructured for two and three dimensions. */
export type Index = number & readonly [number, number, number]

export interface KernelOptions {
  /**
   * Values and helper functions that the kernel names from outside; read when the kernel is made. As a function,
   * `() => ({ WIDTH, smooth })`, the names survive a minifier.
   */
  use?: Captured | (() => Captured)
  /** Shown in errors and listings. Default: the function's name. */
  name?: string
  /** The float that integers and fraction literals make where no array's type decides. Default 'f64'. */
  float?: 'f32' | 'f64'
  /** Allow fused multiply-add and relaxed SIMD: faster, results may differ in the last bits. */
  fast?: boolean
  /** Leave out bounds checks. The caller promises that every index is in range; if not, memory is corrupted. */
  unsafe?: boolean
  /** Keep its machine code on disk for the next process. Default true, unless `SKEIN_CACHE=off`. */
  cache?: boolean
}

export interface RunOptions {
  /** At most so many threads. Default: the team's. */
  threads?: number
  /** How iterations come to threads, as in OpenMP. Default 'auto': shares with stealing. */
  schedule?: Schedule
  /** Iterations (rank 1) or rows handed out at a time. */
  chunk?: number
  unsafe?: boolean
  /** For `.async`: ends the call with a CancelledError. */
  signal?: AbortSignal
}

export type ExplainLevel = 'ir' | 'passes' | 'code' | 'all'

interface Runner<A extends unknown[], Before extends unknown[], R> {
  /** Runs over the range on this thread and the team; returns when done. */
  (range: Range, ...args: [...Before, ...A]): R
  /** The same without blocking the event loop. Arrays must not be changed meanwhile. */
  async(range: Range, ...args: [...Before, ...A]): Promise<R>
  /** The same kernel on another backend. */
  on(backend: BackendName): this
  /** The same kernel with other settings. */
  with(options: RunOptions): this
  /**
   * What the compiler made of it: 'ir' from the front end, 'passes' after each pass, 'code' of the backend, or 'all'. For the
   * types of the last call, or of the arguments given.
   */
  explain(level?: ExplainLevel, ...call: [] | [range: Range, ...args: [...Before, ...A]]): string
  readonly kernelName: string
}

export interface Kernel<A extends unknown[]> extends Runner<A, [], void> {}
export interface Reduction<A extends unknown[], T> extends Runner<A, [], T> {}
export interface Scan<A extends unknown[]> extends Runner<A, [out: ScanOutput], void> {}
export type ScanOutput = Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array

/** Compiles a plain function that handles one index; the result runs it over a range. Iterations are independent. */
export function kernel<A extends unknown[]>(
  fn: (index: Index, ...args: A) => void,
  options: KernelOptions = {},
): Kernel<A> {
  return make(define('kernel', fn, options)) as unknown as Kernel<A>
}

type Value = number | bigint | boolean
type Combined<V> = V extends bigint ? bigint : number

/**
 * A function that combines what `fn` gives for every index of a range. The order is fixed (see the arithmetic page): the
 * result does not depend on threads.
 */
export function reduce<A extends unknown[], V extends Value>(
  operator: Operator,
  fn: (index: Index, ...args: A) => V,
  options?: KernelOptions,
): Reduction<A, Combined<V>>
export function reduce<A extends unknown[]>(
  operator: UserOperator<bigint>,
  fn: (index: Index, ...args: A) => bigint,
  options?: KernelOptions,
): Reduction<A, bigint>
export function reduce<A extends unknown[]>(
  operator: UserOperator<number>,
  fn: (index: Index, ...args: A) => number | boolean,
  options?: KernelOptions,
): Reduction<A, number>
export function reduce(
  operator: Operator | UserOperator<any>,
  fn: (index: Index, ...args: any[]) => Value,
  options: KernelOptions = {},
): unknown {
  return make({ ...define('reduce', fn, options), operator })
}

export interface ScanOptions<A extends unknown[]> extends KernelOptions {
  /** Each element gets what was combined before it. */
  exclusive?: boolean
  /** Where this gives true, a new segment begins. */
  reset?: (index: Index, ...args: A) => unknown
}

/** A prefix combination: `out[k]` gets what `fn` gave for the first k + 1 indices of the range (k, if exclusive), combined. */
export function scan<A extends unknown[]>(
  operator: Operator,
  fn: (index: Index, ...args: A) => Value,
  options?: ScanOptions<A>,
): Scan<A>
export function scan<A extends unknown[]>(
  operator: UserOperator<bigint>,
  fn: (index: Index, ...args: A) => bigint,
  options?: ScanOptions<A>,
): Scan<A>
export function scan<A extends unknown[]>(
  operator: UserOperator<number>,
  fn: (index: Index, ...args: A) => number | boolean,
  options?: ScanOptions<A>,
): Scan<A>
export function scan(
  operator: Operator | UserOperator<any>,
  fn: (index: Index, ...args: any[]) => Value,
  options: ScanOptions<any[]> = {},
): unknown {
  const d = { ...define('scan', fn, options), operator, exclusive: options.exclusive === true }
  if (options.reset !== undefined && typeof options.reset !== 'function')
    throw new ArgumentError(d.call, 'reset', 'a function of the same parameters', options.reset)
  if (options.reset) d.reset = parseFunction(options.reset, `${d.fn.source.name} reset`, {})
  return make(d)
}

const OPTIONS = new Set(['use', 'name', 'float', 'fast', 'unsafe', 'cache'])
const SCAN_OPTIONS = new Set(['exclusive', 'reset'])
const SETTINGS = new Set(['threads', 'schedule', 'chunk', 'unsafe', 'signal'])

function define(kind: Definition['kind'], fn: Function, options: KernelOptions & { operator?: unknown }): Definition {
  if (typeof fn !== 'function') throw new ArgumentError(kind, 'fn', 'a function', fn)
  if (options === null || typeof options !== 'object') throw new ArgumentError(kind, 'options', 'an object', options)
  for (const key of Object.keys(options)) {
    if (!OPTIONS.has(key) && !(kind === 'scan' && SCAN_OPTIONS.has(key)))
      throw new ArgumentError(kind, 'options', `some of ${[...OPTIONS].join(', ')}`, `{ ${key} }`)
  }
  if (options.name !== undefined && typeof options.name !== 'string')
    throw new ArgumentError(kind, 'name', 'a string', options.name)
  const site = callSite()
  const parsed = parseFunction(fn, options.name || fn.name || nameAt(site), site)
  const call = `${kind} ${parsed.source.name}`
  const { float = 'f64', use = {} } = options
  if (float !== 'f32' && float !== 'f64') throw new ArgumentError(call, 'float', "'f32' or 'f64'", float)
  if (use === null || (typeof use !== 'object' && typeof use !== 'function'))
    throw new ArgumentError(call, 'use', 'an object of names and values, or a function that gives one', use)
  indexNames(parsed)
  return {
    kind,
    fn: parsed,
    use: capturedOf(use),
    float,
    fast: options.fast === true,
    unsafe: options.unsafe === true,
    cache: options.cache !== false,
    call,
  }
}

interface Settings extends RunOptions {
  /** Undefined: the usual one, which is found out at the first call. */
  backend: Backend | undefined
}

/** The last call's types, kept to recognise the next call quickly. */
interface Last {
  types: ArgumentType[]
  constructors: unknown[]
  out: unknown
  s: Specialisation
}

function make(d: Definition, settings: Settings = { backend: askedBackend() }): unknown {
  if (d.operator !== undefined || d.kind !== 'kernel') checkOperator(d.operator, d.call)
  const rank = indexNames(d.fn).length || 1
  const definition = settings.unsafe === undefined ? d : { ...d, unsafe: settings.unsafe }
  const threads = settings.threads ?? Number.MAX_SAFE_INTEGER
  const schedule = settings.schedule ?? 'auto'
  let last: Last | undefined
  const backend = (): Backend => (settings.backend ??= usualBackend())

  const prepare = (range: unknown, given: unknown[]): { s: Specialisation; launch: Launch } => {
    const extents = extentsOf(range, rank, d.call)
    let args = given
    let out: unknown
    if (d.kind === 'scan') {
      out = given[0]
      args = given.slice(1)
      checkOutput(out, extents, d)
    }
    if (!last || !sameTypes(last, args, out)) {
      const types = typesOf(definition, args)
      const s = specialise(definition, types, out === undefined ? undefined : elementOfArray(out), backend())
      last = { types, constructors: args.map(constructorOf), out: constructorOf(out), s }
    }
    const launch: Launch = {
      extents,
      scalars: [],
      arrays: out === undefined ? [] : [out as ArrayBufferView],
      threads,
      schedule,
      chunk: settings.chunk,
    }
    bindArguments(last.types, args, last.s, launch, d.call)
    return { s: last.s, launch }
  }

  const finish = (s: Specialisation, launch: Launch, outcome: Outcome): unknown => {
    if ('failure' in outcome) throw failed(d, s, launch, outcome.failure)
    if (d.kind !== 'reduce') return undefined
    const kind = combinedKind(s.yields!)
    return toUser(outcome.value!, kind)
  }

  const run = (range: unknown, ...args: unknown[]): unknown => {
    if (settings.signal) CancelledError.check(settings.signal, d.call)
    if (tracer.enabled) return span(d.call, { backend: backend().name }, () => runNow(range, args))
    return runNow(range, args)
  }

  const runNow = (range: unknown, args: unknown[]): unknown => {
    const { s, launch } = prepare(range, args)
    return finish(s, launch, s.program.run(launch))
  }

  const made = Object.assign(run, {
    kernelName: d.fn.source.name,
    async: async (range: unknown, ...args: unknown[]): Promise<unknown> => {
      const { signal } = settings
      CancelledError.check(signal, d.call)
      const { s, launch } = prepare(range, args)
      if (signal) launch.signal = signal
      const outcome = await span(`${d.call} async`, { backend: backend().name }, () => s.program.runAsync(launch))
      return finish(s, launch, outcome)
    },
    on(name: BackendName): unknown {
      const backend = Object.hasOwn(backends, name) ? backends[name] : undefined
      if (!backend) throw new ArgumentError(d.call, 'backend', backendNames, name)
      const reason = backend.unavailable()
      if (reason) throw new NotSupportedError(name, d.call, reason)
      return make(d, { ...settings, backend })
    },
    with(options: RunOptions): unknown {
      checkSettings(options, d.call)
      return make(d, { ...settings, ...options })
    },
    explain(level: ExplainLevel = 'all', ...call: [] | [Range, ...unknown[]]): string {
      if (!['ir', 'passes', 'code', 'all'].includes(level))
        throw new ArgumentError(d.call, 'level', "'ir', 'passes', 'code' or 'all'", level)
      if (call.length) prepare(call[0], call.slice(1))
      if (!last)
        throw new ArgumentError(
          d.call,
          'arguments',
          'given to explain, or the kernel called before: its types depend on them',
          'absent',
        )
      const { lowered } = lowerFor(definition, last.types, last.s.ir.buffers[0]?.element)
      const parts: string[] = []
      const steps = explainPasses(lowered.ir, definition)
      if (level === 'all') parts.push(`── source\n${d.fn.text}`)
      if (level === 'ir') parts.push(steps[0].text)
      if (level === 'passes' || level === 'all')
        parts.push(...steps.map(step => `── IR after ${step.name}\n${step.text}`))
      if (level === 'code' || level === 'all') parts.push(`── ${backend().name}\n${last.s.program.listing()}`)
      return parts.join('\n\n')
    },
  })
  ;(globalThis as { [registry]?: unknown[] })[registry]?.push(made)
  return made
}

/** A tool that wants to see every kernel of a program (`skein explain`) puts an array there before it imports the program. */
const registry = Symbol.for('skein.kernels')

const constructorOf = (x: unknown): unknown =>
  typeof x === 'number'
    ? isWhole(x)
      ? 0
      : 1
    : typeof x === 'object' && ArrayBuffer.isView(x)
      ? x.constructor
      : undefined

/** Whether arguments have the types of the last call; a quick check that may say no too often, never yes too often. */
function sameTypes(last: Last, args: unknown[], out: unknown): boolean {
  const known = last.constructors
  if (known.length !== args.length || constructorOf(out) !== last.out) return false
  for (let i = 0; i < args.length; i++) {
    const c = constructorOf(args[i])
    if (c === undefined || c !== known[i]) return false
    if (typeof args[i] === 'object' && (args[i] as ArrayBufferView).byteLength === 0) return false
  }
  return true
}

function checkOutput(out: unknown, extents: Launch['extents'], d: Definition): void {
  const element = elementOfArray(out)
  if (!element) throw new ArgumentError(d.call, 'out', 'a typed array that takes the result', out, outputFirst(d))
  const count = extents.reduce((n, e) => n * Math.max(0, Math.ceil((e.end - e.begin) / e.step)), 1)
  const { length } = out as { length: number } & object
  if (length < count) throw new ArgumentError(d.call, 'out', `an array of at least ${count} elements`, out)
}

const SCHEDULES = new Set(['static', 'dynamic', 'guided', 'auto'])

function checkSettings(o: RunOptions, call: string): void {
  if (o === null || typeof o !== 'object') throw new ArgumentError(call, 'options', 'an object', o)
  for (const key of Object.keys(o)) {
    if (!SETTINGS.has(key))
      throw new ArgumentError(call, 'options', `some of ${[...SETTINGS].join(', ')}`, `{ ${key} }`)
  }
  const positive = (x: unknown) => Number.isSafeInteger(x) && (x as number) >= 1
  if (o.threads !== undefined && !positive(o.threads))
    throw new ArgumentError(call, 'threads', 'a whole number from 1', o.threads)
  if (o.chunk !== undefined && !(positive(o.chunk) && o.chunk < 2 ** 31))
    throw new ArgumentError(call, 'chunk', 'a whole number from 1 to 2^31 - 1', o.chunk)
  if (o.schedule !== undefined && !SCHEDULES.has(o.schedule))
    throw new ArgumentError(call, 'schedule', "'static', 'dynamic', 'guided' or 'auto'", o.schedule)
  if (o.signal !== undefined && !(o.signal instanceof AbortSignal))
    throw new ArgumentError(call, 'signal', 'an AbortSignal', o.signal)
}

function failed(d: Definition, s: Specialisation, launch: Launch, failure: Failure): Error {
  const site = s.ir.sites[failure.site]
  const unit = site.loc.unit ?? 0
  // Programs are shared: the position in a file is this kernel's own.
  const source = unit === 0 ? d.fn.source : { ...s.units[unit], name: d.fn.source.name }
  if (site.kind === 'assert') return new KernelAssertionError(source, site.loc, site.text, site.message)
  const buffer = s.ir.buffers[site.buffer!]
  const length =
    buffer.space === 'local' ? buffer.length! : (launch.arrays[site.buffer!] as unknown as { length: number }).length
  return new IndexError(source, site.loc, site.text, buffer.name, failure.index, length, site.float)
}
