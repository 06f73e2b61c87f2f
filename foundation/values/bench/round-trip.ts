/**
 * Packing a value and unpacking it, beside what Node and Python have for it: nanoseconds for each, the least of several rounds in turn.
 *
 *     node foundation/values/bench/round-trip.ts
 */

import { spawnSync } from 'node:child_process'
import { deserialize, serialize } from 'node:v8'
import { PackBuffer, packInto, unpack } from '@skein/values'

const record = (i: number) => ({ id: i, name: `name ${i}`, x: i / 3, ok: i % 2 === 0 })
const values: { [name: string]: unknown } = {
  'a small object': { a: 1, b: 'x', c: [1, 2, 3] },
  '100 objects': Array.from({ length: 100 }, (_, i) => record(i)),
  'an object of 100 keys': Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i])),
  '1000 floats': Array.from({ length: 1000 }, (_, i) => i / 7),
}
const rounds = 5

const python = `
import json, pickle, sys, timeit
for value in json.load(sys.stdin):
    packed = pickle.dumps(value, -1)
    n = max(1, 2000000 // len(packed) // 10)
    least = lambda f: min(timeit.repeat(f, number=n, repeat=${rounds})) / n * 1e9
    print(least(lambda: pickle.dumps(value, -1)), least(lambda: pickle.loads(packed)))
`

const buffer = new PackBuffer()
const peers: { [name: string]: (value: unknown) => [pack: () => unknown, unpack: () => unknown] } = {
  skein: value => {
    const length = packInto(buffer, value)
    const bytes = Uint8Array.from(buffer.bytes.subarray(0, length))
    return [() => packInto(buffer, value), () => unpack(bytes)]
  },
  JSON: value => {
    const text = JSON.stringify(value)
    return [() => JSON.stringify(value), () => JSON.parse(text)]
  },
  v8: value => {
    const bytes = serialize(value)
    return [() => serialize(value), () => deserialize(bytes)]
  },
}

function nanoseconds(act: () => unknown): number {
  const began = process.hrtime.bigint()
  let n = 0
  let took = 0
  for (; took < 1e7; took = Number(process.hrtime.bigint() - began)) for (let i = 0; i < 50; i++, n++) act()
  return took / n
}

const run = spawnSync('python3', ['-c', python], { input: JSON.stringify(Object.values(values)), encoding: 'utf8' })
const pickled = run.status === 0 ? run.stdout.trim().split('\n') : []
for (const [i, [name, value]] of Object.entries(values).entries()) {
  console.log(`\n${name}`)
  const acts = Object.entries(peers).map(([peer, make]) => ({ peer, acts: make(value), least: [Infinity, Infinity] }))
  for (let round = 0; round < rounds; round++) {
    for (const { acts: both, least } of acts) {
      both.forEach((act, k) => {
        least[k] = Math.min(least[k], nanoseconds(act))
      })
    }
  }
  const rows = acts.map(({ peer, least }) => ({ peer, least }))
  if (pickled[i]) rows.push({ peer: 'pickle', least: pickled[i].split(' ').map(Number) })
  const ours = rows[0].least[0] + rows[0].least[1]
  for (const { peer, least } of rows) {
    const [pack, unpack] = least.map(ns => Math.round(ns).toLocaleString('en').padStart(9))
    console.log(`  ${peer.padEnd(7)}${pack} ns + ${unpack} ns   ${((least[0] + least[1]) / ours).toFixed(2)}×`)
  }
}
