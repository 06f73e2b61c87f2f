/** What a program tells those who look: compared with what it says of itself. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { heap } from '@skein/heap'
import { bag, cancel, get, graph, start, stats, stop, wait } from '../src/index.ts'
import {
  feed,
  type Glance,
  type GraphMessage,
  Journal,
  type Message,
  outcomes,
  type Row,
  rowBytes,
  type TransferCounts,
} from '../src/observe/index.ts'
import { Logs } from '../src/observe/logs.ts'
import { addCounts, noCounts } from '../src/observe/transfers.ts'
import { pack } from '../src/values/pack.ts'
import * as jobs from './jobs.ts'

/** Whoever still follows at a test's end, however that came. */
const left: (() => void)[] = []

/** Everything that a follower hears, and a wait for what it should. */
function listen() {
  const heard: Message[] = []
  let wake = () => {}
  const leave = feed().follow({
    ready: () => true,
    send(text) {
      heard.push(JSON.parse(text) as Message)
      wake()
    },
  })
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>(resolve => (wake = resolve))
  }
  const glance = () => heard.findLast((m): m is Glance => m.is === 'glance')!
  left.push(leave)
  return { heard, until, glance }
}

describe('the feed', () => {
  after(() => stop())
  afterEach(() => {
    for (const leave of left.splice(0)) leave()
  })

  it('tells of every attempt, with what failed and why', async () => {
    start({ workers: 2 })
    const { heard, until, glance } = listen()
    await get(Array.from({ length: 500 }, (_, i) => jobs.add(i, 1)))
    const broken = jobs.throws('by design')
    await wait([jobs.add(broken as never, 1)])
    await wait([jobs.exits.with({ retries: 1 })(3)])
    const running = jobs.polite()
    const queued = Array.from({ length: 4 }, () => jobs.nothing.with({ resources: { licences: 1 } })())
    await wait(queued, { count: 4 })
    cancel(running)
    await wait([running])
    const c = await jobs.Counter.with({ name: 'anna' }).create(5)
    await c.add(2)
    const all = (g: Glance | undefined) => g?.functions.reduce((n, f) => n + f.done + f.failed + f.cancelled, 0) ?? 0
    const { done, failed, cancelled } = stats()
    await until(() => all(glance()) === done + failed + cancelled - 1)
    const of = (name: string) => glance().functions.find(f => f.name === name)!
    assert.equal(of('add').done, 500)
    assert.equal(of('add').failed, 1)
    // Lost twice: its first attempt, and the one that was left.
    assert.deepEqual([of('exits').lost, of('exits').failed], [2, 0])
    assert.equal(of('nothing').failed, 4, 'what no worker can run has failed')
    assert.equal(of('polite').cancelled, 1)
    assert.deepEqual([of('Counter (constructor)').done, of('Counter.add').done], [1, 1])
    assert.equal(glance().actors!.find(actor => actor.name === 'anna')?.definition, 'Counter')
    assert.equal(glance().stats!.done, done)

    const rows = heard.flatMap(m => (m.is === 'rows' ? decode(m.rows) : []))
    assert.equal(rows.length, glance().written)
    for (const { worker, took, waited, outcome } of rows) {
      assert(took >= 0 && waited >= 0 && outcome < outcomes.length)
      assert(worker > 0 || took === 0, 'what never ran took no time')
    }
    const failure = rows.find(row => row.worker > 0 && outcomes[row.outcome] === 'failed')!
    const story = feed().story(failure.task)!
    assert.match(story.error, /TaskError: Task 'throws' failed on worker/)
    assert.match(story.error, /RangeError: by design[\s\S]*jobs\.ts/)
    assert.match(story.submitted, /observe\.test\.ts/)
    assert.equal(story.attempts[0].outcome, 'failed')
    assert.equal(feed().story(1e9), undefined)
  })

  it('tells what runs, and what workers print', async () => {
    const { heard, until, glance } = listen()
    const ref = jobs.prints('to be seen')
    await ref
    const lines = () => heard.flatMap(m => (m.is === 'logs' ? m.lines : []))
    await until(() => lines().length >= 2)
    assert.deepEqual(
      lines()
        .map(({ stream, text }) => `${stream} ${text}`)
        .sort(),
      ['stderr to be seen', 'stdout to be seen'],
    )
    const endless = jobs.endless()
    await until(() => glance().running?.some(({ name }) => name === 'endless') === true)
    cancel(endless, { graceMs: 0 })
    await wait([endless])
  })

  for (const engine of ['threads', 'inline'] as const) {
    it(`counts what it costs to bring values from thread to thread: ${engine}`, async () => {
      await stop()
      start({ engine, workers: 2 })
      const value = { text: 'x'.repeat(5000), list: [1.5, 'two', null] }
      const [array, shared] = [new Float64Array(1 << 14), heap.f64(1 << 14)]
      const sizeOf = (x: unknown) => pack(x, '', '').bytes.length
      const [valueBytes, argumentBytes, arrayBytes] = [sizeOf(value), sizeOf([value]), sizeOf([array])]
      const text = 'y'.repeat(100)
      const [textBytes, textArgumentBytes] = [sizeOf(text), sizeOf([text])]
      const work = async () => {
        const c = await jobs.Counter.create(0)
        await get(Array.from({ length: 10 }, () => jobs.echo(value)))
        await get(Array.from({ length: 5 }, () => jobs.sumOf(array)))
        await get(Array.from({ length: 7 }, () => jobs.sumOf(shared)))
        // Its method gives the text back, with a 0 before it.
        assert.equal(await c.add(text as never), `0${text}`)
      }
      await work()
      const { until, glance } = listen()
      const now = async () => {
        const before = glance().atMs
        await until(() => glance().atMs > before)
        return glance().transfers!
      }
      const sum = ({ client, workers }: { client: TransferCounts; workers: readonly TransferCounts[] }) =>
        workers.reduce(addCounts, client)
      const isTimed = ({ packMs, unpackMs, copyMs }: TransferCounts) => packMs > 0 && unpackMs > 0 && copyMs > 0
      const untimed = ({ packMs: _, unpackMs: __, copyMs: ___, ...counts }: TransferCounts) => counts
      const { packMs, unpackMs, copyMs, ...nothing } = noCounts
      assert.deepEqual([packMs, unpackMs, copyMs], [0, 0, 0])
      assert.deepEqual(untimed(sum(await now())), nothing, 'what was before is not counted')
      await work()
      const told = await now()
      assert(isTimed(told.client))
      const given = 10 * argumentBytes + 5 * arrayBytes + textArgumentBytes
      const returned = 10 * valueBytes + textBytes + 1
      const copies = {
        copied: 5,
        copiedBytes: 5 * array.byteLength,
        copiedAgain: 4,
        copiedAgainBytes: 4 * array.byteLength,
      }
      const passed = { shared: 7, sharedBytes: 7 * shared.byteLength }
      // There and back.
      const packs = {
        packed: 16 + 11,
        packedBytes: given + returned,
        unpacked: 16 + 11,
        unpackedBytes: given + returned,
      }
      assert.deepEqual(untimed(sum(told)), { ...packs, ...copies, ...passed })
      if (engine === 'threads') {
        const [packed, packedBytes, unpacked, unpackedBytes] = [16, given, 11, returned]
        const own = { packed, packedBytes, unpacked, unpackedBytes }
        assert.deepEqual(untimed(told.client), { ...own, ...copies, ...passed })
        assert.equal(told.workers.length, 2)
        assert.equal(told.workers.reduce(addCounts, noCounts).unpacked, 16)
      } else assert.deepEqual(told.workers, [])
      const of = (name: string) => told.calls.find(call => call.name === name)!
      assert.deepEqual(told.calls.map(({ name }) => name).sort(), ['Counter.add', 'echo', 'sumOf'])
      assert.deepEqual([of('echo').packed, of('echo').packedBytes], [10, 10 * argumentBytes])
      assert.deepEqual([of('Counter.add').packed, of('Counter.add').packedBytes], [1, textArgumentBytes])
      assert.deepEqual([of('sumOf').copied, of('sumOf').copiedAgain], [5, 4])
      if (engine === 'threads') {
        assert.deepEqual([of('echo').unpacked, of('echo').unpackedBytes], [10, 10 * valueBytes])
        assert.deepEqual([of('Counter.add').unpacked, of('Counter.add').unpackedBytes], [1, textBytes + 1])
      }
      await stop()
      start({ workers: 2 })
      assert.deepEqual(untimed(sum(await now())), untimed(sum(told)), 'an engine that has ended is counted')
      assert.equal(await jobs.echo(text), text)
      assert.equal(sum(await now()).packed, packs.packed + 2)
    })
  }

  it('counts on a worker that takes the place of another', async () => {
    const { until, glance } = listen()
    await wait([jobs.exits.with({ retries: 0, runOn: 1 })(3)])
    const text = 'z'.repeat(100)
    const { packed } = glance().transfers!.workers[0]
    await jobs.echo.with({ runOn: 1 })(text)
    await until(() => glance().transfers!.workers[0].packed === packed + 1)
  })

  it('tells of graphs and bags: what they are made of, and how far they are', async () => {
    const before = graph(jobs.endless.lazy()).runAsync()
    const { heard, until, glance } = listen()
    const last = () => glance().graphs.at(-1)
    const outlineOf = (n: number) => heard.findLast((m): m is GraphMessage => m.is === 'graph' && m.graph === n)
    await until(() => last()?.counts[0]?.running === 1)
    assert.deepEqual(outlineOf(1)!.boxes, [{ label: 'endless()', task: glance().running![0].task }])
    before.cancel()
    await until(() => last()!.endedMs > 0)
    assert.deepEqual(last()!.counts, [{ tasks: 1, done: 0, failed: 0, cancelled: 1, running: 0 }])

    let level = Array.from({ length: 256 }, (_, i) => jobs.add.lazy(i, 1))
    while (level.length > 1)
      level = level.filter((_, i) => i % 2 === 0).map((a, i) => jobs.add.lazy(a, level[2 * i + 1]))
    assert.equal(
      await graph({ sum: level[0], bad: jobs.throws.lazy('so') })
        .run()
        .catch(e => e.name),
      'TaskError',
    )
    await until(() => last()!.graph === 2 && last()!.endedMs > 0)
    const { boxes, arrows } = outlineOf(2)!
    // Of many tasks, one box for those of a kind.
    assert.deepEqual(
      boxes.map(({ label, task }) => `${label} ${task}`),
      [...Array(9).fill('add 0'), 'throws 0'],
    )
    assert.deepEqual(
      arrows,
      Array.from({ length: 8 }, (_, i) => [i, i + 1]),
    )
    assert.deepEqual(
      last()!.counts.map(({ tasks }) => tasks),
      [256, 128, 64, 32, 16, 8, 4, 2, 1, 1],
    )
    assert.equal(last()!.counts.at(-1)!.failed, 1)

    const some = bag.range(40, { partitions: 4 })
    const pairs = some.join(
      some.map(x => x * 2),
      x => x,
      undefined,
      { partitions: 2 },
    )
    assert.equal(await pairs.concat(pairs).count(), 40)
    await until(() => last()!.graph === 3 && last()!.endedMs > 0)
    assert.deepEqual(
      outlineOf(3)!.boxes.map(({ label }) => label),
      ['range → by group', 'range → map → by group', 'joined → count'],
    )
    assert.deepEqual(outlineOf(3)!.arrows, [
      [0, 2],
      [1, 2],
    ])
    assert.deepEqual(
      last()!.counts.map(({ tasks, done }) => [tasks, done]),
      [
        [8, 8],
        [8, 8],
        [4, 4],
      ],
    )
    for (let i = 0; i < 20; i++) await graph(jobs.add.lazy(i, i)).run()
    await until(() => last()!.graph === 23)
    assert.equal(glance().graphs.length, 12)
  })

  it('passes over who cannot take more, and tells what was thinned', async () => {
    let open = false
    const heard: Message[] = []
    left.push(feed().follow({ ready: () => open, send: text => heard.push(JSON.parse(text) as Message) }))
    const { until, glance } = listen()
    await get(Array.from({ length: 20_000 }, () => jobs.nothing()))
    await until(() => glance().written === 20_000)
    assert.deepEqual(
      heard.map(m => m.is),
      ['hello', 'history'],
    )
    open = true
    const before = glance().atMs
    await until(() => glance().atMs > before)
    const rows = heard.filter(m => m.is === 'rows')
    const told = rows.reduce((n, m) => n + decode(m.rows).length + m.thinned + m.missed, 0)
    assert.equal(told, 20_000)
    assert(rows.every(m => decode(m.rows).length <= 5000))
  })

  it('keeps the longest and the failed ones of many, and counts names without end as one', () => {
    const journal = new Journal(1 << 12)
    for (let i = 0; i < 4000; i++)
      journal.add(i, 'f', 1, 0, i % 500 === 7 ? 'failed' : 'done', 0, 1, 2 + (i % 100 === 3 ? 50 : 0))
    const { bytes, rows, thinned } = journal.columns(0, 400)
    assert.equal(rows + thinned, 4000)
    assert(rows > 100 && rows <= 400)
    const kept = new Set(decode(Buffer.from(bytes).toString('base64')).map(row => row.task))
    for (let i = 0; i < 4000; i++) if (i % 500 === 7 || i % 100 === 3) assert(kept.has(i), `${i}`)
    for (let i = 0; i < 3000; i++) journal.add(i, `name ${i}`, 1, 0, 'done', 0, 1, 2)
    const functions = journal.functions()
    assert.equal(functions.length, 1001)
    assert.equal(functions.find(f => f.name === '(others)')!.done, 2001)
    const row: Row = journal.of(2999).at(-1)!
    assert.equal(row.name, '(others)')
  })

  it('breaks what is printed into lines, bounded', () => {
    const logs = new Logs()
    logs.add(1, 'stdout', 'a\r\nb', 0)
    logs.add(2, 'stdout', 'other\n', 0)
    logs.add(1, 'stdout', `c\n\n${'x'.repeat(5000)}\n`, 0)
    const { lines, next } = logs.read(0, 100)
    assert.deepEqual(
      lines.map(line => (line.text.length > 9 ? line.text.length : line.text)),
      ['a', 'other', 'bc', '', 2000, 2000, 1000],
    )
    for (let i = 0; i < 20_000; i++) logs.add(1, 'stderr', `${i}\n`, 0)
    const late = logs.read(next, 500)
    assert.deepEqual([late.lines[0].text, late.lines.length, late.missed], ['19500', 500, 19_500])
  })
})

function decode(text: string): { task: number; worker: number; took: number; waited: number; outcome: number }[] {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: bytes.length / rowBytes }, (_, i) => ({
    task: bytes.readDoubleLE(i * rowBytes),
    took: bytes.readFloatLE(i * rowBytes + 16),
    waited: bytes.readFloatLE(i * rowBytes + 20),
    worker: bytes.readUInt16LE(i * rowBytes + 26),
    outcome: bytes[i * rowBytes + 30],
  }))
}

describe('the door', { skip: process.platform === 'win32' && 'it is a Unix socket' }, () => {
  const runtime = mkdtempSync(join(tmpdir(), 'skein-door-'))
  after(() => rmSync(runtime, { recursive: true, force: true }))
  const program = fileURLToPath(new URL('./waiting.ts', import.meta.url))
  const started = async (env: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    return { child, ended, path: join(env.XDG_RUNTIME_DIR!, 'skein', `${child.pid}.sock`) }
  }

  it('lets a process of the same user look, and is gone with its program', async () => {
    const { child, ended, path } = await started({ XDG_RUNTIME_DIR: runtime })
    assert.equal(statSync(join(runtime, 'skein')).mode & 0o777, 0o700)
    const socket = connect(path)
    socket.write('{"want":"follow"}\n')
    const seen: string[] = []
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as Message
      seen.push(message.is)
      if (message.is === 'hello') assert.equal(message.pid, child.pid)
      if (message.is !== 'glance' || message.running?.length !== 1) continue
      assert.equal(message.stats?.running, 1)
      assert.deepEqual(
        message.running?.map(({ name }) => name),
        ['later'],
      )
      break
    }
    assert.deepEqual(seen.slice(0, 3), ['hello', 'history', 'glance'])
    const nonsense = connect(path)
    nonsense.end('what?\n')
    nonsense.resume()
    await once(nonsense, 'close')
    child.stdin.end()
    assert.deepEqual(await ended, [0, null], 'being looked at keeps no program alive')
    assert(!existsSync(path))
  })

  it('is not opened when the folder is not private, or nobody wants one', async () => {
    for (const env of [
      { XDG_RUNTIME_DIR: join(runtime, 'none', 'there') },
      { XDG_RUNTIME_DIR: runtime, SKEIN_DOOR: '0' },
    ]) {
      const { child, ended } = await started(env)
      child.stdin.end()
      assert.deepEqual(await ended, [0, null])
    }
    assert.deepEqual(readdirSync(join(runtime, 'skein')), [])
  })
})
