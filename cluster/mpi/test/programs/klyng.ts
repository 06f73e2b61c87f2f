/** klyng's functions: everyone greets everyone, by source, by subject, by both and by neither. */

import { ArgumentError } from '@skein/base'
import { MpiError, world } from '@skein/mpi'
import klyng, { recv, send } from '@skein/mpi/klyng'
import { assert } from './check.ts'

assert.throws(() => send({ to: 0, data: 1 }), ArgumentError)
assert.throws(() => klyng.init(undefined as never), ArgumentError)

klyng.init(() => {
  const [rank, size] = [klyng.rank(), klyng.size()]
  const ranks = Array.from({ length: size }, (_, other) => other)
  for (const to of ranks) {
    send({ to, data: `hello ${to}, I am ${rank}` })
    send({ to, data: { rank, list: [1, 'two', null] }, subject: 'record' })
    send({ to, data: rank, subject: rank })
  }
  // Against the order they were sent in, and that of the ranks.
  for (const from of [...ranks].reverse())
    assert.deepEqual(recv({ from, subject: 'record' }), { rank: from, list: [1, 'two', null] })
  for (const from of ranks) assert.equal(recv({ subject: from }), from)
  for (const from of ranks) assert.equal(recv({ from }), `hello ${rank}, I am ${from}`)

  // Whoever sends: each is heard once.
  for (const to of ranks) send({ to, data: false, subject: 'any' })
  for (const _ of ranks) assert.equal(recv({ from: -1, subject: 'any' }), false)
  // Nobody sends anything else meanwhile.
  world.barrier()
  for (const to of ranks) send({ to, data: 0 })
  for (const _ of ranks) assert.equal(recv(), 0)
  world.barrier()

  // Two that send long messages to each other before they receive.
  const long = new Float64Array(100_000).fill(rank)
  send({ to: (rank + 1) % size, data: long, subject: 'long' })
  assert.equal(recv({ subject: 'long' })[99_999], (rank + size - 1) % size)

  assert.throws(() => send({ data: 1 } as never), /to must be the rank to send to/)
  assert.throws(() => send({ to: 0 } as never), /data must be what to send/)
  assert.throws(() => send({ to: size, data: 1 }), MpiError)
  assert.throws(() => send({ to: Number.NaN, data: 1 }), MpiError)
  assert.throws(() => send({ to: 0, data: () => 1 }), /function/)
  assert.throws(() => recv({ from: size }), MpiError)
  assert.throws(() => recv(5 as never), ArgumentError)
  assert.throws(() => klyng.init(() => {}), ArgumentError)

  // The last message of a rank that ends at once is not lost.
  if (rank !== 0) send({ to: 0, data: 'x'.repeat(1 << 20), subject: 'end' })
  else {
    for (let other = 1; other < size; other++) assert.equal(recv({ subject: 'end' }).length, 1 << 20)
    console.log('ok klyng')
  }
  klyng.end()
})
