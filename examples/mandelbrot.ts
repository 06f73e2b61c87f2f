/** The Mandelbrot set: how many steps each point of the plane takes to escape. `mandelbrot.ts [height]` */

import { heap, kernel } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

const LIMIT = 256

const mandelbrot = kernel(
  ([row, col], out: Uint16Array, width: number, height: number) => {
    const cx = (col / width) * 3 - 2.2
    const cy = (row / height) * 2.4 - 1.2
    let x = 0
    let y = 0
    let n = 0
    while (x * x + y * y <= 4 && n < LIMIT) {
      const t = x * x - y * y + cx
      y = 2 * x * y + cy
      x = t
      n++
    }
    out[row * width + col] = n
  },
  { use: { LIMIT } },
)

const plain = (out: Uint16Array, width: number, height: number): void => {
  for (let row = 0; row < height; row++) {
    const cy = (row / height) * 2.4 - 1.2
    for (let col = 0; col < width; col++) {
      const cx = (col / width) * 3 - 2.2
      let x = 0
      let y = 0
      let n = 0
      while (x * x + y * y <= 4 && n < LIMIT) {
        const t = x * x - y * y + cx
        y = 2 * x * y + cy
        x = t
        n++
      }
      out[row * width + col] = n
    }
  }
}

const height = sizeArgument(1024)
const width = Math.round(height * 1.25)
const expected = new Uint16Array(width * height)
const out = heap.u16(width * height)
sideBySide(
  `Mandelbrot set, ${width} × ${height}`,
  () => plain(expected, width, height),
  () => mandelbrot([height, width], out, width, height),
  () => largestDifference(expected, out),
)

// A look at it: one letter for a block of points.
const shades = ' .:-=+*#%@'
const lines = 24
for (let line = 0; line < lines; line++) {
  const row = Math.floor(((line + 0.5) * height) / lines)
  const letters = Array.from({ length: 72 }, (_, k) => {
    const n = out[row * width + Math.floor(((k + 0.5) * width) / 72)]
    return shades[Math.min(shades.length - 1, Math.floor(Math.log2(n + 1) * 1.2))]
  })
  console.log(letters.join('').trimEnd())
}
