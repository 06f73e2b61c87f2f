/** A worker that does what it is told: the other side of the tests of tracing across threads. */

import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import { type SpanContext, span, tracer } from '../src/index.ts'

export type Order =
  | { readonly do: 'spans'; readonly context?: SpanContext | string; readonly name: string; readonly times: number }
  | { readonly do: 'name'; readonly name: string }
  | { readonly do: 'open' }
  | { readonly do: 'sleep'; readonly flag: SharedArrayBuffer; readonly flushFirst: boolean }
  | { readonly do: 'exit' }

assert.ok(parentPort)
parentPort.on('message', async (order: Order) => {
  switch (order.do) {
    case 'spans':
      tracer.within(order.context, () => {
        for (let i = 0; i < order.times; i++) span(order.name, { i }, () => tracer.instant('inside'))
      })
      break
    case 'name':
      tracer.nameThread(order.name)
      break
    case 'open':
      tracer.span('never ends')
      break
    case 'sleep':
      if (order.flushFirst) tracer.flush()
      parentPort!.postMessage('asleep')
      Atomics.wait(new Int32Array(order.flag), 0, 0)
      break
    case 'exit':
      process.exit(0)
  }
  parentPort!.postMessage(tracer.enabled)
})
