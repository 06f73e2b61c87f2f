/** One random kernel and one launch of it, run in every way there is; what differs is told in words. */
import { Random } from '@skein/base'
import { heap } from '@skein/heap'
import { atomic, IndexError, KernelAssertionError, kernel, random, reduce, scan } from '@skein/kernel'
import { BLOCK } from '../../compute/kernel/src/backend.ts'
import { compileProgram } from '../../compute/kernel/src/compile.ts'
import { parseFunction } from '../../compute/kernel/src/front/source.ts'
import { extentsOf } from '../../compute/kernel/src/range.ts'
import { bindArguments, type Definition, lowerFor, typesOf } from '../../compute/kernel/src/specialise.ts'
import { reduceInOrder, scanInOrder } from '../../compute/kernel/test/order.ts'
import { newArray, randomValue } from '../../compute/kernel/test/random-values.ts'
import type { Choices } from './choices.ts'
import { backendOf, type Compiled, canRun, MACHINES, type Machine, optionsOf, told } from './machines.ts'
import { randomSource } from './source/kernel.ts'
import type { Param, SourceKernel } from './source/words.ts'

type Numbers = ArrayBufferView & { [index: number]: number | bigint; readonly length: number }
type Span = { begin: number; end: number; step: number }

export interface Trial {
  kernel: SourceKernel
  /** Sizes of the box in which the range lies, by dimension. */
  box: number[]
  spans: Span[]
  seed: number
  ways: Way[]
}

/** How to run it on a backend that compiles. */
export interface Way {
  machine: Machine
  threads: number
  schedule: 'static' | 'dynamic' | 'guided' | 'auto'
  chunk: number | undefined
  async: boolean
  inHeap: boolean
  /** Lanes of a strip, or undefined to go through the public calls. */
  lanes: number | undefined
}

const SIZES = [...Array.from({ length: 18 }, (_, n) => n), 31, 32, 33, 63, 64, 65, 100, 257, 1000]

export function randomTrial(c: Choices): Trial {
  const made = randomSource(c)
  const box =
    made.rank === 1
      ? [made.kind !== 'kernel' && c.oneIn(8) ? BLOCK + c.below(BLOCK + 100) : c.pick(SIZES)]
      : Array.from({ length: made.rank }, (_, d) => (d === made.rank - 1 ? c.pick(SIZES.slice(0, 24)) : c.below(5)))
  const spans = box.map(n => randomSpan(c, n))
  const ways = (['wasm', 'wasm', 'x64', 'x64'] as const).map(
    (backend): Way => ({
      machine: c.pick(MACHINES[backend]),
      threads: 1 + c.below(4),
      schedule: c.pick(['auto', 'static', 'dynamic', 'guided'] as const),
      chunk: c.pick([undefined, 1, 2, 7, 64]),
      async: c.below(2) === 1,
      inHeap: c.below(2) === 1,
      lanes: c.pick([undefined, undefined, 1, 4, 8, 16, 32]),
    }),
  )
  return { kernel: made, box, spans, seed: c.below(1000), ways }
}

function randomSpan(c: Choices, n: number): Span {
  switch (c.below(6)) {
    case 3: {
      const begin = c.below(n + 1)
      return { begin, end: begin + c.below(n - begin + 1), step: 1 }
    }
    case 4:
      return { begin: 0, end: n, step: 1 + c.below(4) }
    case 5:
      return { begin: n - 1, end: -1, step: -1 - c.below(3) }
    default:
      return { begin: 0, end: n, step: 1 }
  }
}

/** The trial as a program that a reader can run. */
export function show({ kernel: k, box, spans, seed, ways }: Trial): string {
  const args = k.params.map(
    p => `${p.name}: ${p.is}${'element' in p ? ` ${p.element}` : ''}${p.is === 'scalar' ? ` ${p.type}` : ''}`,
  )
  return [
    `// ${k.kind}${k.operator ? ` ${k.operator}` : ''}${k.out ? ` out: ${k.out}` : ''}${k.exclusive ? ' exclusive' : ''}${k.single ? ' float: f32' : ''}${k.unsafe ? ' unsafe' : ''}; arguments ${args.join(', ')}`,
    `// box [${box.join(', ')}], range ${spans.map(s => `${s.begin}:${s.end}:${s.step}`).join(' × ')}, data seed ${seed}`,
    ...ways.map(w => `// ${JSON.stringify(w)}`),
    ...(k.used ? [k.used] : []),
    ...(k.reset ? [`// reset: ${k.reset}`] : []),
    k.text,
  ].join('\n')
}

interface Built {
  fn: Function
  use: { [name: string]: unknown }
  operator: any
  reset: Function | undefined
}

function build(k: SourceKernel): Built {
  const text = `${k.used}
    return { fn: ${k.text}, use: { ${k.names.join(', ')} }, operator: ${k.operator ?? 'undefined'}, reset: ${k.reset ?? 'undefined'} }`
  return new Function('atomic', 'random', 'assert', text)(atomic, random, (x: unknown) => {
    if (!x) throw new Error('assert')
  })
}

/** Elements before and after each array that nothing may change. */
const MARGIN = 19

interface Arguments {
  values: unknown[]
  out: Numbers | undefined
  /** Names, arrays and the larger arrays they lie in. */
  arrays: { name: string; array: Numbers; whole: Numbers }[]
  release(): void
}

function makeArguments(t: Trial, inHeap: boolean): Arguments {
  const { kernel: k, box, seed } = t
  const random = new Random(seed + 1)
  const count = box.reduce((a, b) => a * b, 1)
  const arrays: Arguments['arrays'] = []
  const inside = (
    name: string,
    element: Parameters<typeof newArray>[0],
    length: number,
    value: (i: number) => number | bigint,
  ) => {
    const plain = newArray(element, length + 2 * MARGIN)
    for (let i = 0; i < plain.length; i++) plain[i] = randomValue(random, element)
    for (let i = 0; i < length; i++) plain[i + MARGIN] = value(i)
    const whole = (inHeap ? heap.array(plain.constructor as any, plain as any) : plain) as Numbers
    const array = (whole as unknown as Float64Array).subarray(MARGIN, MARGIN + length) as unknown as Numbers
    arrays.push({ name, array, whole })
    return array
  }
  const argumentOf = (p: Param): unknown => {
    switch (p.is) {
      case 'input':
        return inside(p.name, p.element, 3 * count + 8, () => randomValue(random, p.element))
      case 'indices':
        return inside(p.name, p.element, Math.max(1, count), () => random.integer(0, Math.max(1, count)))
      case 'output':
        return inside(p.name, p.element, count * p.slots, () => randomValue(random, p.element))
      case 'counters':
        return inside(p.name, p.element, 8, () => randomValue(random, p.element))
      case 'size':
        return p.of === 'n' ? count : p.of === 'w' ? box.at(-1) : box.at(-2)
      case 'scalar':
        if (p.type === 'b') return random.integer(0, 2) === 1
        if (p.type === 'n') return randomValue(random, 'i64')
        return p.type === 'i' ? randomValue(random, random.integer(0, 2) ? 'i8' : 'i32') : random.normal() * 10 + 0.25
    }
  }
  const values = k.params.map(argumentOf)
  const out =
    k.out &&
    inside(
      'out',
      k.out,
      t.spans.reduce((n, s) => n * countOf(s), 1),
      () => randomValue(random, k.out!),
    )
  return { values, out, arrays, release: () => inHeap && arrays.forEach(a => heap.release(a.whole as any)) }
}

const countOf = (s: Span): number => Math.max(0, Math.ceil((s.end - s.begin) / s.step))

function* indicesOf(spans: Span[]): Generator<number[]> {
  if (spans.length === 0) {
    yield []
    return
  }
  const [s, ...rest] = spans
  for (let k = 0; k < countOf(s); k++) for (const inner of indicesOf(rest)) yield [s.begin + k * s.step, ...inner]
}

type Result = { value: unknown } | { failed: string }

/** The function itself, index after index; a reduction in the order that the arithmetic page states. */
function runPlain(t: Trial, b: Built, args: Arguments): Result {
  const { kernel: k, spans } = t
  const call = (f: Function, at: number[]) => f(k.rank === 1 ? at[0] : at, ...args.values)
  if (k.kind === 'kernel') {
    for (const at of indicesOf(spans)) call(b.fn, at)
    return { value: undefined }
  }
  const type = typeOfResult(k)
  const combine = combineOf(b.operator, type)
  const init = initOf(b.operator, type)
  const rows = [...indicesOf(spans.slice(0, -1))].map(outer =>
    [...indicesOf(spans.slice(-1))].map(([last]) => [...outer, last]),
  )
  if (k.kind === 'reduce') {
    const values = rows.map(row => row.map(at => call(b.fn, at)))
    return { value: reduceInOrder<unknown>(values, init, combine, type === 'f' || type === 'n' ? 16 : 32) }
  }
  const values = rows.map(row =>
    row.map(at => ({ x: call(b.fn, at), head: b.reset ? Boolean(call(b.reset, at)) : false })),
  )
  for (const [i, x] of scanInOrder<unknown>(values, init, combine, k.exclusive === true).entries())
    args.out![i] = x as number
  return { value: undefined }
}

type Kind = 'i' | 'u' | 'f' | 'F' | 'n'

const typeOfResult = (k: SourceKernel): Kind =>
  k.kind === 'scan'
    ? ({ i32: 'i', u32: 'u', f64: 'f', f32: 'F', i64: 'n' } as { [e: string]: Kind })[k.out!]
    : k.yields!

function combineOf(op: any, type: Kind): (a: any, b: any) => unknown {
  const f = typeof op === 'object' ? op.combine : named(op, type)
  switch (type) {
    case 'i':
      return (a, b) => f(a, b) | 0
    case 'u':
      return (a, b) => f(a, b) >>> 0
    case 'F':
      return (a, b) => Math.fround(f(a, b))
    case 'n':
      return (a, b) => BigInt.asIntN(64, f(a, b))
    default:
      return f
  }
}

function named(op: string, type: Kind): (a: any, b: any) => any {
  const big = type === 'n'
  switch (op) {
    case '+':
      return (a, b) => a + b
    case '*':
      return type === 'i' ? Math.imul : (a, b) => a * b
    case 'min':
      return big ? (a, b) => (b < a ? b : a) : Math.min
    case 'max':
      return big ? (a, b) => (b > a ? b : a) : Math.max
    case '&':
      return (a, b) => a & b
    case '|':
      return (a, b) => a | b
    default:
      return (a, b) => a ^ b
  }
}

function initOf(op: any, type: Kind): unknown {
  if (typeof op === 'object') return op.init
  const big = (x: number) => (type === 'n' ? BigInt(x) : x)
  switch (op) {
    case '*':
      return big(1)
    case '&':
      return type === 'u' ? 4294967295 : big(-1)
    case 'min':
      return { i: 2147483647, u: 4294967295, n: 2n ** 63n - 1n, f: Infinity, F: Infinity }[type]
    case 'max':
      return { i: -2147483648, u: 0, n: -(2n ** 63n), f: -Infinity, F: -Infinity }[type]
    default:
      return big(0)
  }
}

const rangeOf = (t: Trial) => (t.kernel.rank === 1 ? t.spans[0] : t.spans)

function make({ kernel: k }: Trial, b: Built): any {
  const options = { use: b.use, float: k.single ? ('f32' as const) : ('f64' as const), unsafe: k.unsafe === true }
  if (k.kind === 'kernel') return kernel(b.fn as any, options)
  if (k.kind === 'reduce') return reduce(b.operator, b.fn as any, options)
  return scan(b.operator, b.fn as any, {
    ...options,
    exclusive: k.exclusive === true,
    ...(b.reset && { reset: b.reset as any }),
  })
}

/** Errors of the kernel's own making are results; all others are faults. */
async function result(run: () => unknown): Promise<Result> {
  try {
    return { value: await run() }
  } catch (e) {
    if (e instanceof IndexError || e instanceof KernelAssertionError) return { failed: e.name }
    throw e
  }
}

/** Through the parts of the compiler, with lanes as wished. */
async function runLanes(t: Trial, b: Built, args: Arguments, way: Way): Promise<unknown> {
  const { kernel: k } = t
  const d: Definition = {
    kind: k.kind,
    fn: parseFunction(b.fn, 'fuzz'),
    use: b.use,
    float: k.single ? 'f32' : 'f64',
    fast: false,
    unsafe: k.unsafe === true,
    call: 'fuzz',
    operator: b.operator,
    ...(k.exclusive && { exclusive: true }),
    ...(b.reset && { reset: parseFunction(b.reset, 'reset') }),
  }
  const types = typesOf(d, args.values)
  const { lowered, combination } = lowerFor(d, types, k.out)
  const options = { fast: false, unsafe: k.unsafe === true, source: [], lanes: way.lanes, worthCopies: 0 }
  const { machine } = way
  const program = compileProgram(lowered.ir, combination, backendOf(machine), optionsOf(machine, options))
  try {
    const launch = {
      extents: extentsOf(rangeOf(t), k.rank, 'fuzz'),
      scalars: [],
      arrays: args.out ? [args.out] : [],
      threads: way.threads,
      schedule: way.schedule,
      chunk: way.chunk,
    }
    bindArguments(types, args.values, { bound: lowered.bound } as any, launch)
    const outcome = way.async ? await program.runAsync(launch) : program.run(launch)
    if ('failure' in outcome) throw new IndexErrorStandIn()
    if (k.kind !== 'reduce') return undefined
    const v = outcome.value!
    return k.yields === 'u' ? (v as number) >>> 0 : v
  } finally {
    program.dispose()
  }
}

class IndexErrorStandIn extends Error {}

/**
 * Undefined when all agree; else what differs. Throws when something breaks that no kernel may break.
 * @param backends that are compared with the reference; a way that cannot run here is left out
 */
export async function judge(t: Trial, backends: readonly Compiled[]): Promise<string | undefined> {
  const { kernel: k } = t
  const b = build(k)
  const expected = makeArguments(t, false)
  const user = make(t, b)
  const call = (f: any, args: Arguments) => f(rangeOf(t), ...(args.out ? [args.out] : []), ...args.values)
  const right = await result(() => call(user.on('reference'), expected))
  const failed = 'failed' in right
  if (failed && !k.mayFail) return `the reference fails: ${right.failed}`
  // An access out of range whose value nobody uses may be dropped, which JavaScript does not do.
  if (k.exact && !k.mayFail) {
    const plain = makeArguments(t, false)
    const found = runPlain(t, b, plain)
    const d = difference(found, plain, right, expected, false)
    if (d) return `reference, against plain JavaScript: ${d}`
  }
  for (const way of t.ways) {
    const { machine } = way
    if (!backends.includes(machine.backend) || !canRun(machine)) continue
    const args = makeArguments(t, way.inHeap)
    try {
      let found: Result
      if (way.lanes !== undefined || machine.target || machine.naive) {
        try {
          found = { value: await runLanes(t, b, args, way) }
        } catch (e) {
          if (!(e instanceof IndexErrorStandIn)) throw e
          found = { failed: 'IndexError' }
        }
      } else {
        const { threads, schedule, chunk } = way
        const f = user.on(machine.backend).with({ threads, schedule, ...(chunk && { chunk }) })
        found = await result(() => call(way.async ? f.async : f, args))
      }
      const d = difference(right, expected, found, args, failed)
      if (d) return `${told(machine)} ${JSON.stringify(way)}, against the reference: ${d}`
    } finally {
      args.release()
    }
  }
  return undefined
}

function difference(x: Result, a: Arguments, y: Result, b: Arguments, failed: boolean): string | undefined {
  if ('failed' in x !== 'failed' in y) return `${outcome(y)}, not ${outcome(x)}`
  if (!failed && 'value' in x && 'value' in y && !Object.is(x.value, y.value))
    return `gives ${String(y.value)}, not ${String(x.value)}`
  for (const [i, { name, array, whole }] of a.arrays.entries()) {
    const found = b.arrays[i].whole
    for (let k = 0; k < whole.length; k++) {
      const inside = k >= MARGIN && k < MARGIN + array.length
      if (Object.is(whole[k], found[k]) || (failed && inside)) continue
      if (!inside) return `element ${k - MARGIN} beside ${name} (${array.length} elements) was changed`
      return `${name}[${k - MARGIN}] is ${String(found[k])}, not ${String(whole[k])}`
    }
  }
  return undefined
}

const outcome = (r: Result): string => ('failed' in r ? `ends with ${r.failed}` : 'ends well')
