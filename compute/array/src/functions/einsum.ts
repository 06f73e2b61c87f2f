/** Einstein sums: products of arrays whose axes have letters, summed over letters that the result has not. */

import { ArgumentError } from '@skein/base'
import { naiveCost, type Path, pathOf, type Step } from '../contraction/path.ts'
import { type Label, parseSubscripts, type Subscripts } from '../contraction/subscripts.ts'
import type { DType } from '../dtypes.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { multiply, notEqual } from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { sum } from './reductions.ts'
import { permuteDims, reshape } from './shaping.ts'

/** An operand on the way, its axes labelled. */
interface Term {
  readonly array: NDArray
  readonly labels: readonly Label[]
}

/**
 * The sum of products over all letters that are not in the output: `einsum('ij,jk->ik', a, b)` is a product of matrices. A letter that stands twice in a term is a diagonal; `...` stands for axes without
 * letters, which are broadcast; without `->` the output has the letters that stand once, in alphabetical order. Two operands at a time are contracted, in the order that costs least, by products of matrices where they are some.
 * The dtype is the one in which theirs meet, also of sums of integers; of booleans sums are `or`, products `and`.
 * @throws ArgumentError for what are no subscripts; ShapeError where they do not go with the shapes
 */
export function einsum(subscripts: string, ...operands: Operand[]): NDArray {
  const arrays = arraysOf(operands, 'einsum')
  const parsed = parseSubscripts(
    subscripts,
    arrays.map(x => x.shape),
    'einsum',
  )
  const met = arrays.map(x => x.dtype).reduce(promote)
  const through = met === 'bool' ? 'int32' : met
  const terms = arrays.map((x, k): Term => {
    const array = astype(x, through, { copy: false })
    return fitted(diagonals({ array, labels: parsed.inputs[k] }), parsed)
  })
  for (const [i, j] of pathOf(parsed).steps) {
    const [b] = terms.splice(j, 1)
    const [a] = terms.splice(i, 1)
    const needed = new Set([...terms.flatMap(t => t.labels), ...parsed.output])
    const made = contracted(summed(a, needed, b.labels), summed(b, needed, a.labels), needed)
    // Counts become truths again before they can wrap.
    terms.push(met === 'bool' ? { ...made, array: astype(notEqual(made.array, 0), 'int32') } : made)
  }
  const { array, labels } = summed(terms[0], new Set(parsed.output), [])
  const found = permuteDims(
    array,
    parsed.output.map(label => labels.indexOf(label)),
  )
  return met === 'bool' ? notEqual(found, 0) : found
}

/** In which order `einsum` contracts operands: places in the list of those that are left, to which each step appends what it makes; multiplications of that order, and of one loop over all letters. */
export function einsumPath(
  subscripts: string,
  ...operands: Operand[]
): { path: readonly Step[]; cost: Path['cost']; naiveCost: number } {
  const shapes = arraysOf(operands, 'einsumPath').map(x => x.shape)
  const parsed = parseSubscripts(subscripts, shapes, 'einsumPath')
  const { steps, cost } = pathOf(parsed)
  return { path: steps, cost, naiveCost: naiveCost(parsed) }
}

function arraysOf(operands: readonly Operand[], call: string): NDArray[] {
  if (operands.length === 0) throw new ArgumentError(call, 'operands', 'one array or more', 'none')
  return operands.map((x, k) => toArray(x, call, `operands[${k}]`))
}

/** A view in which each label stands once. */
function diagonals({ array, labels }: Term): Term {
  const different = [...new Set(labels)]
  if (different.length === labels.length) return { array, labels }
  const { view } = array
  const placesOf = (label: Label) => labels.flatMap((l, d) => (l === label ? [d] : []))
  // An axis of length 1 beside a longer one is repeated along it.
  const length = (label: Label) => placesOf(label).reduce((n, d) => (n === 1 ? view.shape[d] : n), 1)
  const step = (label: Label) =>
    placesOf(label).reduce((total, d) => total + (view.shape[d] === 1 ? 0 : view.strides[d]), 0)
  return {
    array: arrayOf({ ...view, shape: different.map(length), strides: different.map(step) }),
    labels: different,
  }
}

/** Without axes of length 1 that others have longer: products do not depend on them. */
function fitted({ array, labels }: Term, { lengths }: Subscripts): Term {
  const isKept = (d: number) => array.shape[d] === lengths.get(labels[d])
  if (labels.every((_, d) => isKept(d))) return { array, labels }
  return {
    array: reshape(
      array,
      array.shape.filter((_, d) => isKept(d)),
    ),
    labels: labels.filter((_, d) => isKept(d)),
  }
}

/** Summed over labels that nobody needs. */
function summed({ array, labels }: Term, needed: ReadonlySet<Label>, beside: readonly Label[]): Term {
  const gone = labels.flatMap((label, d) => (needed.has(label) || beside.includes(label) ? [] : [d]))
  if (gone.length === 0) return { array, labels }
  return { array: sumOf(array, gone), labels: labels.filter((_, d) => !gone.includes(d)) }
}

const sumOf = (array: NDArray, axis: readonly number[]): NDArray => sum<DType>(array, { axis, dtype: array.dtype })

function contracted(a: Term, b: Term, needed: ReadonlySet<Label>): Term {
  const isIn = ({ labels }: Term) => labels.includes.bind(labels)
  const [inA, inB] = [isIn(a), isIn(b)]
  const both = a.labels.filter(label => inB(label))
  const batch = both.filter(label => needed.has(label))
  const gone = both.filter(label => !needed.has(label))
  const left = a.labels.filter(label => !inB(label))
  const right = b.labels.filter(label => !inA(label))
  if (gone.length === 0 || (left.length === 0 && right.length === 0)) {
    // Nothing to gain from products of matrices: one kernel multiplies, and sums.
    const labels = [...batch, ...left, ...right, ...gone]
    const product = multiply(aligned(a, labels), aligned(b, labels))
    if (gone.length === 0) return { array: product, labels }
    const kept = labels.length - gone.length
    return {
      array: sumOf(
        product,
        gone.map((_, k) => kept + k),
      ),
      labels: labels.slice(0, kept),
    }
  }
  const x = ordered(a, [...batch, ...left, ...gone])
  const y = ordered(b, [...batch, ...gone, ...right])
  const [p, q] = [batch.length, batch.length + gone.length]
  const lengths = x.shape.slice(0, p)
  const rows = x.shape.slice(p, p + left.length)
  const columns = y.shape.slice(q)
  const k = sizeOf(y.shape.slice(p, q))
  const product = matmul(reshape(x, [...lengths, sizeOf(rows), k]), reshape(y, [...lengths, k, sizeOf(columns)]))
  return { array: reshape(product, [...lengths, ...rows, ...columns]), labels: [...batch, ...left, ...right] }
}

const ordered = ({ array, labels }: Term, order: readonly Label[]): NDArray =>
  permuteDims(
    array,
    order.map(label => labels.indexOf(label)),
  )

/** With axes of length 1 for labels that an operand has not. */
function aligned(term: Term, labels: readonly Label[]): NDArray {
  const own = labels.filter(label => term.labels.includes(label))
  const array = ordered(term, own)
  if (own.length === labels.length) return array
  let d = 0
  const shape = labels.map(label => (term.labels.includes(label) ? array.shape[d++] : 1))
  return reshape(array, shape)
}
