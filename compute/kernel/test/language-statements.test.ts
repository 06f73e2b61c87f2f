/** Every statement and operator of the kernel language, as JavaScript means it. */
import { agree, f32, f64, i32, u32 } from './agree.ts'

// More threads than a small machine has cores: they meet in more orders.
process.env.SKEIN_THREADS ??= '4'

const text = (source: string): Function => new Function(`return ${source}`)()
const ints = (n: number) => [new Int32Array(n), i32(n)]
const floats = (n: number) => [new Float64Array(n), f64(n)]

agree('declarations', {
  'const and let': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const a = x[i] * 2
      let b = a
      let c: number
      b += 1
      if (b > 0) c = b * a
      else c = -b
      y[i] = a + b + c
    },
    args: floats,
  },
  'several in one': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      let a = 1,
        b = a + x[i],
        c = b * 2
      a += c
      b -= a
      c ^= b
      y[i] = a + b * 3 + c * 5
    },
    args: ints,
  },
  'let without a value is 0': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      let a = 0
      let b: number
      if (x[i] > 0) b = x[i]
      else b = -1
      a += b
      y[i] = a
    },
    args: floats,
  },
  'destructuring of lists': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      const [a, b] = [x[i], i + 1]
      let [c, d] = [b, a]
      ;[c, d] = [d + 1, c - 1]
      y[i] = a * 1000 + b * 100 + c * 10 + d
    },
    args: ints,
  },
  'shadowing in a block': {
    fn: (i: number, y: Int32Array) => {
      let a = 1
      {
        let a = 5
        a += i
        y[i] = a
      }
      {
        const a = 7
        y[i] += a
      }
      a += 2
      y[i] += a
    },
    args: n => [new Int32Array(n)],
  },
  'shadowing in a loop': {
    fn: (i: number, y: Int32Array) => {
      const a = 1
      for (let k = 0; k < 3; k++) {
        let a = k
        a++
        y[i] += a
      }
      y[i] += a
    },
    args: n => [new Int32Array(n)],
  },
  'var seen outside of its block': {
    fn: text('(i, y) => { if (i % 2) { var t = 3 } else { var t = 4 } y[i] = t }'),
    args: n => [new Int32Array(n)],
  },
  'var keeps its value through a loop': {
    fn: text(
      '(i, y) => { var r = 0; for (var k = 0; k < 4; k++) { var t; if (k === 0) t = 5; r += t; } y[i] = r + k }',
    ),
    args: n => [new Int32Array(n)],
  },
  'var of a plain block stays a constant': {
    fn: text('(i, y, x) => { for (let k = 0; k < 2; k++) { var h = 0.1; y[i] += x[i] * h } }'),
    args: n => [f32(n), f32(n)],
    // h adapts to float32, as a const does.
    plain: 'differs',
  },
  'a parameter that is assigned': {
    fn: (i: number, y: Float64Array, a: number) => {
      a = a + i
      a *= 2
      y[i] = a
    },
    args: n => [new Float64Array(n), 2.5],
  },
  'a default value': {
    fn: (i: number, y: Int32Array, a = 5, b = a + 1) => {
      y[i] = a * 10 + b + i
    },
    args: n => [new Int32Array(n)],
  },
  'names beyond ASCII': {
    fn: (i: number, größe: Float64Array, 変数: Float64Array) => {
      const π2 = Math.PI * 2
      let ñ = π2
      ñ += 変数[i]
      größe[i] = ñ
    },
    args: floats,
  },
})

agree('assignment operators', {
  'on a float local': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      let a = x[i]
      a += 1.5
      a -= 0.25
      a *= x[i]
      a /= 3
      a %= 7.5
      y[i] = a
    },
    args: floats,
  },
  'on an integer local': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      let a = x[i]
      a += 5
      a -= i
      a *= 3
      a &= 1023
      a |= 64
      a ^= 85
      a <<= 2
      a >>= 1
      y[i] = a
    },
    args: ints,
  },
  '>>>= makes a uint32': {
    fn: (i: number, y: Uint32Array, x: Int32Array) => {
      let a = x[i] | 0
      let b = a >>> 0
      b >>>= 3
      a >>= 1
      y[i] = b ^ a
    },
    args: n => [new Uint32Array(n), i32(n)],
  },
  '**=': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      let a = x[i]
      a **= 2
      y[i] = a
    },
    args: floats,
  },
  'on elements': {
    fn: (i: number, y: Int32Array, z: Float64Array, x: Float64Array) => {
      y[i] += i * 3
      y[i] -= 1
      y[i] <<= 2
      y[i] |= 1
      z[i] += x[i]
      z[i] *= 2
      z[i] /= 3
    },
    args: n => [i32(n), f64(n), f64(n)],
  },
  '&&=, ||=, ??=': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      let a = x[i] % 3
      a ||= 7
      a &&= a + 1
      a ??= 9
      y[i] ||= a
      y[i] &&= y[i] * 2
    },
    args: n => [Int32Array.from({ length: n }, (_, i) => i % 2), i32(n)],
  },
  'an index is evaluated once': {
    fn: (i: number, y: Int32Array, z: Int32Array) => {
      let k = i
      y[k++] ||= 7
      y[--k] += 2
      z[i] = k
    },
    args: n => [Int32Array.from({ length: n }, (_, i) => i % 3), new Int32Array(n)],
  },
  'an assignment is a value': {
    fn: (i: number, y: Float64Array, z: Float64Array, x: Float64Array) => {
      let a = 0.5
      let b = 0.5
      y[i] = a = b = x[i]
      z[i] = (a += 2) * (b -= 1)
    },
    args: n => [new Float64Array(n), new Float64Array(n), f64(n)],
  },
  '++ and -- before and after': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      let a = x[i]
      const b = a++
      const c = ++a
      const d = a--
      const e = --a
      y[i] = b + 3 * c + 5 * d + 7 * e
      y[i]++
      --y[i]
      const f = y[i]++
      y[i] += f
    },
    args: ints,
  },
  'operands from left to right': {
    fn: (i: number, y: Int32Array) => {
      let a = i
      y[i] = a + (a = 2) * a + a++ * 10 + a
    },
    args: n => [new Int32Array(n)],
  },
})

agree('operators', {
  'arithmetic of floats': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const b = x[i] + 3
      y[i] = x[i] + b - x[i] * b + x[i] / b + (x[i] % b) + -x[i] + +b
    },
    args: floats,
  },
  'bits of int32': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      const a = x[i]
      y[i] = (a & 12) + (a | 3) + (a ^ i) + ~a + (a << 3) + (a >> 1) + (a << i) + (a >> i)
    },
    args: ints,
  },
  '>>> gives a uint32': {
    fn: (i: number, y: Float64Array, x: Int32Array) => {
      y[i] = (x[i] >>> 0) * 0.5 + (x[i] >>> 1) / 3 + (x[i] >>> i)
    },
    args: n => [new Float64Array(n), i32(n)],
    sizes: [0, 1, 2, 3, 17, 32],
  },
  comparisons: {
    fn: (i: number, y: Int32Array, x: Float64Array, a: number) => {
      let r = 0
      if (x[i] < a) r |= 1
      if (x[i] <= a) r |= 2
      if (x[i] > a) r |= 4
      if (x[i] >= a) r |= 8
      if (x[i] === a) r |= 16
      if (x[i] !== a) r |= 32
      y[i] = r
    },
    args: n => [new Int32Array(n), Float64Array.from({ length: n }, (_, i) => [1, 2, 3, NaN, -0, Infinity][i % 6]), 2],
  },
  'uint32 and int32 compare as numbers': {
    fn: (i: number, y: Int32Array, u: Uint32Array, x: Int32Array) => {
      y[i] = (u[i] > x[i] ? 1 : 0) + (u[i] === x[i] ? 2 : 0) + (x[i] < 3000000000 ? 4 : 0) + (u[i] < 3000000000 ? 8 : 0)
    },
    args: n => [new Int32Array(n), Uint32Array.from({ length: n }, (_, i) => (i % 3 ? i32(n)[i] : i)), i32(n)],
  },
  'logical operators give their operands': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const a = i % 3
      y[i] = (a && x[i]) + (a || 5) + (!a ? 1 : 0) + (a > 0 && x[i] > 0 ? 10 : 20) + (a ?? 3)
    },
    args: floats,
  },
  'the right side runs only when asked for': {
    fn: (i: number, y: Int32Array) => {
      let k = 0
      const a = i % 2 === 0 && ++k > 0
      const b = i % 3 === 0 || ++k > 5
      y[i] = k * 10 + (a ? 1 : 0) + (b ? 2 : 0)
    },
    args: n => [new Int32Array(n)],
  },
  'the right side may be out of range': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      if (i + 1 < x.length && x[i + 1] > 0) y[i] = 1
      y[i] += i >= 2 ? x[i - 2] : 0
    },
    args: floats,
  },
  ternaries: {
    fn: (i: number, y: Float64Array, x: Int32Array) => {
      y[i] = i < 3 ? 1 : i < 7 ? 0.5 : i < 20 ? -x[i] : x[i] > 0 ? x[i] * 0.5 : i
    },
    args: n => [new Float64Array(n), i32(n)],
  },
  'comma and void': {
    fn: text('(i, y) => { let k = (0, i); k = 1, k += 2; void k; y[i] = (k++, k) }'),
    args: n => [new Int32Array(n)],
  },
  'statements that are expressions': {
    fn: text('(i, y) => { i % 2 && (y[i] = 3); i % 3 || (y[i] = 9); i % 5 ? y[i]++ : y[i]-- }'),
    args: n => [new Int32Array(n)],
  },
  'numbers as JavaScript writes them': {
    fn: text('(i, y) => { y[i] = 0x1f + 0b11 + 0o17 + 1_000 + 1e3 + .5 + 5. + 1e-3 }'),
    args: n => [new Float64Array(n)],
  },
  'NaN, Infinity and -0': {
    fn: (i: number, y: Float64Array) => {
      const k = i % 5
      y[i] = k === 0 ? NaN : k === 1 ? Infinity : k === 2 ? -Infinity : k === 3 ? -0 : 1 / 0
    },
    args: n => [new Float64Array(n)],
  },
})

agree('branches', {
  'if, else if, else': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      if (x[i] > 25) y[i] = 1
      else if (x[i] > 0) {
        y[i] = 2
        if (x[i] % 2) y[i] += 10
      } else y[i] = 3
    },
    args: ints,
  },
  'early return': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      if (x[i] < 0) return
      y[i] = 1
      for (let k = 0; k < 5; k++) {
        if (k === x[i] % 7) return
        y[i] += k
      }
      y[i] = -1
    },
    args: ints,
  },
  'return void, as minifiers write': {
    fn: text('(i, y) => { if (i % 2) return void (y[i] = 3); y[i] = 4 }'),
    args: n => [new Int32Array(n)],
  },
  switch: {
    fn: text(`(i, y) => {
      switch (i % 5) {
        case 0:
          y[i] = 1
          break
        case 1:
        case 2:
          y[i] = 2
        default:
          y[i] += 10
      }
    }`),
    args: n => [new Int32Array(n)],
  },
  'switch evaluates no case after the one that matched': {
    fn: (i: number, y: Int32Array, x: Int32Array) => {
      switch (i) {
        case i:
          y[i] = 1
          break
        case x[i + 100]:
          y[i] = 2
      }
    },
    args: ints,
  },
  'switch in a loop': {
    fn: (i: number, y: Int32Array) => {
      for (let k = 0; k < 6; k++) {
        switch ((k + i) % 3) {
          case 0:
            continue
          case 1:
            y[i] += k
            break
          default:
            y[i] *= 2
        }
        y[i] += 1
      }
    },
    args: n => [new Int32Array(n)],
  },
})

agree('loops', {
  'for, while, do': {
    fn: (i: number, y: Int32Array) => {
      let s = 0
      for (let k = 0; k < i % 7; k++) s += k
      let w = i % 5
      while (w > 0) {
        s += w * 10
        w--
      }
      let d = 0
      do {
        s += 100
        d++
      } while (d < i % 4)
      y[i] = s
    },
    args: n => [new Int32Array(n)],
  },
  'heads with several parts, down, by steps': {
    fn: (i: number, y: Int32Array) => {
      let s = 0
      for (let k = 0, j = 10; k < j; k += 2, j--) s += k * j
      for (let k = i % 13; k >= 0; k -= 3) s = s * 2 + k
      let m = 5
      for (; m > 0; ) m -= 2
      for (;;) {
        if (++m > 4) break
      }
      y[i] = s + m
    },
    args: n => [new Int32Array(n)],
    sizes: [0, 1, 2, 5, 17, 33],
  },
  'break and continue': {
    fn: (i: number, y: Int32Array) => {
      let s = 0
      for (let k = 0; k < 20; k++) {
        if (k % 3 === 0) continue
        if (k > i % 17) break
        s += k
      }
      let w = 0
      do {
        w++
        if (w % 2) continue
        s += w
        if (s > 60) break
      } while (w < i % 11)
      y[i] = s + w * 1000
    },
    args: n => [new Int32Array(n)],
  },
  'labels, two on one loop, on a block': {
    fn: text(`(i, y) => {
      let r = 0
      a: b: for (let k = 0; k < 5; k++) {
        for (let j = 0; j < 5; j++) {
          if (j === 2) continue a
          if (k === i % 6) break b
          r += j + 1
        }
      }
      c: {
        if (i % 3 === 0) break c
        r += 1000
        { if (i % 2) break c }
        r += 500
      }
      y[i] = r
    }`),
    args: n => [new Int32Array(n)],
  },
  nested: {
    fn: (i: number, y: Int32Array) => {
      let s = 0
      for (let a = 0; a < 4; a++) {
        for (let b = a; b < 5; b++) {
          let c = b
          while (c-- > 0) {
            if ((a + b + c + i) % 4 === 1) continue
            s += a * 16 + b * 4 + c
          }
        }
      }
      y[i] = s
    },
    args: n => [new Int32Array(n)],
  },
  'a test that assigns': {
    fn: (i: number, y: Int32Array) => {
      let k = 0
      let n = 0
      while ((k += 2) < i % 20) n++
      do n += 10
      while (--k > 5)
      y[i] = n * 100 + k
    },
    args: n => [new Int32Array(n)],
  },
  'Mandelbrot: lanes leave one by one': {
    fn: (i: number, y: Int32Array, width: number) => {
      const cx = ((i % width) / width) * 3 - 2
      const cy = (((i / width) | 0) / width) * 2 - 1
      let a = 0
      let b = 0
      let n = 0
      while (a * a + b * b <= 4 && n < 60) {
        const t = a * a - b * b + cx
        b = 2 * a * b + cy
        a = t
        n++
      }
      y[i] = n
    },
    args: n => [new Int32Array(n), 31],
  },
  'a root to each lane its own precision, in 64 bits': {
    fn: (i: number, x: Float64Array, y: Float64Array, rounds: Int32Array) => {
      const a = Math.abs(x[i]) + 0.1
      let r = 1
      let k = 0
      for (; k < 60; k++) {
        const next = 0.5 * (r + a / r)
        const step = next - r
        r = next
        if (Math.abs(step) < 1e-15 * r) break
      }
      y[i] = r
      rounds[i] = k
    },
    args: n => [f64(n), new Float64Array(n), new Int32Array(n)],
  },
  'lanes that leave by two doors, and what they carry': {
    fn: (i: number, x: Float64Array, y: Float64Array, why: Int32Array) => {
      let a = x[i]
      let b = 1
      let left = 0
      while (a > -30) {
        const t = a * 0.75 + b
        b = a
        a = t
        if (a * a > 300) {
          left = 1
          break
        }
        b -= 2.5
        if (b < -40) {
          left = 2
          break
        }
      }
      y[i] = a - b
      why[i] = left
    },
    args: n => [f64(n), new Float64Array(n), new Int32Array(n)],
  },
  'variables that swap each round': {
    fn: (i: number, y: Int32Array) => {
      let a = 0
      let b = 1
      for (let k = 0; k < i % 20; k++) {
        const t = a + b
        a = b
        b = t
      }
      y[i] = a
    },
    args: n => [new Int32Array(n)],
  },
  'Collatz: loops of very different lengths': {
    fn: (i: number, y: Int32Array) => {
      let n = i + 1
      let steps = 0
      while (n !== 1) {
        n = n % 2 === 0 ? (n / 2) | 0 : 3 * n + 1
        steps++
      }
      y[i] = steps
    },
    args: n => [new Int32Array(n)],
  },
})

agree('private arrays', {
  'of zeros, written and read': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const t = new Float64Array(4)
      for (let k = 0; k < 4; k++) t[k] += x[(i + k) % x.length]
      t[1] *= 2
      y[i] = t[0] + t[1] * 3 + t[2] * 5 + t[3] * 7
    },
    args: floats,
  },
  'of a list': {
    fn: (i: number, y: Float64Array) => {
      const a = [1, 2.5, 4]
      const b = new Int32Array([3, i, 5])
      b[i % 3]++
      y[i] = a[i % 3] * b[(i + 1) % 3]
    },
    args: n => [new Float64Array(n)],
  },
  'anew in each round of a loop': {
    fn: (i: number, y: Int32Array) => {
      let s = 0
      for (let k = 0; k < 3; k++) {
        const t = new Int32Array(20)
        t[k] += i
        t[(k + 1) % 3] += 1
        s += t[0] * 3 + t[1] * 5 + t[2]
      }
      y[i] = s
    },
    args: n => [new Int32Array(n)],
  },
  'indexed by the iteration': {
    fn: (i: number, y: Int32Array) => {
      const t = new Int32Array(1000)
      t[i] = i
      t[999 - i] += 2
      y[i] = t[i] + t[999 - i]
    },
    args: n => [new Int32Array(n)],
  },
  'of small elements': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const a = new Int8Array(2)
      const b = new Uint8Array(2)
      const c = new Int16Array(2)
      const d = new Uint16Array(2)
      const e = new Uint8ClampedArray(2)
      const f = new Float32Array(2)
      const g = new Uint32Array(2)
      a[i % 2] = x[i] * 100
      b[i % 2] = x[i] * 100
      c[i % 2] = x[i] * 1e5
      d[i % 2] = x[i] * 1e5
      e[i % 2] = x[i] * 30
      f[i % 2] = x[i]
      g[i % 2] = x[i] * 1e9
      const k = i % 2
      y[i] = a[k] * 1e3 + b[k] + c[k] * 0.5 + d[k] * 0.25 + e[k] + g[k] * 0.125 + (x[i] - x[i] + f[k])
    },
    args: floats,
  },
  'sorted in place': {
    fn: (i: number, y: Float64Array, x: Float64Array) => {
      const t = new Float64Array(5)
      for (let k = 0; k < 5; k++) t[k] = x[(i * 3 + k * 7) % x.length]
      for (let a = 1; a < 5; a++) {
        const v = t[a]
        let b = a - 1
        while (b >= 0 && t[b] > v) {
          t[b + 1] = t[b]
          b--
        }
        t[b + 1] = v
      }
      y[i] = t[2]
    },
    args: floats,
  },
})

agree('coverage marks', {
  'istanbul: as it writes into the source': {
    fn: text(`(i, y, x) => { cov_1abc2().f[0]++; cov_1abc2().s[0]++; if (x[i] > 0) { cov_1abc2().b[0][0]++; cov_1abc2().s[1]++;
      y[i] = (cov_1abc2().b[1][0]++, x[i]) } else { cov_1abc2().b[0][1]++ } }`),
    args: n => [new Float64Array(n), f64(n)],
    plain: 'differs',
  },
})

agree('uint32', {
  'arithmetic wraps and compares unsigned': {
    fn: (i: number, y: Uint32Array, x: Uint32Array) => {
      const a = x[i]
      y[i] = a > 2147483648 ? a - 5 : (a * 3) % 1000
      y[i] += a >>> 3
    },
    args: n => [new Uint32Array(n), u32(n)],
    sizes: [0, 1, 2, 3],
  },
})
