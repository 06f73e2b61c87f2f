// What is built on a store, as several processes use it: each with a connection of its own to the same store.
import assert from 'node:assert/strict'
import type { Coordinator } from '../src/index.ts'

/** Opens the store once more. */
type Connect = () => Promise<Coordinator>

const connected = async (connect: Connect, count: number, run: (c: Coordinator, i: number) => Promise<void>) => {
  const all = await Promise.all(Array.from({ length: count }, connect))
  try {
    await Promise.all(all.map(run))
  } finally {
    await Promise.all(all.map(c => c.close()))
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

export const recipeCases: Readonly<Record<string, (connect: Connect) => Promise<void>>> = {
  'a lock is had in turn, tried, and not waited for longer than one wants; transactions depend on it':
    async connect => {
      const tokens: number[] = []
      let holding = 0
      await connected(connect, 3, async (c, i) => {
        for (let n = 0; n < 3; n++) {
          await using held = await c.lock('x', { note: `process ${i}` })
          assert.equal(++holding, 1)
          assert.deepEqual(await c.holders('x'), [{ kind: 'write', note: `process ${i}`, token: held.token }])
          assert.equal(await c.tryLock('x'), undefined)
          const put = { op: 'put', key: 'written', value: String(held.token) } as const
          assert.equal((await c.transact({ if: [held.owner], do: [put] })).succeeded, true)
          tokens.push(held.token)
          holding--
        }
      })
      assert.deepEqual(
        tokens,
        [...tokens].sort((a, b) => a - b),
      )
      await connected(connect, 2, async (c, i) => {
        if (i === 0) return
        await using held = await c.readLock('x')
        await assert.rejects(c.lock('x', { timeoutMs: 50 }), { name: 'TimeoutError' })
        const { owner } = held
        await held.release()
        assert.equal((await c.transact({ if: [owner] })).succeeded, false)
      })
    },

  'a queue gives each item to one, in order, and what is claimed back when its claimer goes': async connect => {
    const taken: number[] = []
    const items = 40
    await connected(connect, 3, async (c, i) => {
      const queue = c.queue<number>('x')
      if (i === 0) for (const n of upTo(items)) await queue.put(n)
      else for (const _ of upTo(items / 2)) taken.push(await queue.take())
    })
    // Each taker is told in order; between them, who is told first is not known.
    assert.deepEqual(
      taken.sort((a, b) => a - b),
      upTo(items),
    )
    const gone = await connect()
    await gone.queue<number>('x').put(1)
    assert.equal((await gone.queue<number>('x', { ttlMs: 1000 }).claim()).value, 1)
    await gone.close()
    await connected(connect, 1, async c => {
      const queue = c.queue<number>('x')
      assert.equal(await queue.tryClaim(), undefined)
      const again = await queue.claim()
      assert.equal(again.value, 1)
      await again.done()
      assert.equal(await queue.size(), 0)
    })
  },

  'counters lose nothing, sequences give nothing twice, and once is once': async connect => {
    const [sums, ids]: [number[], number[]] = [[], []]
    let runs = 0
    await connected(connect, 3, async c => {
      const [counter, sequence] = [c.counter('x'), c.sequence('x', { block: 5 })]
      sums.push(...(await Promise.all(upTo(10).map(() => counter.add()))))
      for (const _ of upTo(5)) sums.push(await counter.add())
      ids.push(...(await Promise.all(upTo(12).map(() => sequence.next()))))
      assert.equal(await c.once('x', () => ++runs), 1)
    })
    assert.deepEqual(
      sums.sort((a, b) => a - b),
      upTo(45).map(n => n + 1),
    )
    assert.equal(new Set(ids).size, 36)
  },

  'barriers and latches let all through together': async connect => {
    let [come, left] = [0, 0]
    await connected(connect, 3, async (c, i) => {
      const barrier = c.doubleBarrier('x', { count: 3 })
      for (let round = 1; round <= 2; round++) {
        come++
        const inside = await barrier.enter()
        assert.ok(come >= 3 * round)
        left++
        await inside.leave()
        assert.ok(left >= 3 * round)
      }
      const [gate, latch] = [c.barrier('x'), c.latch('x', { count: 3 })]
      if (i === 0) await gate.hold()
      await latch.countDown()
      await latch.wait()
      const waiting = gate.wait()
      if (i === 0) await gate.release()
      await waiting
    })
  },

  'configuration and members are told of': async connect => {
    const told: string[] = []
    await connected(connect, 2, async (c, i) => {
      await using config = await c.config<number>('x', { initial: 0 })
      await Promise.all(upTo(5).map(() => config.update(n => n + 1)))
      for await (const value of config) if (value === 10) break
      const group = c.members<number>('x')
      if (i === 1) {
        const member = await group.join(i)
        for await (const { member } of group.watch()) if (member.data === 2) break
        await member.leave()
        return
      }
      for await (const { type, member } of group.watch()) {
        told.push(`${member.data} ${type}`)
        if (member.data === 1 && type === 'joined') await group.join(2)
        if (type === 'left') break
      }
    })
    assert.deepEqual(told.slice(0, 2), ['1 joined', '2 joined'])
    assert.equal(told.at(-1), '1 left')
  },
}
