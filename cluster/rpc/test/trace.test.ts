import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { span, tracer } from '@skein/base'
import { callContext, connect, listen, within, withTrace } from '../src/index.ts'
import { startServer } from './processes.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const traces = async () => [callContext().trace]

describe('the trace of a call', () => {
  test('goes through three processes', async t => {
    const last = await startServer('127.0.0.1:0')
    t.after(() => last.child.kill())
    const middle = await startServer('127.0.0.1:0', last.address)
    t.after(() => middle.child.kill())
    using connection = await connect(middle.address)
    const { remote } = connection
    const tracestate = 'vendor=1,other=2'
    const given = { traceparent, tracestate }
    assert.deepEqual(await withTrace(given, () => remote.traces()), [given, given])
    assert.deepEqual(await withTrace(traceparent, () => remote.traces()), [{ traceparent }, { traceparent }])
    assert.deepEqual(await remote.traces(), [undefined, undefined])
    // Other things of the call stay.
    await withTrace(given, () =>
      within(1000, async () => {
        assert.deepEqual(callContext().trace, given)
        assert.ok(callContext().remainingMs <= 1000)
        assert.deepEqual(await remote.traces(), [given, given])
      }),
    )
    await within(1000, () => withTrace(given, async () => assert.ok(callContext().remainingMs <= 1000)))
  })

  test('is that of the current span, and calls that are served are spans of it', async t => {
    await using server = await listen('127.0.0.1:0', { traces, work: () => span('inside', () => 1) })
    using connection = await connect(server.address)
    const { remote } = connection
    tracer.start()
    t.after(() => tracer.stop().catch(() => {}))
    await span('outside', async ({ context }) => {
      const [trace] = await remote.traces()
      assert.equal(trace.traceparent, `00-${context!.traceId}-${context!.spanId}-01`)
      await remote.work()
    })
    const given = { traceparent, tracestate: 'vendor=1' }
    await withTrace(given, async () => {
      await span('further', async ({ context }) => {
        assert.equal(context!.traceId, traceparent.slice(3, 35))
        const [trace] = await remote.traces()
        assert.deepEqual(trace, { ...given, traceparent: `00-${context!.traceId}-${context!.spanId}-01` })
      })
    })
    const { traceEvents } = await tracer.stop()
    const spans = new Map(traceEvents.filter(event => event.ph === 'X').map(event => [event.name, event]))
    const idOf = (name: string) => (spans.get(name)!.args as { spanId: string }).spanId
    const parentOf = (name: string) => (spans.get(name)!.args as { parentId: string }).parentId
    assert.equal(parentOf('work'), idOf('outside'))
    assert.equal(parentOf('inside'), idOf('work'))
  })

  test('that is none is said, or left out', async () => {
    for (const wrong of ['', 'x', '00-0-0-01', `ff${traceparent.slice(2)}`, 5, null])
      assert.throws(() => withTrace(wrong as never, () => {}), { name: 'ArgumentError' })
    const wrong = [
      { traceparent, tracestate: 'é' },
      { traceparent, tracestate: 'x'.repeat(513) },
    ]
    for (const trace of wrong) assert.throws(() => withTrace(trace, () => {}), { name: 'ArgumentError' })
    assert.equal(
      withTrace({ traceparent, tracestate: '' }, () => callContext().trace!.tracestate),
      undefined,
    )
  })
})
