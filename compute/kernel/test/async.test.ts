/** Asynchronous calls: cancelled, endless, many at once, beside synchronous ones, over arrays that go away. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import { IndexError, kernel, reduce, scan } from '../src/index.ts'
import { f64 } from './agree.ts'

process.env.SKEIN_THREADS ??= '4'

const text = (source: string): any => new Function(`return ${source}`)()
const add = kernel((i, y: Float64Array, x: Float64Array) => {
  y[i] += x[i]
})
const sum = reduce('+', (i, x: Float64Array) => x[i])
const endless = kernel(text('(i, y) => { while (y[0] === 0) y[i + 1] += 1 }')) as any

/** Team and heap work as if nothing had been. */
async function stillWorks(): Promise<void> {
  const [y, x] = [heap.f64(1000), heap.f64(f64(1000))]
  add(1000, y, x)
  await add.async(1000, y, x)
  assert.equal(y[999], 2 * x[999])
  heap.release(y)
  heap.release(x)
}

const cancelled = (e: Error) => e instanceof CancelledError && /cancelled/.test(e.message)

describe('signals', () => {
  it('that fired before end the call at once', async () => {
    const k = add.with({ signal: AbortSignal.abort() })
    await assert.rejects(k.async(10, f64(10), f64(10)), cancelled)
    await stillWorks()
  })

  for (const where of ['in the heap', 'outside']) {
    it(`end an endless loop over arrays ${where}`, async () => {
      const made = where === 'outside' ? new Float64Array(100) : heap.f64(100)
      const stop = new AbortController()
      const done = endless.with({ signal: stop.signal }).async(50, made)
      setTimeout(() => stop.abort(new Error('long enough')), 20)
      await assert.rejects(done, (e: Error) => cancelled(e) && /long enough/.test(e.message))
      await stillWorks()
    })
  }

  it('end an endless loop that touches no memory, on every thread', async () => {
    const k = kernel(text('(i, y) => { let a = y[i]; while (a === 0) a *= 2; y[i] = a }')) as any
    const stop = new AbortController()
    const done = k.with({ signal: stop.signal, threads: 4, chunk: 1 }).async(100, new Int32Array(100))
    setTimeout(() => stop.abort(), 20)
    await assert.rejects(done, cancelled)
    await stillWorks()
  })

  it('end the reference backend between iterations', async () => {
    const stop = new AbortController()
    const y = new Float64Array(2 ** 22)
    const done = add.on('reference').with({ signal: stop.signal }).async(y.length, y, y)
    setTimeout(() => stop.abort(), 1)
    await assert.rejects(done, cancelled)
    await stillWorks()
  })

  it('in the middle, again and again, leave every call whole or cancelled', async () => {
    const n = 200_000
    const k = kernel(
      text('(i, y) => { let s = 0; for (let k = 0; k < 50; k++) s += Math.sin(i + k); y[i] = s }'),
    ) as any
    let ended = 0
    for (let round = 0; round < 12; round++) {
      const stop = new AbortController()
      const y = heap.f64(n)
      const done = k.with({ signal: stop.signal }).async(n, y)
      // After a number of turns of the event loop that differs, the call is somewhere else.
      for (let turn = 0; turn < round * 3; turn++) await new Promise(resolve => setImmediate(resolve))
      stop.abort()
      try {
        await done
        ended++
        assert.notEqual(y[n - 1], 0)
      } catch (e) {
        assert(cancelled(e as Error))
      }
      heap.release(y)
    }
    assert(ended < 12)
    await stillWorks()
  })

  it('that never fire leave nothing behind', async () => {
    const stop = new AbortController()
    const k = add.with({ signal: stop.signal })
    for (let round = 0; round < 20; round++) await k.async(100, f64(100), f64(100))
    stop.abort()
    await stillWorks()
  })
})

describe('calls at once', () => {
  it('of one kernel and of several give each its own result', async () => {
    const runs = scan('+', (i, x: Float64Array) => x[i])
    const inputs = Array.from({ length: 24 }, (_, k) => f64(1000 + k * 37).map(v => v + k))
    const results = await Promise.all(
      inputs.flatMap(x => {
        const out = new Float64Array(x.length)
        return [sum.async(x.length, x), runs.async(x.length, out, x).then(() => out), add.async(x.length, x.slice(), x)]
      }),
    )
    for (const [k, x] of inputs.entries()) {
      const expected = sum(x.length, x)
      assert.equal(results[3 * k], expected)
      const out = results[3 * k + 1] as unknown as Float64Array
      assert(Math.abs(out[x.length - 1] - expected) < 1e-6)
    }
  })

  it('go on while synchronous ones are made', async () => {
    const x = heap.f64(f64(100_000))
    const expected = sum(x.length, x)
    const going = Array.from({ length: 6 }, () => sum.async(x.length, x))
    for (let k = 0; k < 20; k++) assert.equal(sum(x.length, x), expected)
    assert.deepEqual(await Promise.all(going), Array(6).fill(expected))
    heap.release(x)
  })

  it('on neighbouring parts of one array leave each other alone', async () => {
    const fill = kernel(
      text('(i, y, z, v) => { let s = 0; for (let k = 0; k < 40; k++) s += v; y[i] = s; z[i] = -s }'),
    ) as any
    const count = 40
    const all = new Float64Array(count * 202)
    const part = (k: number) => all.subarray(k * 101, (k + 1) * 101)
    // Each writes a part of the first half and one of the second: what lies between belongs to the others.
    await Promise.all(Array.from({ length: count }, (_, k) => fill.async(101, part(k), part(k + count), k)))
    for (let k = 0; k < count; k++) {
      assert(part(k).every(x => x === 40 * k) && part(k + count).every(x => x === -40 * k), `part ${k}`)
    }
  })

  it('that fail fail alone', async () => {
    const far = kernel(text('(i, y) => { y[i * 2] = i }')) as any
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, k) => far.async(100, new Float64Array(k % 2 ? 100 : 200))),
    )
    results.forEach((r, k) => {
      if (k % 2) assert(r.status === 'rejected' && r.reason instanceof IndexError)
      else assert.equal(r.status, 'fulfilled')
    })
    await stillWorks()
  })

  it('stop others with an endless one, and are set free', async () => {
    const stop = new AbortController()
    const hung = endless.with({ signal: stop.signal }).async(50, heap.f64(100))
    const x = f64(50_000)
    const going = sum.async(x.length, x)
    assert.equal(sum(x.length, x), sum.on('reference')(x.length, x))
    stop.abort()
    await assert.rejects(hung, cancelled)
    assert.equal(await going, sum(x.length, x))
    await stillWorks()
  })
})

describe('while a call is under way', () => {
  it('an array outside the heap may be transferred: the call ends, well or with a typed error', async () => {
    const k = kernel(text('(i, y) => { let s = 0; for (let k = 0; k < 500; k++) s += i % (k + 1); y[i] = s }')) as any
    const y = new Float64Array(20_000)
    const done = k.async(y.length, y)
    structuredClone(y, { transfer: [y.buffer] })
    const before = heap.stats()
    await done.then(
      () => {},
      (e: any) => assert.match(String(e.code), /^SKEIN_/, String(e)),
    )
    await stillWorks()
    assert(heap.stats().inUseBytes <= before.inUseBytes, 'the copies were given back')
  })

  it('a resizable array may shrink', async () => {
    const k = kernel(text('(i, y) => { let s = 0; for (let k = 0; k < 500; k++) s += i % (k + 1); y[i] = s }')) as any
    const buffer = new ArrayBuffer(160_000, { maxByteLength: 160_000 })
    const done = k.async(20_000, new Float64Array(buffer))
    ;(buffer as any).resize(8)
    await done.then(
      () => {},
      (e: any) => assert.match(String(e.code), /^SKEIN_/, String(e)),
    )
    await stillWorks()
  })

  it('an array of the heap may be forgotten', async () => {
    const going = Array.from({ length: 8 }, (_, k) => add.async(10_000, heap.f64(10_000), heap.f64(f64(10_000 + k))))
    await Promise.all(going)
    await stillWorks()
  })

  it('a kernel may be forgotten', async () => {
    const going = Array.from({ length: 8 }, (_, k) => {
      const made = kernel(text(`(i, y) => { y[i] = i * ${k} }`)) as any
      const y = new Float64Array(1000)
      return made.async(1000, y).then(() => assert.equal(y[999], 999 * k))
    })
    await Promise.all(going)
  })
})

describe('a thread that dies', () => {
  it('is replaced, and kernels run on', async () => {
    const team = defaultTeam()
    const url = new URL('./dying.ts', import.meta.url)
    for (let round = 0; round < 3; round++) {
      const body = team.module(url, 'exits')
      const x = f64(100_000)
      const expected = sum.on('reference')(x.length, x)
      const going = sum.async(x.length, x)
      await assert.rejects(team.runAsync(body, 0, { args: 0, begin: 0, end: 1 }), /ended|exit/)
      assert.equal(await going, expected)
      assert.equal(sum(x.length, x), expected)
      await stillWorks()
    }
  })
})
