/** Arrays of 8 and 16 bits as machine code: halves are converted by the processor, and lanes anywhere are read by words. */

import { test } from 'node:test'
import { x64 } from '../src/x64/index.ts'
import { newArray } from './random-values.ts'
import { agree, type Numbers } from './x64-agree.ts'

const skip = x64.unavailable() ?? (typeof Float16Array === 'undefined' ? 'this engine has no Float16Array' : false)
const small = ['i8', 'u8', 'u8c', 'i16', 'u16', 'f16'] as const

test('halves become floats, and floats halves, to nearest even', { skip }, () => {
  const bits = Uint16Array.from({ length: 65536 + 7 }, (_, i) => i)
  const halves = () => new Float16Array(bits.buffer.slice(0))
  agree('(i, h, x) => { x[i] = h[i] }', bits.length, () => [halves(), new Float32Array(bits.length)], 'read')
  // Every half, halfway to the next, and a little to both sides.
  const near = new Float32Array(3 * bits.length)
  const words = new Uint32Array(near.buffer)
  const all = halves()
  for (let i = 0; i < bits.length; i++) {
    const [one, next] = [all[i], all[(i + 1) % bits.length]]
    near[3 * i] = (one + next) / 2
    words[3 * i + 1] = words[3 * i] - 1
    words[3 * i + 2] = words[3 * i] + 1
  }
  for (const [i, x] of [0, -0, 1e-8, -1e-8, 5.9e-8, 65519.996, 65520, 1e30, -Infinity, NaN, 2 ** -149].entries())
    near[i] = x
  agree('(i, x, h) => { h[i] = x[i] }', near.length, () => [near, new Float16Array(near.length)], 'written')
  const some = '(i, x, h) => { if (i % 3 > 0) h[i] = x[i] * h[i] }'
  agree(some, 1000, () => [near, halves().subarray(300, 1300)], 'under a mask')
  agree('(i, x, h) => { h[i * 2 % 77] = x[5] }', 10, () => [near, new Float16Array(77)], 'one by one')
})

test('lanes anywhere in arrays of small elements, wherever these begin', { skip }, () => {
  for (const element of small) {
    for (const offset of [0, 1, 2, 3]) {
      const make = () => {
        const whole = newArray(element, 103) as unknown as Numbers
        for (let i = 0; i < whole.length; i++) whole[i] = element === 'f16' ? Math.sin(i) * 1000 : (i * 37 + 200) % 256
        const array = (whole as unknown as Uint8Array).subarray(offset, 100) as unknown as Numbers
        const at = Int32Array.from({ length: 97 }, (_, i) => (i * 61) % array.length)
        return [array, at, new Float32Array(97)]
      }
      agree('(i, x, at, y) => { y[i] = x[at[i]] }', 97, make, `${element} from ${offset}`)
      agree(
        '(i, x, at, y) => { if (at[i] > 30) y[i] = x[at[i]] + x[i * 3 % 90] }',
        97,
        make,
        `some ${element} from ${offset}`,
      )
    }
  }
})
