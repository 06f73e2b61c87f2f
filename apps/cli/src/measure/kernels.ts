/** The kernels that `skein bench` measures, each beside the loop that one would write without Skein. */
import { kernel, reduce } from '@skein/kernel'

export const triad = kernel((i, s: number, b: Float64Array, c: Float64Array, a: Float64Array) => {
  a[i] = b[i] + s * c[i]
})
export function plainTriad(n: number, s: number, b: Float64Array, c: Float64Array, a: Float64Array): void {
  for (let i = 0; i < n; i++) a[i] = b[i] + s * c[i]
}

export const sum = reduce('+', (i, x: Float64Array) => x[i])
export function plainSum(n: number, x: Float64Array): number {
  let total = 0
  for (let i = 0; i < n; i++) total += x[i]
  return total
}

export const fused = kernel((i, x: Float32Array, y: Float32Array, out: Float32Array) => {
  out[i] = Math.sin(x[i]) * Math.exp(-y[i]) + Math.sqrt(Math.abs(x[i] * y[i]))
})
export function plainFused(n: number, x: Float32Array, y: Float32Array, out: Float32Array): void {
  for (let i = 0; i < n; i++) out[i] = Math.sin(x[i]) * Math.exp(-y[i]) + Math.sqrt(Math.abs(x[i] * y[i]))
}

export const mandelbrot = kernel(([row, col], out: Uint16Array, width: number, height: number) => {
  const cx = (col / width) * 3 - 2
  const cy = (row / height) * 2 - 1
  let x = 0
  let y = 0
  let n = 0
  while (x * x + y * y <= 4 && n < 256) {
    const t = x * x - y * y + cx
    y = 2 * x * y + cy
    x = t
    n++
  }
  out[row * width + col] = n
})
export function plainMandelbrot(out: Uint16Array, width: number, height: number): void {
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const cx = (col / width) * 3 - 2
      const cy = (row / height) * 2 - 1
      let x = 0
      let y = 0
      let n = 0
      while (x * x + y * y <= 4 && n < 256) {
        const t = x * x - y * y + cx
        y = 2 * x * y + cy
        x = t
        n++
      }
      out[row * width + col] = n
    }
  }
}

export const empty = kernel((i, x: Float32Array) => {
  x[i] = i
})

/** A kernel of twenty lines that no one has compiled before: `salt` is part of what programs are kept by. */
export function freshKernel(salt: number) {
  return kernel(
    (i, x: Float32Array, y: Float32Array, out: Float32Array) => {
      const a = x[i] * 0.5 + SALT
      const b = y[i] * 0.25
      let p = a * b
      let q = a + b
      for (let k = 0; k < 4; k++) {
        const r = p * p - q * q
        if (r > 1) {
          p = q
          q = r * 0.5
        } else {
          p = r
          q = q + 1
        }
      }
      const low = Math.min(p, q)
      const high = Math.max(p, q)
      const middle = (low + high) * 0.5
      const bent = Math.sqrt(Math.abs(middle)) * Math.sign(middle)
      out[i] = bent + low * high
    },
    { use: { SALT: salt } },
  )
}
declare const SALT: number
