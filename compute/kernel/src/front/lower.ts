/** The front end: a parsed function and the types of its arguments become IR. */
import { KernelSyntaxError, KernelTypeError, type SourceText } from '../errors.ts'
import type { KernelIR, Type } from '../ir/ir.ts'
import { lowerCall } from './calls.ts'
import { assignedIn } from './changes.ts'
import { type Binding, type Frame, Lowering, type Options, type Rules } from './context.ts'
import { alwaysReturns } from './exits.ts'
import { lowerExpression } from './expressions.ts'
import { IR_TYPE, type Kind, strengthen, type Typed } from './kinds.ts'
import type { ArgumentType, Captured } from './signature.ts'
import { locate, type ParsedFunction, type Tree } from './source.ts'
import { lowerFunction, lowerKernelBody } from './statements.ts'

export interface Lowered {
  ir: KernelIR
  /** Source texts by the `unit` of a location: the kernel's own, then those of helpers. */
  units: SourceText[]
  /** Arrays given in `use`, to be bound after the arguments: their buffers follow those of the parameters. */
  bound: object[]
  /** Kind of the value that a reduction's body yields. */
  yields: Kind | undefined
}

export interface Request extends Options {
  fn: ParsedFunction
  use: Captured
  args: ArgumentType[]
  /** What the function gives: nothing (kernel), a value (reduce, scan). */
  gives: 'nothing' | 'value'
  /** Number of leading parameters that are the range's indices: 1, or 0 for a combine function. */
  indices: 0 | 1
  /** Buffers the compiler itself puts first (a scan's output), before those of the parameters. */
  leading?: { name: string; element: KernelIR['buffers'][number]['element'] }[]
  /** Strong kind wanted for the yielded value. */
  want?: Kind
  /** A second function of the same parameters whose truth is yielded too: where a segment begins. */
  reset?: ParsedFunction
}

const rules: Rules = { expression: lowerExpression, call: lowerCall, helper: lowerFunction }

const MAX_ROUNDS = 12

export function lower(request: Request): Lowered {
  let kinds: ReadonlyMap<string, Kind> = new Map()
  for (let round = 0; ; round++) {
    const L = new Lowering([request.fn.source], { float: request.float }, kinds, rules)
    let result: Lowered | undefined
    let failure: unknown
    try {
      result = attempt(request, L)
    } catch (e) {
      // A BigInt where a number was assumed: what was found until then may be all that the next round needs.
      if (!(e instanceof KernelTypeError)) throw e
      failure = e
    }
    const { kinds: found, same } = L.settled()
    if (result && same) return result
    if (!result && [...found].every(([key, k]) => kinds.get(key) === k)) throw failure
    if (!result) for (const [key, k] of kinds) if (!found.has(key)) found.set(key, k)
    if (round >= MAX_ROUNDS) {
      if (!result) throw failure
      throw new KernelSyntaxError(
        request.fn.source,
        locate(request.fn.body),
        'the types of its variables do not settle',
        'Give the variables a type at their declaration, such as Math.fround(0) for float32.',
      )
    }
    // Past a few rounds only widening is allowed, so that two variables cannot chase each other.
    if (round > 5) for (const [k, v] of kinds) if (v === 'f64') found.set(k, 'f64')
    kinds = found
  }
}

/** The rank of a kernel and the names of its indices, from the first parameter: `i`, or `[row, col]`. */
export function indexNames(fn: ParsedFunction): string[] {
  const p = fn.params[0]
  if (!p) return []
  if (p.type === 'Identifier') return [p.name]
  if (
    p.type === 'ArrayPattern' &&
    p.elements.length >= 1 &&
    p.elements.length <= 3 &&
    p.elements.every((e: Tree | null) => e === null || e.type === 'Identifier')
  ) {
    return p.elements.map((e: Tree | null, i: number) => (e ? e.name : `#${i}`))
  }
  throw new KernelSyntaxError(
    fn.source,
    locate(p),
    'the first parameter is not an index',
    'Write (i, …) for a range, ([row, col], …) or ([z, y, x], …) for two or three dimensions.',
  )
}

function attempt(request: Request, L: Lowering): Lowered {
  const { fn } = request
  const frame: Frame = { unit: 0, path: '', result: undefined, exits: [], declared: 0 }
  L.frame = frame
  for (const b of request.leading ?? []) L.buffers.push({ ...b, space: 'global' })
  const names = request.indices ? indexNames(fn) : []
  // () => 1 is run once for each index, too.
  const rank = request.indices ? Math.max(1, names.length) : 0
  const indices = names.map((_, d): Typed => ({ v: L.b.op('index', 'i32', [], d), k: 'i32' }))
  const params = fn.params.slice(request.indices)
  const bindings = params.map((p, i) => parameter(L, p, request.args[i]))
  const laterBound = L.buffers.length
  for (const [name, value] of Object.entries(request.use)) L.root.names.set(name, lazily(L, value, name))
  const bindAll = (own: ParsedFunction) => {
    L.assignedNames = assignedIn([own.body])
    const ownNames = request.indices ? indexNames(own) : []
    ownNames.forEach((name, d) => L.bind(name, { is: 'typed', t: indices[d] }))
    own.params.slice(request.indices).forEach((p, i) => {
      const absent = p.type === 'AssignmentPattern' && !bindings[i]
      const given = absent
        ? (L.resolveAny(p.right) ?? { is: 'typed' as const, t: lowerExpression(L, p.right) })
        : bindings[i]
      if (given) bindParam(L, own, p, given)
    })
  }
  const yielding = (own: ParsedFunction, want: Kind | undefined): Typed => {
    let t: Typed
    if (own.body.type !== 'BlockStatement') t = lowerExpression(L, own.body)
    else {
      const result = L.variable('#result', true)
      const exit = L.flag('return')
      frame.exits = [exit]
      frame.result = result
      frame.give = x => x
      L.declareEmpty(result)
      lowerKernelBody(L, own.body)
      if (!alwaysReturns(own.body)) {
        throw new KernelSyntaxError(
          own.source,
          locate(own.body),
          'the function does not give a value on every path',
          'Return what is to be combined.',
        )
      }
      t = L.read(result)
      frame.result = undefined
      frame.exits = []
    }
    return L.convert(t, want ?? strengthen(t.k, request.float), own.body)
  }
  let yields: Kind | undefined
  const yielded: Typed[] = []
  L.inScope(() => {
    bindAll(fn)
    if (request.gives === 'value') {
      const t = yielding(fn, request.want)
      yields = t.k
      yielded.push(t)
      if (request.reset) {
        L.units.push(request.reset.source)
        frame.unit = L.units.length - 1
        frame.path = '#reset'
        const reset = request.reset
        L.inScope(() => {
          bindAll(reset)
          yielded.push(yielding(reset, 'bool'))
        })
      }
    } else if (fn.body.type === 'BlockStatement') {
      frame.exits.push(L.flag('return'))
      lowerKernelBody(L, fn.body)
    } else {
      // (i, x, y) => y[i] = x[i]: the expression is there for its effect.
      lowerKernelBody(L, { ...fn.body, type: 'ExpressionStatement', expression: fn.body } as Tree)
    }
  }, L.root)
  const body = L.b.body
  body.results = yielded.map(t => t.v)
  const bound = [...L.boundArrays].sort((a, b) => a[1] - b[1])
  const { buffers, remap } = globalsFirst(L, laterBound)
  if (remap) renumber(body, remap, L)
  const ir: KernelIR = {
    name: fn.source.name,
    rank,
    buffers,
    scalars: L.scalars,
    sites: L.sites,
    body,
    ...(yields && { yields: IR_TYPE[yields] as Type }),
  }
  return { ir, units: L.units, bound: bound.map(b => b[0]), yields }
}

/** A function or array of `use` is parsed or bound when the kernel first names it. */
function lazily(L: Lowering, value: unknown, name: string): Binding {
  if (typeof value !== 'function' && !ArrayBuffer.isView(value)) return { is: 'constant', value }
  return new Proxy({} as Binding, {
    get: (_, key) => (L.captured(value, name) as any)[key],
  })
}

function parameter(L: Lowering, p: Tree, type: ArgumentType | undefined): Binding | undefined {
  if (!type) return undefined
  const name: string =
    p.type === 'Identifier'
      ? p.name
      : p.type === 'AssignmentPattern' && p.left.type === 'Identifier'
        ? p.left.name
        : '?'
  const scalar = (label: string, t: Type, k: Kind): Typed => {
    L.scalars.push({ name: label, type: t })
    return { v: L.b.op('scalar', t, [], L.scalars.length - 1), k }
  }
  switch (type.is) {
    case 'number':
      return { is: 'typed', t: scalar(name, 'f64', type.whole ? 'wi' : 'wf') }
    case 'bigint':
      return { is: 'typed', t: scalar(name, 'i64', 'wb') }
    case 'boolean':
      return { is: 'typed', t: scalar(name, 'i1', 'bool') }
    case 'kind':
      return { is: 'typed', t: scalar(name, IR_TYPE[type.kind], type.kind) }
    case 'array':
      L.buffers.push({ name, element: type.element, space: 'global' })
      return { is: 'array', buffer: L.buffers.length - 1 }
    case 'view': {
      L.buffers.push({ name: `${name}.data`, element: type.element, space: 'global' })
      const buffer = L.buffers.length - 1
      const list = (what: string) => [...Array(type.rank).keys()].map(d => scalar(`${name}.${what}[${d}]`, 'f64', 'wi'))
      return {
        is: 'view',
        buffer,
        shape: list('shape'),
        strides: list('strides'),
        offset: type.offset ? scalar(`${name}.offset`, 'f64', 'wi') : undefined,
      }
    }
  }
}

function bindParam(L: Lowering, fn: ParsedFunction, p: Tree, binding: Binding): void {
  const id = p.type === 'AssignmentPattern' ? p.left : p
  if (id.type !== 'Identifier') {
    throw new KernelSyntaxError(
      fn.source,
      locate(p),
      'a destructured parameter',
      'Only the first parameter, the index, is destructured.',
    )
  }
  if (binding.is === 'typed' && L.assignedNames.has(id.name)) {
    const variable = L.variable(id.name, true)
    L.bind(id.name, variable)
    L.assign(variable, binding.t, id)
  } else L.bind(id.name, binding)
}

/** Arrays of `use` were numbered as they were met, among the private ones: bring all global buffers to the front. */
function globalsFirst(L: Lowering, fixed: number): { buffers: KernelIR['buffers']; remap: number[] | undefined } {
  const order = [...L.buffers.keys()]
  const sorted = [
    ...order.slice(0, fixed),
    ...order.slice(fixed).filter(i => L.buffers[i].space === 'global'),
    ...order.slice(fixed).filter(i => L.buffers[i].space === 'local'),
  ]
  if (sorted.every((x, i) => x === i)) return { buffers: L.buffers, remap: undefined }
  const remap: number[] = []
  sorted.forEach((from, to) => {
    remap[from] = to
  })
  return { buffers: sorted.map(i => L.buffers[i]), remap }
}

function renumber(region: KernelIR['body'], remap: number[], L: Lowering): void {
  const seen = new Set<object>()
  const walk = (r: KernelIR['body']) => {
    for (const v of r.ops) {
      if (v.op === 'length') v.attr = remap[v.attr]
      else if (v.attr && typeof v.attr === 'object' && 'buffer' in v.attr && !seen.has(v.attr)) {
        seen.add(v.attr)
        v.attr.buffer = remap[v.attr.buffer]
      }
      v.regions?.forEach(walk)
    }
  }
  walk(region)
  for (const s of L.sites) if (s.buffer !== undefined) s.buffer = remap[s.buffer]
}
