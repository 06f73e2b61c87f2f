import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import {
  ArgumentError,
  type ChromeEvent,
  type ChromeTrace,
  formatTraceparent,
  mergeTraces,
  parseTraceparent,
  span,
  TraceError,
  tracer,
} from '../src/index.ts'
import { assignLanes } from '../src/trace-chrome.ts'
import type { Order } from './trace.worker.ts'

const seed = Number(process.env.SEED ?? 20011)

const spansOf = (trace: ChromeTrace): ChromeEvent[] =>
  trace.traceEvents.filter(event => event.ph === 'X' || event.ph === 'B')
const named = (trace: ChromeTrace, name: string): ChromeEvent => {
  const found = trace.traceEvents.find(
    event => event.name === name && event.ph !== 'M' && event.ph !== 's' && event.ph !== 'f',
  )
  assert.ok(found, `no event is named ${name}`)
  return found
}
const parentOf = (trace: ChromeTrace, child: ChromeEvent): string | undefined =>
  spansOf(trace).find(event => event.args!.spanId === child.args!.parentId)?.name

/** What the Trace Event Format asks of each event, and what this room promises beyond it. */
const checkFormat = (trace: ChromeTrace): void => {
  assert.deepEqual(JSON.parse(JSON.stringify(trace)), trace)
  assert.equal(trace.displayTimeUnit, 'ms')
  const rows = new Map<string, ChromeEvent[]>()
  const threadNames = new Set<string>()
  for (const event of trace.traceEvents) {
    const told = JSON.stringify(event)
    assert.ok(typeof event.name === 'string' && Number.isInteger(event.pid) && Number.isInteger(event.tid), told)
    assert.ok(Number.isFinite(event.ts) && event.ts >= 0, told)
    if (event.ph === 'M') {
      if (event.name === 'thread_name') threadNames.add(`${event.pid}:${event.tid}`)
      continue
    }
    assert.ok(threadNames.has(`${event.pid}:${event.tid}`), `a row without a name: ${told}`)
    if (event.ph === 'X') assert.ok(event.dur! >= 0, told)
    if (event.ph === 'X' || event.ph === 'B') {
      assert.match(String(event.args!.traceId), /^(?!0{32})[0-9a-f]{32}$/)
      assert.match(String(event.args!.spanId), /^(?!0{16})[0-9a-f]{16}$/)
      const row = `${event.pid}:${event.tid}`
      rows.set(row, [...(rows.get(row) ?? []), event])
    }
    if (event.ph === 'i') assert.equal(event.s, 't')
    if (event.ph === 'C') for (const value of Object.values(event.args!)) assert.equal(typeof value, 'number', told)
    if (event.ph === 's' || event.ph === 'f') {
      const partners = trace.traceEvents.filter(
        other => other.id === event.id && (other.ph === 's' || other.ph === 'f'),
      )
      assert.deepEqual(partners.map(other => other.ph).sort(), ['f', 's'], told)
    }
  }
  for (const spans of rows.values()) {
    const ends: number[] = []
    for (const { ts, dur = Infinity } of spans.sort(
      (a, b) => a.ts - b.ts || (b.dur ?? Infinity) - (a.dur ?? Infinity),
    )) {
      while (ends.length > 0 && ends.at(-1)! <= ts) ends.pop()
      // Times are rounded to the nanosecond each.
      assert.ok(ends.length === 0 || ends.at(-1)! >= ts + dur - 0.002, 'spans of one row lie across each other')
      ends.push(ts + dur)
    }
  }
  const ids = spansOf(trace).map(event => event.args!.spanId)
  assert.equal(new Set(ids).size, ids.length, 'two spans have one id')
}

const stop = async (): Promise<ChromeTrace> => {
  const trace = await tracer.stop()
  checkFormat(trace)
  return trace
}

afterEach(async () => {
  if (tracer.enabled) await tracer.stop().catch(() => {})
})

describe('tracing that is off', () => {
  it('records nothing and changes nothing', async () => {
    assert.equal(tracer.enabled, false)
    assert.equal(
      span('a', () => 7),
      7,
    )
    assert.equal(await span('b', { k: 1 }, async () => 8), 8)
    {
      using s = tracer.span('c')
      assert.equal(s.set({ x: 1 }).context, undefined)
      assert.equal(s.span('d'), s)
      assert.equal(
        s.run(() => tracer.current()),
        undefined,
      )
    }
    tracer.instant('e')
    tracer.counter('f', 1)
    tracer.flush()
    assert.equal(
      tracer.within('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', () => 9),
      9,
    )
    tracer.start()
    assert.deepEqual(spansOf(await stop()), [])
  })

  it('cannot be collected or stopped', async () => {
    await assert.rejects(tracer.collect(), TraceError)
    await assert.rejects(tracer.stop(), {
      name: 'TraceError',
      code: 'SKEIN_TRACE',
      message: /Call tracer\.start\(\) first/,
    })
    assert.throws(() => tracer.start({ capacity: 0 }), ArgumentError)
    assert.equal(tracer.enabled, false)
  })
})

describe('spans of one thread', () => {
  it('nest, synchronous and asynchronous, and give what their functions give', async () => {
    tracer.start()
    const inner = await span('outer', { rows: 3 }, async outer => {
      span('first', () => span('deep', () => {}))
      await null
      outer.set({ later: true })
      return span('second', async () => {
        await null
        return 'given'
      })
    })
    assert.equal(inner, 'given')
    const trace = await stop()
    assert.equal(parentOf(trace, named(trace, 'outer')), undefined)
    assert.equal(parentOf(trace, named(trace, 'first')), 'outer')
    assert.equal(parentOf(trace, named(trace, 'deep')), 'first')
    assert.equal(parentOf(trace, named(trace, 'second')), 'outer')
    assert.partialDeepStrictEqual(named(trace, 'outer').args, { rows: 3, later: true })
    assert.equal(new Set(spansOf(trace).map(event => event.args!.traceId)).size, 1)
    assert.ok(named(trace, 'outer').dur! >= named(trace, 'second').dur!)
  })

  it('side by side keep their own children', async () => {
    tracer.start()
    const gate = Promise.withResolvers<void>()
    const work = (name: string): Promise<void> =>
      span(name, async () => {
        await gate.promise
        await span(`${name} child`, async () => null)
      })
    const both = [work('a'), work('b')]
    gate.resolve()
    await Promise.all(both)
    const trace = await stop()
    assert.equal(parentOf(trace, named(trace, 'a child')), 'a')
    assert.equal(parentOf(trace, named(trace, 'b child')), 'b')
    assert.notEqual(named(trace, 'a').tid, named(trace, 'b').tid)
  })

  it('end with their block by `using`, and once', async () => {
    tracer.start()
    {
      using a = tracer.span('a')
      {
        using b = a.span('b')
        b.end()
        a.run(() => tracer.instant('in a', { big: 2n ** 70n, not: Number.NaN, gone: undefined }))
      }
    }
    const trace = await stop()
    assert.equal(parentOf(trace, named(trace, 'b')), 'a')
    assert.equal(spansOf(trace).length, 2)
    assert.deepEqual(named(trace, 'in a').args, { big: '1180591620717411303424n', not: 'NaN' })
  })

  it('can be added by who kept their times, beside those that were recorded', async () => {
    assert.throws(() => tracer.add({ number: 7, name: 'kept' }, []), TraceError)
    tracer.start()
    const startMs = performance.timeOrigin + performance.now()
    span('recorded', () => {})
    const endMs = performance.timeOrigin + performance.now()
    tracer.add({ number: 1e6, name: 'kept by another' }, [
      { name: 'around', startMs, endMs, attributes: { task: 1 } },
      { name: 'overlaps', startMs: startMs + 1e-3, endMs: endMs + 1, attributes: {} },
    ])
    const trace = await tracer.stop()
    checkFormat(trace)
    const [recorded, around] = [named(trace, 'recorded'), named(trace, 'around')]
    assert.notEqual(recorded.tid, around.tid)
    assert.equal(around.args!.task, 1)
    // One clock: the span that was recorded lies in the one whose times were taken around it.
    const slackUs = 50
    assert(around.ts <= recorded.ts + slackUs)
    assert(recorded.ts + recorded.dur! <= around.ts + around.dur! + slackUs)
    const rows = trace.traceEvents.filter(event => event.name === 'thread_name').map(event => event.args!.name)
    assert(rows.includes('kept by another'))
  })

  it('note what was thrown, and let it go on', async () => {
    tracer.start()
    const thrown = new RangeError('too far')
    assert.throws(
      () =>
        span('sync', () => {
          throw thrown
        }),
      thrown,
    )
    await assert.rejects(
      span('async', async () => {
        throw thrown
      }),
      thrown,
    )
    const trace = await stop()
    assert.equal(named(trace, 'sync').args!.error, 'RangeError: too far')
    assert.equal(named(trace, 'async').args!.error, 'RangeError: too far')
  })

  it('that have not ended are shown as begun; attributes of any kind do no harm', async () => {
    tracer.start()
    const held = tracer.span('held', {
      bad: (() => {}) as unknown as string,
      worse: { a: 1 } as unknown as string,
      good: 'g',
    })
    const trace = await tracer.collect()
    checkFormat(trace)
    assert.equal(named(trace, 'held').ph, 'B')
    assert.partialDeepStrictEqual(named(trace, 'held').args, { bad: 'function bad', worse: '{ a: 1 }', good: 'g' })
    held.end()
    const later = await stop()
    assert.equal(named(later, 'held').ph, 'X')
    assert.equal(spansOf(later).length, 1)
  })

  it('keep to the capacity, drop the oldest, and count them', async () => {
    tracer.start({ capacity: 10 })
    for (let i = 0; i < 25; i++) tracer.counter('c', i)
    const trace = await stop()
    const values = trace.traceEvents.filter(event => event.ph === 'C').map(event => event.args!.value)
    assert.deepEqual(values, [15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
    assert.deepEqual(trace.otherData.dropped, { main: 15 })
  })

  it('of an earlier run stay out of a later one', async () => {
    tracer.start()
    const old = tracer.span('old')
    tracer.counter('old', 1)
    tracer.start()
    old.end()
    tracer.counter('new', { used: 1, free: 2 })
    const trace = await stop()
    assert.deepEqual(
      trace.traceEvents.filter(event => event.ph !== 'M').map(event => event.name),
      ['new'],
    )
  })
})

describe('spans across threads', () => {
  const start = async (): Promise<Worker> => {
    const worker = new Worker(new URL('./trace.worker.ts', import.meta.url))
    await once(worker, 'online')
    return worker
  }
  const tell = async (worker: Worker, order: Order): Promise<unknown> => {
    worker.postMessage(order)
    const [answer] = await once(worker, 'message')
    return answer
  }

  it('continue in workers started before and after, by object and by traceparent', async () => {
    const before = await start()
    await tell(before, { do: 'spans', name: 'too early', times: 3 })
    tracer.start({ processName: 'test' })
    const after = await start()
    await tell(after, { do: 'name', name: 'helper' })
    await span('cause', async () => {
      const context = tracer.current()!
      await tell(before, { do: 'spans', context, name: 'by object', times: 1 })
      await tell(after, { do: 'spans', context: formatTraceparent(context), name: 'by header', times: 1 })
      await tell(after, { do: 'spans', context: 'broken header', name: 'alone', times: 1 })
    })
    const trace = await stop()
    assert.equal(parentOf(trace, named(trace, 'by object')), 'cause')
    assert.equal(parentOf(trace, named(trace, 'by header')), 'cause')
    assert.equal(named(trace, 'alone').args!.parentId, undefined)
    assert.equal(named(trace, 'alone').args!.traceId, named(trace, 'cause').args!.traceId)
    assert.equal(spansOf(trace).length, 4)
    // The causes come before their effects on the one clock.
    const cause = named(trace, 'cause')
    for (const name of ['by object', 'by header']) {
      const effect = named(trace, name)
      assert.ok(effect.ts >= cause.ts && effect.ts + effect.dur! <= cause.ts + cause.dur!, name)
      assert.notEqual(effect.tid, cause.tid)
      const arrow = trace.traceEvents.filter(event => event.id === effect.args!.spanId)
      assert.deepEqual(
        arrow.map(({ ph, tid }) => [ph, tid]),
        [
          ['s', cause.tid],
          ['f', effect.tid],
        ],
      )
    }
    const rows = trace.traceEvents.filter(event => event.name === 'thread_name').map(event => event.args!.name)
    assert.deepEqual(rows, ['main', `worker ${before.threadId}`, 'helper'])
    assert.equal(
      named({ ...trace, traceEvents: trace.traceEvents.map(e => ({ ...e, ph: 'X' })) }, 'process_name').args!.name,
      'test',
    )
    assert.equal(await tell(before, { do: 'spans', name: 'too late', times: 1 }), false)
    await Promise.all([before.terminate(), after.terminate()])
  })

  it('come twice from one worker without loss or doubling, with open ones', async () => {
    tracer.start()
    const worker = await start()
    await tell(worker, { do: 'spans', name: 'a', times: 1000 })
    await tell(worker, { do: 'open' })
    const first = await tracer.collect()
    assert.equal(spansOf(first).length, 1001)
    await tell(worker, { do: 'spans', name: 'b', times: 500 })
    const second = await stop()
    assert.equal(spansOf(second).length, 1501)
    assert.equal(named(second, 'never ends').ph, 'B')
    await worker.terminate()
  })

  it('survive their thread when it exits', async () => {
    tracer.start()
    const worker = await start()
    await tell(worker, { do: 'spans', name: 'last words', times: 5 })
    worker.postMessage({ do: 'exit' } satisfies Order)
    await once(worker, 'exit')
    assert.equal(spansOf(await stop()).length, 5)
  })

  it('of a sleeping thread are there if it flushed, else given up and counted', async () => {
    for (const flushFirst of [true, false]) {
      tracer.start()
      const worker = await start()
      await tell(worker, { do: 'spans', name: 'before sleep', times: 2 })
      const flag = new SharedArrayBuffer(4)
      assert.equal(await tell(worker, { do: 'sleep', flag, flushFirst }), 'asleep')
      const trace = await tracer.stop(flushFirst ? { timeoutMs: 2 ** 31 - 1 } : { timeoutMs: 1 })
      assert.equal(spansOf(trace).length, flushFirst ? 2 : 0)
      assert.deepEqual(trace.otherData.dropped, flushFirst ? {} : { 'threads that did not answer': 4 })
      Atomics.store(new Int32Array(flag), 0, 1)
      Atomics.notify(new Int32Array(flag), 0)
      await worker.terminate()
    }
  })
})

describe('a trace file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-trace-'))
  const run = (body: string): ChromeTrace => {
    const file = join(folder, 'trace.json')
    const source = `import { span, tracer } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      tracer.start({ file: ${JSON.stringify(file)} })
      ${body}`
    execFileSync(process.execPath, ['--input-type=module-typescript', '-e', source])
    const trace = JSON.parse(readFileSync(file, 'utf8')) as ChromeTrace
    rmSync(file)
    checkFormat(trace)
    return trace
  }

  it('is written by stop', () => {
    assert.equal(named(run('span("a", () => {}); await tracer.stop()'), 'a').ph, 'X')
  })
  it('is written when the process exits without, open spans and all', () => {
    const trace = run('span("a", () => {}); tracer.span("b"); process.exit(0)')
    assert.deepEqual([named(trace, 'a').ph, named(trace, 'b').ph], ['X', 'B'])
  })
  it('does not keep the process alive', () => {
    assert.equal(named(run('span("a", () => {})'), 'a').ph, 'X')
    rmSync(folder, { recursive: true })
  })
})

describe('traceparent', () => {
  const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const rows: [what: string, text: string, valid: boolean][] = [
    ['the example of the standard', good, true],
    ['not sampled', good.replace(/01$/, '00'), true],
    ['a later version with more fields', `${good.replace(/^00/, '01')}-what-the-future-will-be-like`, true],
    ['version 0 with more fields', `${good}-more`, false],
    ['version ff', good.replace(/^00/, 'ff'), false],
    ['upper case', good.toUpperCase(), false],
    ['a trace id of zeros', '00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
    ['a span id of zeros', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
    ['too short', good.slice(0, -3), false],
    ['nothing', '', false],
  ]
  for (const [what, text, valid] of rows) {
    it(`${valid ? 'reads' : 'ignores'} ${what}`, () => assert.equal(parseTraceparent(text) !== undefined, valid))
  }
  it('is read as it was written', () => assert.equal(formatTraceparent(parseTraceparent(good)!), good))
})

describe('lanes', () => {
  it('hold only spans that nest in their ancestors, and use one for a tree of calls', () => {
    const times = fc.tuple(fc.nat(100), fc.nat(100), fc.option(fc.nat(30)))
    fc.assert(
      fc.property(fc.array(times, { maxLength: 30 }), drawn => {
        const spans = drawn.map(([startUs, length, parent], i) => ({
          kind: 'span' as const,
          name: `${i}`,
          startUs,
          endUs: startUs + length,
          traceId: 't',
          spanId: `${i}`,
          parentId: parent !== null && parent < i ? `${parent}` : undefined,
          attributes: {},
        }))
        const laneOf = assignLanes(spans, 1000)
        const isAncestor = (a: (typeof spans)[0], of: (typeof spans)[0]): boolean =>
          of.parentId !== undefined && (of.parentId === a.spanId || isAncestor(a, spans[Number(of.parentId)]!))
        for (const a of spans) {
          for (const b of spans) {
            if (a === b || laneOf.get(a.spanId) !== laneOf.get(b.spanId)) continue
            const apart = a.endUs <= b.startUs || b.endUs <= a.startUs
            const inside = (x: typeof a, y: typeof a): boolean =>
              x.startUs >= y.startUs && x.endUs <= y.endUs && isAncestor(y, x)
            assert.ok(apart || inside(a, b) || inside(b, a))
          }
        }
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('merging', () => {
  it('aligns clocks, keeps processes apart and draws arrows between them', () => {
    const ids = { traceId: 'a'.repeat(32) }
    const one = (host: string, zeroMonotonicUs: number, zeroUnixMs: number, events: ChromeEvent[]): ChromeTrace => ({
      traceEvents: [{ ph: 'M', name: 'thread_name', pid: 5, tid: 1, ts: 0, args: { name: 'main' } }, ...events],
      displayTimeUnit: 'ms',
      otherData: { producer: 'skein', host, zeroMonotonicUs, zeroUnixMs, dropped: { main: 1 } },
    })
    const cause = { ...ids, spanId: '1'.repeat(16) }
    const effect = { ...ids, spanId: '2'.repeat(16), parentId: cause.spanId }
    const merged = mergeTraces([
      one('x', 1000, 5000, [{ ph: 'X', name: 'cause', pid: 5, tid: 1, ts: 10, dur: 3, args: cause }]),
      // Of the same host: its monotonic clock counts, whatever the time of day says.
      one('x', 1500, 9999, [{ ph: 'X', name: 'effect', pid: 5, tid: 1, ts: 1, dur: 1, args: effect }]),
      one('y', 77, 5002, [
        { ph: 'X', name: 'elsewhere', pid: 5, tid: 1, ts: 1, dur: 1, args: { ...ids, spanId: '3'.repeat(16) } },
      ]),
    ])
    checkFormat(merged)
    assert.equal(named(merged, 'cause').ts, 10)
    assert.equal(named(merged, 'effect').ts, 501)
    assert.equal(named(merged, 'elsewhere').ts, 2001)
    assert.equal(new Set(spansOf(merged).map(event => event.pid)).size, 3)
    const arrow = merged.traceEvents.filter(event => event.ph === 's' || event.ph === 'f')
    assert.deepEqual(
      arrow.map(event => [event.ph, event.pid, event.ts]),
      [
        ['s', named(merged, 'cause').pid, 13],
        ['f', named(merged, 'effect').pid, 501],
      ],
    )
    assert.deepEqual(merged.otherData.dropped, { main: 3 })
    assert.deepEqual(mergeTraces([merged]).traceEvents.length, merged.traceEvents.length)
  })
})
