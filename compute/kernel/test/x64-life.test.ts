/** Kernels on x64 in numbers: made and freed by the hundred, and called from many threads that have teams of their own. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { kernel } from '../src/index.ts'
import { skip } from './x64-code.ts'

const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)

/** `KERNELS=10000` for the long run. */
const count = Number(process.env.KERNELS ?? 100)

test('code of kernels that nobody holds any more is freed', { skip }, () => {
  const text = `import { kernel } from ${here('../src/index.ts')}
    import { mappedBytes } from ${here('../src/x64/run/pages.ts')}
    import { heap } from ${JSON.stringify(import.meta.resolve('@skein/heap'))}
    const x = new Float64Array(100)
    const make = k => kernel((0, eval)('(i, x) => { x[i] = x[i] * 2 + ' + k + ' }')).on('x64')
    const settle = async () => { for (let k = 0; k < 5; k++) { gc(); await new Promise(resolve => setTimeout(resolve, 2)) } }
    let held = []
    for (let k = 0; k < 40; k++) { const f = make(k); f(100, x); held.push(f) }
    const all = mappedBytes()
    const inUse = heap.stats().inUseBytes
    for (let k = 40; k < ${40 + count}; k++) { const f = make(k); f(100, x); held.shift(); held.push(f); if (k % ${Math.max(20, count / 20)} === 0) await settle() }
    await settle()
    const most = mappedBytes()
    held = []
    await settle()
    console.log(all >= 40 * 4096, most <= all + 30 * 4096, mappedBytes() <= 4 * 4096, heap.stats().inUseBytes <= inUse)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', text], {
    encoding: 'utf8',
    env: { ...process.env, SKEIN_CACHE: 'off' },
  })
  assert.equal(stdout, 'true true true true\n', stderr)
})

test('threads with teams of their own call kernels at once, on the same array', { skip }, async () => {
  const text = `import { atomic, kernel } from ${here('../src/index.ts')}
    import { parentPort, workerData } from 'node:worker_threads'
    const add = kernel((i, x) => { atomic.add(x, i, 1) }, { use: { atomic } }).on('x64')
    for (let k = 0; k < 20; k++) add(10_000, workerData)
    await Promise.all(Array.from({ length: 5 }, () => add.async(10_000, workerData)))
    parentPort.postMessage('done')`
  const words = new Int32Array(new SharedArrayBuffer(40_000))
  const url = new URL(`data:text/javascript,${encodeURIComponent(text)}`)
  const env = { ...process.env, SKEIN_THREADS: '2' }
  const workers = Array.from({ length: 3 }, () => new Worker(url, { workerData: words, env }))
  const done = workers.map(worker => once(worker, 'message'))
  const fill = kernel((i, x: Int32Array, y: Int32Array) => {
    y[i] = x[i] * 0 + 1
  }).on('x64')
  const own = new Int32Array(10_000)
  for (let k = 0; k < 50; k++) fill(10_000, words, own)
  await Promise.all(done)
  await Promise.all(workers.map(worker => worker.terminate()))
  assert.ok(words.every(count => count === 75))
  assert.ok(own.every(count => count === 1))
})
