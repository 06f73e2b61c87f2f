// Pools of ranks: who gets what next, and how they end. What they do on every engine is in the conformance suite.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Chunk, Dispatcher, type Source } from '../src/pool/dispatcher.ts'

/** Chunks of one call each, a given number of them. */
class Calls implements Source {
  callMs: number | undefined
  #left: number
  readonly name: string

  constructor(name: string, left: number) {
    this.name = name
    this.#left = left
  }

  get isOver(): boolean {
    return this.#left === 0
  }

  hasMore(calls: number): boolean {
    return this.#left >= calls
  }

  take(): Chunk {
    this.#left--
    return { source: this, index: this.#left, calls: [[]] }
  }
}

const given = (dispatcher: Dispatcher, now: number): { worker: number; chunk: Chunk }[] => {
  const all: { worker: number; chunk: Chunk }[] = []
  for (let next = dispatcher.next(now); next !== undefined; next = dispatcher.next(now)) all.push(next)
  return all
}
const told = (all: readonly { worker: number; chunk: Chunk }[]): string =>
  all.map(({ worker, chunk }) => `${(chunk.source as Calls).name}${worker}`).join(' ')

test('one call for each worker, until it is known how long they take', () => {
  const dispatcher = new Dispatcher(3)
  dispatcher.add(new Calls('a', 10))
  assert.equal(told(given(dispatcher, 0)), '')
  for (const worker of [0, 1, 2]) dispatcher.enter(worker)
  assert.equal(told(given(dispatcher, 0)), 'a0 a1 a2')
})

test('workers that are done sooner get more', () => {
  const dispatcher = new Dispatcher(2)
  dispatcher.add(new Calls('a', 10))
  dispatcher.enter(0)
  dispatcher.enter(1)
  const [, second] = given(dispatcher, 0)
  dispatcher.finished(1, second.chunk, 1, 10, 10)
  assert.equal(told(given(dispatcher, 10)), 'a1')
})

test('short calls stand in line, but not behind one that turned out long', () => {
  const dispatcher = new Dispatcher(2)
  dispatcher.add(new Calls('a', 100))
  dispatcher.enter(0)
  dispatcher.enter(1)
  const [, second] = given(dispatcher, 0)
  dispatcher.finished(1, second.chunk, 1, 0.2, 0.2)
  assert.equal(told(given(dispatcher, 0.2)), 'a1 a0 a1 a0 a1 a0 a1')
  const later = new Dispatcher(2)
  later.add(new Calls('a', 100))
  later.enter(0)
  later.enter(1)
  const [, other] = given(later, 0)
  later.finished(1, other.chunk, 1, 0.2, 5)
  assert.equal(told(given(later, 5)), 'a1 a1 a1 a1')
})

test('calls of a few milliseconds stand in line while there are more for everyone', () => {
  const dispatcher = new Dispatcher(2)
  dispatcher.add(new Calls('a', 12))
  dispatcher.enter(0)
  dispatcher.enter(1)
  const [first, second] = given(dispatcher, 0)
  dispatcher.finished(1, second.chunk, 1, 5, 5)
  const next = given(dispatcher, 5)
  assert.equal(told(next), 'a1 a0 a1')
  /** Both finish what they run; what stood behind it is next. */
  const lines = [0, 1].map(worker => next.filter(each => each.worker === worker).map(({ chunk }) => chunk))
  lines[0].push(first.chunk)
  const again = (now: number): string => {
    for (const worker of [0, 1]) dispatcher.finished(worker, lines[worker].pop()!, 1, 5, now)
    const more = given(dispatcher, now)
    for (const { worker, chunk } of more) lines[worker].push(chunk)
    return told(more)
  }
  // 7 are left, 5, 3: of these none waits behind another.
  assert.equal(again(10), 'a0 a1')
  assert.equal(again(15), 'a0 a1')
  assert.equal(again(20), '')
})

test('sources are served in their order, and what is known of one says nothing of another', () => {
  const dispatcher = new Dispatcher(2)
  dispatcher.add(new Calls('a', 1))
  dispatcher.add(new Calls('b', 5))
  dispatcher.enter(0)
  const [first] = given(dispatcher, 0)
  dispatcher.finished(0, first.chunk, 1, 0.01, 0.01)
  assert.equal(told(given(dispatcher, 0.01)), 'b0')
  dispatcher.enter(1)
  assert.equal(told(given(dispatcher, 0.01)), 'b1')
  dispatcher.leave(1)
  assert.equal(told(given(dispatcher, 0.01)), '')
  assert.equal(dispatcher.isEmpty, false)
})

async function onThreads(file: string, ranks: number): Promise<{ code: number | null; output: string }> {
  const programs = join(import.meta.dirname, 'programs')
  const child = spawn(process.execPath, [join(programs, 'start.ts'), join(programs, file), String(ranks)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', piece => (output += piece))
  child.stderr.on('data', piece => (output += piece))
  const [code] = await once(child, 'close')
  return { code, output }
}

test('a client that ends without a word ends its workers', async () => {
  const { code, output } = await onThreads('pool-left.ts', 3)
  assert.equal(code, 0, output)
  assert.deepEqual(output.split('\n').sort(), ['', '2', 'served', 'served'])
})

test('a worker that ends loses its task, and no other', async () => {
  const { code, output } = await onThreads('pool-lost.ts', 3)
  assert.equal(code, 0, output)
  assert.equal(output, 'went on\n')
})
