/** What tells cars apart: principal components of six measures, by singular values, drawn on a plane of characters. */

import * as nd from 'skein/array'
import { cars, check, standardised } from './data.ts'

const { x, columns, rows } = cars()
const z = standardised(x).eval()
const { s, vh } = nd.linalg.svd(z, { fullMatrices: false })
const variance = nd.square(s)
const explained = nd.divide(variance, variance.sum())
const places = z.matmul(vh.at('0:2').t)

console.log(`${rows.length} cars, ${columns.length} measures`)
console.log(
  `shares of the variance: ${(explained.toList() as number[]).map(v => `${(100 * v).toFixed(1)} %`).join(', ')}`,
)
for (const component of [0, 1]) {
  const weights = (vh.at(component).toList() as number[]).map((w, c) => `${columns[c]} ${w.toFixed(2)}`)
  console.log(`component ${component + 1}: ${weights.join(', ')}`)
}

// American, European and Japanese cars in the plane of both.
const [width, height] = [72, 18]
const plane = Array.from({ length: height }, () => Array<string>(width).fill(' '))
const low = places.min({ axis: 0 })
const cells = nd.divide(nd.subtract(places, low), nd.subtract(places.max({ axis: 0 }), low)).toList() as number[][]
for (const [k, [a, b]] of cells.entries())
  plane[Math.round((1 - b) * (height - 1))][Math.round(a * (width - 1))] = String(rows[k].Origin)[0]
console.log(plane.map(line => line.join('').trimEnd()).join('\n'))

// The same by another way: eigenvalues of the correlations.
const { eigenvalues } = nd.linalg.eigh(nd.divide(z.t.matmul(z), rows.length))
const other = nd.divide(eigenvalues.flip(), columns.length)
check('singular values and eigenvalues tell the same', nd.allclose(explained, other, { rtol: 1e-10, atol: 1e-12 }))
check('one component holds most of the variance', (explained.at(0).item() as number) > 0.75)
