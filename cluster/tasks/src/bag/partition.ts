/** The task of a bag: one partition from its input through its steps into its sink. */

import { ArgumentError } from '@skein/base'
import type { Callee } from '../callee/callee.ts'
import { compiled, functionOf } from '../callee/function-of.ts'
import { isThenable } from '../deferred.ts'
import { task } from '../definition.ts'
import type { AnyFunction } from '../registry.ts'
import { pack } from '../values/pack.ts'
import { listsIn } from './block.ts'
import { Entries, type Merger, mergers } from './entries.ts'
import { linesOf } from './lines.ts'
import type { Input, Merge, Order, Part, Sink, Step } from './plan.ts'
import {
  type Collector,
  type Scored,
  ToArray,
  ToBest,
  ToCount,
  ToCounts,
  ToFold,
  ToKeyed,
  ToNothing,
  ToPieces,
  ToSum,
} from './sinks.ts'

export const partition = task(import.meta, 'partition', ({ input, steps }: Part, sink: Sink): unknown => {
  const needed = [...steps.map(({ callee }) => callee), ...calleesOf(input), ...calleesOf(sink)]
  const found = needed.map(functionOf)
  if (found.some(fn => fn instanceof Promise)) return Promise.all(found).then(all => run(all))
  return run(found as AnyFunction[])

  function run(functions: readonly AnyFunction[]): unknown {
    const of = new Map(needed.map((callee, i) => [callee, functions[i]]))
    const collector = collectorOf(sink, of)
    const chunks = chunksOf(input, of)
    const own = steps.map(({ callee }) => of.get(callee)!)
    const done = loopOf(input, steps, own, sink)(chunks, collector)
    return done === undefined ? collector.result() : done.then(() => collector.result())
  }
})

/** Brings the results of several folds together, in order. */
export const combined = task(import.meta, 'combine', (combine: Callee, partials: readonly unknown[]): unknown => {
  const fn = functionOf(combine)
  const fold = (f: AnyFunction) => partials.reduce((a, b) => f(a, b))
  return fn instanceof Promise ? fn.then(fold) : fold(fn)
})

/** The best of the best. */
export const bestOf = task(
  import.meta,
  'best',
  (sink: Extract<Sink, { to: 'best' }>, partials: readonly (readonly Scored[])[]): Scored[] => {
    const best = new ToBest(sink.items, sink.order, () => undefined)
    for (const partial of partials) for (const scored of partial) best.take(scored)
    return best.result()
  },
)

type Functions = ReadonlyMap<Callee, AnyFunction>

const calleesOf = (from: Input | Sink): Callee[] => {
  if ('merge' in from) {
    const { merge } = from
    const key = 'key' in from && from.key ? [from.key] : []
    return merge.by === 'fold' ? [...key, merge.step, merge.combine] : key
  }
  if (!('to' in from)) return []
  if (from.to === 'fold') return [from.step]
  return from.to === 'best' && typeof from.order.by === 'object' ? [from.order.by] : []
}

function mergerOf(merge: Merge, of: Functions): Merger {
  if (merge.by !== 'fold') return mergers[merge.by]
  const initial = pack(merge.initial, 'bag', 'initial', true).bytes.slice()
  return mergers.fold(initial, of.get(merge.step)!, of.get(merge.combine)!)
}

function collectorOf(sink: Sink, of: Functions): Collector {
  switch (sink.to) {
    case 'array':
      return new ToArray()
    case 'nothing':
      return new ToNothing()
    case 'count':
      return new ToCount()
    case 'sum':
      return new ToSum()
    case 'first':
      return new ToArray(sink.items)
    case 'best':
      return new ToBest(sink.items, sink.order, scoreOf(sink.order, of))
    case 'fold':
      return new ToFold(of.get(sink.step)!, sink.initial)
    case 'pieces':
      return new ToPieces(sink.buckets)
    case 'keyed':
      if (sink.key === undefined && sink.merge.by === 'count') return new ToCounts(sink.buckets)
      return new ToKeyed(sink.buckets, sink.key && of.get(sink.key)!, mergerOf(sink.merge, of))
  }
}

function scoreOf({ by }: Order, of: Functions): (item: unknown) => unknown {
  return typeof by === 'string' ? item => item : of.get(by)!
}

// Inputs.

/** The items of an input, some at a time; of a range, where it begins and ends. */
function chunksOf(input: Input, of: Functions): Iterable<Iterable<unknown>> {
  switch (input.is) {
    case 'items':
      return [input.items as Iterable<unknown> & ArrayLike<unknown>]
    case 'range':
      return [[input.from, input.to]]
    case 'lines':
      return linesOf(input)
    case 'buckets':
      return bucketsOf(input.blocks)
    case 'merged':
      return [merged(input, of)]
    case 'joined':
      return [joined(input)]
  }
}

function* bucketsOf(
  blocks: readonly { readonly block: unknown; readonly bucket: number }[],
): Generator<readonly unknown[]> {
  for (const { block, bucket } of blocks) yield listsIn(block, bucket)[0]
}

function entriesOf(blocks: readonly unknown[], bucket: number, merger: Merger): Entries {
  const entries = new Entries(merger)
  for (const block of blocks) entries.combine(listsIn(block, bucket))
  return entries
}

function merged(input: Extract<Input, { is: 'merged' }>, of: Functions): Iterable<unknown> {
  const entries = entriesOf(input.blocks, input.bucket, mergerOf(input.merge, of))
  return input.merge.by === 'first' ? entries.values : entries.pairs()
}

/** Pairs of items with equal keys, in the order of the left side; then what is left of the right. */
function* joined({ how, left, right, bucket }: Extract<Input, { is: 'joined' }>): Generator<[unknown, unknown]> {
  const lefts = entriesOf(left, bucket, mergers.group)
  const rights = entriesOf(right, bucket, mergers.group)
  for (const [key, items] of lefts.pairs()) {
    const partners = rights.get(key) as unknown[] | undefined
    if (partners === undefined && (how === 'inner' || how === 'right')) continue
    for (const l of items as unknown[]) for (const r of partners ?? [undefined]) yield [l, r]
  }
  if (how === 'inner' || how === 'left') return
  for (const [key, items] of rights.pairs()) {
    if (!lefts.has(key)) for (const r of items as unknown[]) yield [undefined, r]
  }
}

// The loop.

type Loop = (chunks: Iterable<Iterable<unknown>>, collector: Collector) => Promise<void> | undefined

/**
 * One loop for all steps, as source text: nothing is kept between steps, and each pipeline's calls are warm for its own
 * functions, which the literal at the end makes a text of its own.
 */
function loopOf(input: Input, steps: readonly Step[], functions: readonly AnyFunction[], sink: Sink): Loop {
  const mayWait = steps.map(({ callee }, i) => callee.defined !== undefined || isAsync(functions[i]))
  const [begin, end]: string[][] = [[], []]
  let x = 'x'
  steps.forEach(({ op }, i) => {
    const r = `r${i}`
    begin.push(`let ${r} = f${i}(${x})`)
    // What is in most loops, a value without `then`, costs a look at its type.
    begin.push(
      `if (typeof ${r} === 'object' && isThenable(${r})) ${mayWait[i] ? `${r} = await ${r}` : `promised('${op}')`}`,
    )
    if (op === 'filter') begin.push(`if (!${r}) continue`)
    else if (op === 'map') x = r
    else {
      const isGenerator = functions[i].constructor.name === 'AsyncGeneratorFunction'
      x = `x${i}`
      if (!isGenerator) begin.push(`if (!Array.isArray(${r})) checkItems(${r})`)
      begin.push(`for ${isGenerator ? 'await ' : ''}(const ${x} of ${r}) {`)
      end.push('}')
    }
  })
  const names = steps.map((_, i) => `f${i}`)
  const give = sink.to === 'first' ? `if (collector.add(${x})) return` : `collector.add(${x})`
  const code = [
    `const [${['isThenable', 'promised', 'checkItems', ...names].join(', ')}] = functions`,
    `return ${mayWait.includes(true) ? 'async ' : ''}(chunks, collector) => {`,
    `for (const chunk of chunks) ${input.is === 'range' ? 'for (let x = chunk[0]; x < chunk[1]; x++)' : 'for (const x of chunk)'} {`,
    ...begin,
    give,
    ...end,
    '}',
    '}',
    JSON.stringify([sink.to, ...steps.map(({ callee }) => (callee.defined ? callee.defined : callee.code))]),
  ].join('\n')
  return compiled('bag', 'functions', code)([isThenable, promised, checkItems, ...functions]) as Loop
}

const isAsync = (fn: AnyFunction): boolean => fn.constructor.name.startsWith('Async')

function promised(op: string): never {
  throw new ArgumentError(
    `bag.${op}`,
    'what the function gives',
    'no promise, unless the function is an async one',
    Promise.resolve(),
    'Write it so: async x => …',
  )
}

function checkItems(items: unknown): void {
  if (typeof (items as Iterable<unknown> | undefined | null)?.[Symbol.iterator] === 'function') return
  throw new ArgumentError('bag.flatMap', 'what the function gives', 'an array or another iterable', items)
}
