// What transactions may have seen of each other, and whether it contradicts itself.
//
// A. Adya, B. Liskov and P. O'Neil, "Generalized isolation level definitions", ICDE 2000: transactions depend on each other by what they wrote (ww), by what one read of the
// other (wr), and by what one overwrote that the other had read (rw); isolation levels are the circles that these may not form. K. Kingsbury and P. Alvaro, "Elle: inferring
// isolation anomalies from experimental observations", VLDB 2020: with unique values, and lists that are appended to, the dependencies can be read off from what clients saw.
import { Digraph } from './digraph.ts'

export type Key = string | number
export type Value = string | number | null

export type MicroOperation =
  | { readonly op: 'append'; readonly key: Key; readonly value: Value }
  | { readonly op: 'write'; readonly key: Key; readonly value: Value }
  /** What was read: a list, or one value; undefined: nobody knows. */
  | { readonly op: 'read'; readonly key: Key; readonly value: readonly Value[] | Value | undefined }

export interface Transaction {
  readonly process: number | string
  readonly operations: readonly MicroOperation[]
  /** `unknown`: it may have happened. */
  readonly status: 'committed' | 'aborted' | 'unknown'
  readonly begin: number
  readonly end: number
}

export type AnomalyKind =
  /** Writes in a circle. */
  | 'G0'
  /** Something was read that was taken back. */
  | 'G1a'
  /** Something was read that its writer had overwritten already. */
  | 'G1b'
  /** A circle of writes, and of reads of what was written. */
  | 'G1c'
  /** A circle with one anti-dependency. */
  | 'G-single'
  /** A circle with several, no two in a row: a long fork. */
  | 'G-nonadjacent'
  /** A circle with anti-dependencies. */
  | 'G2'
  /** Two transactions read the same and both replaced it. */
  | 'lost-update'
  /** A transaction does not see what it did itself. */
  | 'internal'
  /** Something was read that nobody wrote. */
  | 'garbage-read'
  /** Something is there twice, or was written twice. */
  | 'duplicate'
  /** Reads of a list that are no beginnings of each other. */
  | 'incompatible-order'

export type Order = 'none' | 'process' | 'realtime'

export interface Anomaly {
  readonly kind: AnomalyKind
  /** What closes the circle besides dependencies: that one transaction began after the other had ended, for the same client or for all. */
  readonly order: Order
  /** Those that take part; of a circle in order, and the first once. */
  readonly transactions: readonly Transaction[]
  /** Why each comes before the next, and the last before the first. */
  readonly because: readonly string[]
}

/** Kinds of edges. */
const [ww, wr, rw, processOrder, realtimeOrder] = [1, 2, 4, 8, 16]

export interface AnomalyOptions {
  /** Look for circles with the order of each client, or of time, too. Default 'realtime'. */
  order?: Order
  /** How many circles of a kind are looked for. Default 5. */
  most?: number
}

/** All kinds of anomalies that the history has; at most `most` of each. */
export const findAnomalies = (history: readonly Transaction[], options: AnomalyOptions = {}): Anomaly[] => {
  const { order = 'realtime', most = 5 } = options
  const anomalies: Anomaly[] = []
  const report = (kind: AnomalyKind, transactions: readonly Transaction[], ...because: string[]): void => {
    if (anomalies.filter(anomaly => anomaly.kind === kind).length < most)
      anomalies.push({ kind, order: 'none', transactions, because })
  }
  const graph = dependencies(history, report)
  const orders: readonly (readonly [Order, number])[] = [
    ['none', 0],
    ['process', processOrder],
    ['realtime', realtimeOrder],
  ]
  if (order !== 'none') addProcessOrder(graph, history)
  if (order === 'realtime') addRealtimeOrder(graph, history)
  const found = new Set<AnomalyKind>()
  for (const [name, extra] of orders.slice(0, orders.findIndex(([known]) => known === order) + 1)) {
    for (const [kind, cycle] of circles(graph, extra, most)) {
      // One that is there without the order is not told again with it.
      if (name !== 'none' && found.has(kind)) continue
      const because = cycle.map((node, i) => reason(graph, node, cycle[(i + 1) % cycle.length]))
      anomalies.push({ kind, order: name, transactions: cycle.map(node => history[node]), because })
    }
    for (const { kind } of anomalies) found.add(kind)
  }
  return anomalies
}

/** Circles by kind, the worst first: those of a kind have none of a worse one. */
function* circles(graph: Digraph, extra: number, most: number): Generator<readonly [AnomalyKind, number[]]> {
  const searches: readonly { kind: AnomalyKind; through: number; back: number; seldom?: number }[] = [
    { kind: 'G0', through: ww, back: ww | extra },
    { kind: 'G1c', through: wr, back: ww | wr | extra },
    { kind: 'G-single', through: rw, back: ww | wr | extra },
    { kind: 'G-nonadjacent', through: rw, back: ww | wr | extra, seldom: rw },
    { kind: 'G2', through: rw, back: ww | wr | rw | extra },
  ]
  for (const { kind, through, back, seldom } of searches) {
    const component = graph.components(through | back | (seldom ?? 0))
    const told = new Set<number>()
    let count = 0
    for (const [from, to] of graph.edges(through)) {
      if (count >= most) break
      const place = component[from]
      if (place === -1 || component[to] !== place || told.has(place)) continue
      const path = graph.path(to, from, back, { seldom, within: component })
      if (path === undefined) continue
      const cycle = [from, ...path.slice(0, -1)]
      const anti = cycle.map((node, i) => isAnti(graph, node, cycle[(i + 1) % cycle.length], extra))
      if (kind === 'G-nonadjacent' && anti.filter(Boolean).length < 2) continue
      if (kind === 'G2' && !anti.some((is, i) => is && anti[(i + 1) % anti.length])) continue
      told.add(place)
      count++
      yield [kind, cycle]
    }
  }
}

/** Whether nothing but an anti-dependency leads from one to the other. */
const isAnti = (graph: Digraph, from: number, to: number, extra: number): boolean =>
  (graph.kinds(from, to) & (ww | wr | extra)) === 0

const reason = (graph: Digraph, from: number, to: number): string => {
  const kinds = graph.kinds(from, to)
  if (kinds & ww) return 'wrote what the next one wrote over (ww)'
  if (kinds & wr) return 'wrote what the next one read (wr)'
  if (kinds & rw) return 'read what the next one wrote over (rw)'
  return kinds & processOrder ? 'came before the next one of the same process' : 'had ended when the next one began'
}

type Report = (kind: AnomalyKind, transactions: readonly Transaction[], ...because: string[]) => void

/** Who depends on whom, as far as can be told; what is wrong without any circle is reported. */
function dependencies(history: readonly Transaction[], report: Report): Digraph {
  const graph = new Digraph(history.length)
  const writers = new Map<string, number>()
  const nameOf = (key: Key, value: Value): string => JSON.stringify([key, value])
  for (const [i, { operations }] of history.entries())
    for (const operation of operations) {
      if (operation.op === 'read') continue
      const name = nameOf(operation.key, operation.value)
      const other = writers.get(name)
      if (other !== undefined)
        report('duplicate', [history[other], history[i]], `both wrote ${operation.value} to ${operation.key}`)
      else writers.set(name, i)
    }
  const writerOf = (key: Key, value: Value): number | undefined => writers.get(nameOf(key, value))

  for (const transaction of history) if (transaction.status === 'committed') checkItself(transaction, report)
  for (const [i, transaction] of history.entries()) {
    if (transaction.status !== 'committed') continue
    for (const read of foreignReads(transaction)) checkRead(history, i, read, writerOf, report)
  }
  const isList = history.some(({ operations }) => operations.some(({ op }) => op === 'append'))
  const orders = isList ? [...listOrders(history, report)] : registerOrders(history)
  for (const [key, order] of orders) {
    for (let n = 1; n < order.length; n++) {
      const [before, after] = [writerOf(key, order[n - 1]), writerOf(key, order[n])]
      if (before !== undefined && after !== undefined) graph.add(before, after, ww)
    }
  }
  addReads(history, orders, writerOf, graph, report)
  return graph
}

/** Reads whose answer does not come from the transaction itself: of each key those before it wrote there. */
function* foreignReads({ operations }: Transaction): Generator<Extract<MicroOperation, { op: 'read' }>> {
  const written = new Set<Key>()
  for (const operation of operations) {
    if (operation.op !== 'read') written.add(operation.key)
    else if (!written.has(operation.key) && operation.value !== undefined) yield operation
  }
}

/** What a read says was there last: of a list its last element; undefined: nothing. */
const lastOf = (value: readonly Value[] | Value | undefined): Value | undefined => {
  if (typeof value === 'object' && value !== null) return value.at(-1)
  return value === null ? undefined : value
}

const asList = (value: readonly Value[] | Value | undefined): readonly Value[] =>
  typeof value === 'object' && value !== null ? value : value === undefined || value === null ? [] : [value]

function checkItself(transaction: Transaction, report: Report): void {
  /** What it knows of a key: a whole list, or the end of one. */
  const known = new Map<Key, { values: readonly Value[]; isWhole: boolean }>()
  for (const operation of transaction.operations) {
    const { op, key } = operation
    const before = known.get(key)
    if (op === 'append')
      known.set(key, { values: [...(before?.values ?? []), operation.value], isWhole: before?.isWhole ?? false })
    else if (op === 'write') known.set(key, { values: [operation.value], isWhole: true })
    else if (operation.value !== undefined) {
      const values = asList(operation.value)
      if (before) {
        const end = before.isWhole ? values : values.slice(Math.max(0, values.length - before.values.length))
        if (JSON.stringify(end) !== JSON.stringify(before.values))
          report(
            'internal',
            [transaction],
            `read ${JSON.stringify(values)} of ${key} where it had ${JSON.stringify(before.values)}`,
          )
      }
      known.set(key, { values, isWhole: true })
    }
  }
}

function checkRead(
  history: readonly Transaction[],
  reader: number,
  { key, value }: { key: Key; value: readonly Value[] | Value | undefined },
  writerOf: (key: Key, value: Value) => number | undefined,
  report: Report,
): void {
  const values = asList(value)
  const seen = new Set<Value>()
  for (const element of values) {
    if (seen.has(element)) report('duplicate', [history[reader]], `read ${element} of ${key} twice`)
    seen.add(element)
    const writer = writerOf(key, element)
    if (writer === undefined) report('garbage-read', [history[reader]], `read ${element} of ${key}, which nobody wrote`)
    else if (history[writer].status === 'aborted')
      report('G1a', [history[writer], history[reader]], `took back what the next one read: ${element} of ${key}`)
  }
  const last = lastOf(value)
  const writer = last === undefined ? undefined : writerOf(key, last)
  if (writer === undefined || writer === reader) return
  const final = history[writer].operations.findLast(operation => operation.op !== 'read' && operation.key === key)
  if (final && final.value !== last)
    report('G1b', [history[writer], history[reader]], `wrote over what the next one read: ${last} of ${key}`)
}

/** Of each list its elements in order: the longest that was read. */
function listOrders(history: readonly Transaction[], report: Report): Map<Key, Value[]> {
  const longest = new Map<Key, { values: readonly Value[]; reader: Transaction }>()
  for (const transaction of history) {
    if (transaction.status !== 'committed') continue
    for (const { key, value } of foreignReads(transaction)) {
      const values = asList(value)
      const other = longest.get(key)
      const [short, long] =
        !other || other.values.length <= values.length ? [other?.values ?? [], values] : [values, other.values]
      if (short.some((element, i) => element !== long[i]))
        report(
          'incompatible-order',
          [other!.reader, transaction],
          `read ${JSON.stringify(short)} and ${JSON.stringify(long)} of ${key}`,
        )
      if (long === values) longest.set(key, { values, reader: transaction })
    }
  }
  return new Map([...longest].map(([key, { values }]) => [key, [...values]]))
}

/** Of a register only pairs are known: what a transaction read, and then wrote. They are chains of two, by key. */
function registerOrders(history: readonly Transaction[]): [Key, Value[]][] {
  const pairs: [Key, Value[]][] = []
  for (const { operations, status } of history) {
    if (status === 'aborted') continue
    const last = new Map<Key, Value | undefined>()
    for (const { op, key, value } of operations) {
      const before = last.get(key)
      if (op !== 'read' && before !== undefined && before !== null) pairs.push([key, [before, value as Value]])
      if (value !== undefined) last.set(key, lastOf(value))
    }
  }
  return pairs
}

/** Who read what of whom, and who wrote over it. */
function addReads(
  history: readonly Transaction[],
  orders: readonly (readonly [Key, readonly Value[]])[],
  writerOf: (key: Key, value: Value) => number | undefined,
  graph: Digraph,
  report: Report,
): void {
  /** What followed a value of a key: by its JSON. */
  const followers = new Map<string, Set<Value>>()
  const follow = (key: Key, before: Value | undefined, after: Value): void => {
    const name = JSON.stringify([key, before ?? null])
    const set = followers.get(name)
    if (set) set.add(after)
    else followers.set(name, new Set([after]))
  }
  /** Of each list its end, as far as anybody has seen it. */
  const ends = new Map<Key, Value | undefined>()
  const seen = new Set<string>()
  for (const [key, order] of orders) {
    for (let n = 1; n < order.length; n++) follow(key, order[n - 1], order[n])
    if (order.length > 0 && !ends.has(key)) follow(key, undefined, order[0])
    ends.set(key, order.at(-1))
    for (const value of order) seen.add(JSON.stringify([key, value]))
  }
  for (const { operations, status } of history) {
    if (status !== 'committed') continue
    for (const { op, key, value } of operations) {
      // What was there at first comes before whatever was written; what nobody saw of a list after all that was seen.
      if (op === 'write') follow(key, undefined, value as Value)
      else if (op === 'append' && !seen.has(JSON.stringify([key, value]))) follow(key, ends.get(key), value)
    }
  }

  /** Who read a value of a key, and then wrote there. */
  const replacers = new Map<string, number[]>()
  for (const [i, transaction] of history.entries()) {
    if (transaction.status !== 'committed') continue
    const told = new Set<Key>()
    for (const { key, value } of foreignReads(transaction)) {
      const last = lastOf(value)
      const writer = last === undefined ? undefined : writerOf(key, last)
      if (writer !== undefined) graph.add(writer, i, wr)
      const name = JSON.stringify([key, last ?? null])
      for (const next of followers.get(name) ?? []) {
        const over = writerOf(key, next)
        if (over !== undefined && history[over].status !== 'aborted') graph.add(i, over, rw)
      }
      if (told.has(key)) continue
      told.add(key)
      if (transaction.operations.some(({ op, key: other }) => op !== 'read' && other === key)) {
        const others = replacers.get(name)
        if (others) others.push(i)
        else replacers.set(name, [i])
      }
    }
  }
  for (const [name, [first, second]] of replacers) {
    if (second === undefined) continue
    const [key, value] = JSON.parse(name)
    report(
      'lost-update',
      [history[first], history[second]],
      `both read ${value ?? 'nothing'} of ${key} and wrote there`,
    )
  }
}

function addProcessOrder(graph: Digraph, history: readonly Transaction[]): void {
  const last = new Map<number | string, number>()
  const order = history.map((_, i) => i).sort((a, b) => history[a].begin - history[b].begin)
  for (const i of order) {
    const { process, status } = history[i]
    if (status !== 'committed') continue
    const before = last.get(process)
    if (before !== undefined) graph.add(before, i, processOrder)
    last.set(process, i)
  }
}

/** From those that had ended to one that begins; those left out that had ended before one of them began, for they lead there anyway. */
function addRealtimeOrder(graph: Digraph, history: readonly Transaction[]): void {
  const events = history.flatMap(({ begin, end, status }, i) =>
    status !== 'committed'
      ? []
      : [
          { at: begin, i, isEnd: false },
          { at: end, i, isEnd: true },
        ],
  )
  events.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd))
  let ended: number[] = []
  for (const { i, isEnd } of events) {
    if (!isEnd) for (const before of ended) graph.add(before, i, realtimeOrder)
    else ended = [...ended.filter(before => !(history[before].end < history[i].begin)), i]
  }
}

/** A transaction in words. */
export const transactionText = ({ process, operations }: Transaction): string =>
  `${process}: ${operations
    .map(({ op, key, value }) => `${op} ${key} ${value === undefined ? '?' : JSON.stringify(value)}`)
    .join(', ')}`

/** An anomaly in sentences. */
export const anomalyText = ({ kind, order, transactions, because }: Anomaly): string => {
  const lines = transactions.map((transaction, i) => {
    const why = because[i] === undefined ? '' : `\n     ${because[i]}`
    return `  T${i + 1} = ${transactionText(transaction)}${why}`
  })
  return [`${kind}${order === 'none' ? '' : `, by the order of ${order}`}`, ...lines].join('\n')
}
