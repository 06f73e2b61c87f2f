/** What random kernels have not, since their iterations must not meet: effects at one place for all lanes, in lanes of which some or none are active; and steps too large for an instruction's constant. */

import { test } from 'node:test'
import { agree } from './x64-agree.ts'
import { skip } from './x64-code.ts'

const n = 40

/** Above 8 nowhere, above 5 everywhere, above 7 in every third; k is out of range. */
const none: { readonly [name: string]: string } = {
  'a store for all': '(i, k, at, x, y) => { if (x[i] > 8) y[k] = x[i] }',
  'a store of one number for all': '(i, k, at, x, y) => { if (x[i] > 8) y[k] = 1 }',
  'a load for all': '(i, k, at, x, y) => { if (x[i] > 8) y[i] = x[k] + x[k + 1] }',
  'an atomic for all': '(i, k, at, x, y) => { if (x[i] > 8) atomic.add(y, k, 1) }',
  'an atomic that is read': '(i, k, at, x, y) => { if (x[i] > 8) y[i] = atomic.max(y, k, x[i]) }',
  'in a branch within': '(i, k, at, x, y) => { if (x[i] > 5) { if (x[i] > 8) { y[k] = i } else { y[i] = 1 } } }',
  'in a loop that lanes leave':
    '(i, k, at, x, y) => { for (let j = 0; j < at[i] % 5; j++) { if (x[i] > 8) y[k] = j; y[i] += x[i] } }',
  'in a loop of no rounds': '(i, k, at, x, y) => { for (let j = 0; j < (x[i] > 8 ? 3 : 0); j++) y[k] = j }',
  'a step that leaves the integers': '(i, k, at, x, y) => { if (x[i] > 8) y[i] = x[i * 1000000000 + 40] }',
  'in both sides':
    '(i, k, at, x, y) => { if (x[i] > 8) { y[k] = 1 } else if (x[i] > 7) { y[i] = 2 } else { y[i] = 3 } }',
  'behind a continue': '(i, k, at, x, y) => { for (let j = 0; j < 3; j++) { if (x[i] < 8) continue; y[k] = j } }',
}

const some: { readonly [name: string]: string } = {
  'the last active lane is seen': '(i, k, at, x, y) => { if (x[i] > 7) y[3] = i }',
  'the last of the first lanes': '(i, k, at, x, y) => { if (i < 21) y[5] = x[i] + i }',
  'the last of all': '(i, k, at, x, y) => { y[39] = at[i] }',
  'in a private array':
    '(i, k, at, x, y) => { const own = new Int32Array(3); if (x[i] > 7) own[1] = at[i]; y[i] = own[1] }',
  'an atomic in every third': '(i, k, at, x, y) => { if (x[i] > 7) atomic.add(y, 0, x[i]) }',
  'places in turn': '(i, k, at, x, y) => { if (x[i] > 7) y[at[i]] = atomic.exchange(y, at[i], 5) + i }',
}

const failing: { readonly [name: string]: string } = {
  'a large step': '(i, k, at, x, y) => { y[i] = x[i * 1000000000] }',
  'a large step backwards': '(i, k, at, x, y) => { y[i] = x[i * -2000000000] }',
  'a large step in a store': '(i, k, at, x, y) => { y[i * 715827883] = 1 }',
  'one lane': '(i, k, at, x, y) => { y[i] = x[i === 37 ? k : i] }',
  'every third': '(i, k, at, x, y) => { if (x[i] > 7) y[k - 1] = x[i] }',
}

const groups = { 'no lane': none, 'some lanes': some, 'an error': failing }
for (const [which, sources] of Object.entries(groups))
  for (const [how, source] of Object.entries(sources))
    test(`${which}: ${how}`, { skip }, () => {
      for (const type of [Float64Array, Float32Array, Int32Array, Uint8Array]) {
        // Atomics are of whole words.
        if (type === Uint8Array && source.includes('atomic')) continue
        const makeArguments = () => [
          1000,
          Int32Array.from({ length: n }, (_, i) => (i * 7) % n),
          Float32Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 7.5 : 6)),
          new type(n).fill(9),
        ]
        agree(source, n, makeArguments, `${how}, ${type.name}`)
      }
    })
