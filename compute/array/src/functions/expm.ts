/** The exponential of matrices. */

import { isComplex } from '../dtypes.ts'
import type { NDArray } from '../ndarray.ts'
import { sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { eye, full, zeros } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { stack as stackOf } from './joining.ts'
import { matrixNorm } from './least-squares.ts'
import { squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { reshape } from './shaping.ts'
import { solve } from './systems.ts'

/** Coefficients of Padé approximants, and up to which norm they are exact to a rounding of float64, or float32. */
const approximants = [
  { b: [120, 60, 12, 1], most: 1.495585217958292e-2, mostSingle: 4.258730016922831e-1 },
  { b: [30240, 15120, 3360, 420, 30, 1], most: 2.53939833006323e-1, mostSingle: 1.880152677804762 },
  {
    b: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1],
    most: 9.504178996162932e-1,
    mostSingle: 3.92572478313866,
  },
  {
    b: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1],
    most: 2.097847961257068,
    mostSingle: 0,
  },
  {
    b: [
      64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
      670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ],
    most: 5.371920351148152,
    mostSingle: 0,
  },
]

/**
 * e to the power of A, by scaling, a Padé approximant and squaring (N. Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, 2005).
 * @param x of shape [..., n, n]
 * @returns the same shape; NaN for a matrix with NaN or infinity
 * @throws ShapeError if it is not square
 */
export function expm(x: Operand): NDArray {
  const { rows: n, batch, dtype } = squares(x, 'expm')
  const array = astype(toArray(x, 'expm'), dtype, { copy: false })
  if (array.size === 0) return zeros(array.shape, { dtype })
  const found = [...reshape(array, [sizeOf(batch), n, n])].map(exponential)
  return reshape(stackOf(found), array.shape)
}

function exponential(a: NDArray): NDArray {
  const norm = Number(matrixNorm(a, { ord: 1 }).item())
  const { dtype, shape } = a
  const { NaN: none } = Number
  if (!Number.isFinite(norm)) return full(shape, isComplex(dtype) ? { re: none, im: none } : none, { dtype })
  const isSingle = dtype === 'float32' || dtype === 'complex64'
  const known = approximants
    .map(({ b, most, mostSingle }) => ({ b, most: isSingle ? mostSingle : most }))
    .filter(p => p.most > 0)
  const { b, most } = known.find(p => norm <= p.most) ?? known[known.length - 1]
  const squarings = Math.max(0, Math.ceil(Math.log2(norm / most)))
  let power = approximant(elementwise.multiply(a, 2 ** -squarings).eval(), b)
  for (let k = 0; k < squarings; k++) power = matmul(power, power).eval()
  return power
}

/** (V − U)⁻¹·(V + U), where U has the odd powers and V the even ones. */
function approximant(a: NDArray, b: readonly number[]): NDArray {
  const square = matmul(a, a).eval()
  const identity = eye(a.shape[0], null, { dtype: a.dtype as 'float64' })
  // Powers of A² up to A⁶, for higher ones these times A⁶.
  const powers: NDArray[] = [identity, square]
  const count = Math.floor((b.length - 1) / 2)
  for (let k = 2; k <= Math.min(count, b.length > 10 ? 3 : count); k++)
    powers.push(matmul(powers[k - 1], square).eval())
  const sum = (from: number, to: number, first: number) => {
    let s = elementwise.multiply(powers[first], b[from])
    for (let k = from + 2, p = first + 1; k <= to; k += 2, p++)
      s = elementwise.add(s, elementwise.multiply(powers[p], b[k]))
    return s
  }
  const [odd, even] =
    b.length > 10
      ? [
          elementwise.add(matmul(powers[3], sum(9, 13, 1)), sum(1, 7, 0)),
          elementwise.add(matmul(powers[3], sum(8, 12, 1)), sum(0, 6, 0)),
        ]
      : [sum(1, b.length - 1, 0), sum(0, b.length - 2, 0)]
  const u = matmul(a, odd).eval()
  const v = even.eval()
  return solve(elementwise.subtract(v, u), elementwise.add(v, u))
}
