/** How far a car goes on a gallon, from its weight, power and year: least squares, and how sure the coefficients are. */

import * as nd from 'skein/array'
import { cars, check } from './data.ts'

const { x, columns, rows } = cars()
const column = (name: string): nd.NDArray => x.at(':', columns.indexOf(name))
const year = nd.asarray(rows.map(row => Number(String(row.Year).slice(0, 4)) - 1970))
const names = ['constant', '1000 pounds', '100 horsepower', 'years since 1970']
const design = nd.stack(
  [nd.ones(rows.length), nd.divide(column('Weight_in_lbs'), 1000), nd.divide(column('Horsepower'), 100), year],
  { axis: 1 },
)
const y = column('Miles_per_Gallon')

const { x: coefficients } = nd.linalg.lstsq(design, y)
const residuals = nd.subtract(y, design.matmul(coefficients)).eval()
const freedom = rows.length - names.length
const noise = (nd.square(residuals).sum().item() as number) / freedom
const errors = nd.sqrt(nd.multiply(nd.linalg.diagonal(nd.linalg.inv(design.t.matmul(design))), noise))
const r2 =
  1 - (nd.square(residuals).sum().item() as number) / (nd.square(nd.subtract(y, y.mean())).sum().item() as number)

console.log(`miles per gallon of ${rows.length} cars:`)
const [found, uncertain] = [coefficients.toList() as number[], errors.toList() as number[]]
for (const [k, name] of names.entries())
  console.log(`${name.padStart(18)}  ${found[k].toFixed(3).padStart(7)} ± ${uncertain[k].toFixed(3)}`)
console.log(`R² ${r2.toFixed(4)}, residuals of ${Math.sqrt(noise).toFixed(2)} miles per gallon`)

check('residuals are orthogonal to what explains', nd.allclose(design.t.matmul(residuals), 0, { atol: 1e-8 }))
check(
  'the normal equations say the same',
  nd.allclose(coefficients, nd.linalg.solve(design.t.matmul(design), design.t.matmul(y)), { rtol: 1e-8 }),
)
check('heavy cars go less far, later ones farther', found[1] < 0 && found[3] > 0)
