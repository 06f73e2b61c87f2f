// One of several processes on a store in a file. Prints a line when it has begun, and what it did at the end.
import { type Entry, lock, open } from '../src/index.ts'

const [path, what, count] = process.argv.slice(2)
const store = await open(`file:${path}`)
const number = (entry: Entry | undefined): number => (entry ? Number(new TextDecoder().decode(entry.value)) : 0)
console.log('begun')

if (what === 'count') {
  // Compare and set: nothing is lost, whoever else counts.
  for (let i = 0; i < Number(count); ) {
    const entry = await store.get('count')
    const { succeeded } = await store.transact({
      if: [{ key: 'count', target: 'modified', is: '=', value: entry?.modified ?? 0 }],
      do: [{ op: 'put', key: 'count', value: String(number(entry) + 1) }],
    })
    if (succeeded) i++
  }
} else if (what === 'lock') {
  for (let i = 0; i < Number(count); i++) {
    await using held = await lock(store, 'count', { ttlMs: 2000 })
    const before = number(await store.get('count'))
    await store.put('count', String(before + 1))
    await store.put(`token/${String(held.token).padStart(10, '0')}`, String(before + 1))
  }
} else if (what === 'put') {
  // Says which puts were acknowledged, until it is killed.
  for (let i = 0; ; i++) {
    await store.put(`put/${i}`, String(i))
    process.stdout.write(`${i}\n`)
  }
} else if (what === 'work') {
  // Does jobs until there are none, each with its effect in the store only while it is claimed; or, as if it hung, keeps the first for ever.
  const queue = store.queue<number>('jobs', { ttlMs: 1000 })
  for (;;) {
    const claim = await queue.claim({ timeoutMs: 2000 }).catch(() => undefined)
    if (claim === undefined) break
    console.log(`claims ${claim.value}`)
    if (count === 'hangs') await new Promise(() => setInterval(() => {}, 1000))
    const key = `job/${claim.value}`
    const { succeeded } = await store.transact({ if: [claim.owner], do: [{ op: 'put', key, value: '' }] })
    if (succeeded) await claim.done()
  }
} else if (what === 'hold') {
  await lock(store, 'held', { ttlMs: 1000 })
  console.log('holds')
  await new Promise(() => setInterval(() => {}, 1000))
}
if (what === 'leave') {
  await store.put('a', '1')
  console.log('left')
} else {
  await store.close()
  console.log('done')
}
