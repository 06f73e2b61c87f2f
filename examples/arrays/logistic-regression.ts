/** A penguin's sex from its measures: logistic regression by Newton's steps (iteratively reweighted least squares). */

import * as nd from 'skein/array'
import { accuracy, check, oneHot, penguins, species, standardised } from './data.ts'

const all = penguins()
const known = all.rows.flatMap(({ Sex }, k) => (Sex === 'MALE' || Sex === 'FEMALE' ? [k] : []))
const isMale = nd.asarray(known.map(k => (all.rows[k].Sex === 'MALE' ? 1 : 0)))
const measures = standardised(nd.take(all.x, known, { axis: 0 }))
// A constant for each species, then four measures.
const design = nd.concat([oneHot(nd.take(all.kind, known), species.length), measures], { axis: 1 }).eval()
const names = [...species, ...all.columns]

const chance = (weights: nd.NDArray): nd.NDArray => nd.map(t => 1 / (1 + Math.exp(-t)), design.matmul(weights))

let weights: nd.NDArray = nd.zeros(names.length)
let steps = 0
for (let moved = Number.POSITIVE_INFINITY; moved > 1e-10 && steps < 30; steps++) {
  const p = chance(weights).eval()
  const gradient = design.t.matmul(nd.subtract(isMale, p))
  const spread = nd.map(p => p * (1 - p), p)
  const curvature = design.t.matmul(nd.multiply(design, spread.expandDims(1)))
  const step = nd.linalg.solve(curvature, gradient)
  weights = nd.add(weights, step).eval()
  moved = nd.abs(step).max().item() as number
}
const p = chance(weights).eval()
const right = accuracy(nd.greater(p, 0.5), nd.greater(isMale, 0.5))
const likelihood = nd.map((p, y) => y * Math.log(p) + (1 - y) * Math.log(1 - p), p, isMale).sum()

console.log(`sex of ${known.length} penguins, after ${steps} of Newton's steps; log-odds of a male:`)
for (const [k, w] of (weights.toList() as number[]).entries())
  console.log(`${names[k].padStart(20)}  ${w.toFixed(3).padStart(7)}`)
console.log(`log-likelihood ${(likelihood.item() as number).toFixed(3)}, ${(100 * right).toFixed(1)} % right`)

check('the steps came to an end', steps < 30)
check('the gradient is zero', nd.allclose(design.t.matmul(nd.subtract(isMale, p)), 0, { atol: 1e-8 }))
check('nine of ten are right', right > 0.9)
