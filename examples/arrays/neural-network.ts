/**
 * A small neural network: penguins' species from three measures of their beaks and flippers, one hidden layer, trained on two thirds of them by Adam
 * (D. Kingma and J. Ba, 2015), judged by the rest. Gradients are written out by hand, as the chain rule says.
 */

import * as nd from 'skein/array'
import { accuracy, check, oneHot, penguins, species, standardised } from './data.ts'

const HIDDEN = 16
const EPOCHS = 120
const BATCH = 32
const RATE = 0.01

const { x: measures, kind } = penguins()
const generator = new nd.random.Generator(7)
const order = generator.permutation(measures.shape[0])
const x = nd.astype(nd.take(standardised(measures.at(':', '0:3')), order, { axis: 0 }), 'float32').eval()
const label = nd.take(kind, order)
const y = nd.astype(oneHot(label, species.length), 'float32').eval()
const trained = Math.floor((2 * x.shape[0]) / 3)
const [features, classes] = [x.shape[1], species.length]

type Layer = 'w1' | 'b1' | 'w2' | 'b2'
type Weights = Record<Layer, nd.NDArray>
const layers: readonly Layer[] = ['w1', 'b1', 'w2', 'b2']
const normal = (rows: number, columns: number): nd.NDArray =>
  generator.normal([rows, columns], { std: Math.sqrt(2 / rows), dtype: 'float32' })
const weights: Weights = {
  w1: normal(features, HIDDEN),
  b1: nd.zeros([HIDDEN], { dtype: 'float32' }),
  w2: normal(HIDDEN, classes),
  b2: nd.zeros([classes], { dtype: 'float32' }),
}
const first = Object.fromEntries(layers.map(l => [l, nd.zerosLike(weights[l])])) as Weights
const second = Object.fromEntries(layers.map(l => [l, nd.zerosLike(weights[l])])) as Weights

const forward = (x: nd.NDArray, { w1, b1, w2, b2 }: Weights) => {
  const before = nd.add(x.matmul(w1), b1).eval()
  const hidden = nd.maximum(before, 0).eval()
  const scores = nd.add(hidden.matmul(w2), b2).eval()
  const odds = nd.exp(nd.subtract(scores, scores.max({ axis: 1, keepdims: true }))).eval()
  return { before, hidden, chances: nd.divide(odds, odds.sum({ axis: 1, keepdims: true })).eval() }
}

const lossOf = (chances: nd.NDArray, y: nd.NDArray): number =>
  -(nd
    .multiply(nd.log(nd.maximum(chances, 1e-30)), y)
    .sum({ axis: 1 })
    .mean()
    .item() as number)

/** How the mean loss changes with each weight. */
const backward = (x: nd.NDArray, y: nd.NDArray, w: Weights): Weights => {
  const { before, hidden, chances } = forward(x, w)
  const scores = nd.divide(nd.subtract(chances, y), x.shape[0]).eval()
  const down = nd.where(nd.greater(before, 0), scores.matmul(w.w2.t), 0).eval()
  return { w1: x.t.matmul(down), b1: down.sum({ axis: 0 }), w2: hidden.t.matmul(scores), b2: scores.sum({ axis: 0 }) }
}

// The gradient is what a small change of a weight says, in double precision.
const doubled = Object.fromEntries(layers.map(l => [l, nd.astype(weights[l], 'float64')])) as Weights
const [some, theirs] = [nd.astype(x.at('0:20'), 'float64'), nd.astype(y.at('0:20'), 'float64')]
const nudged = (by: number): number => {
  const w1 = doubled.w1.copy()
  w1.set('0, 0', (w1.at(0, 0).item() as number) + by)
  return lossOf(forward(some, { ...doubled, w1 }).chances, theirs)
}
const slope = (nudged(1e-5) - nudged(-1e-5)) / 2e-5
const gradient = backward(some, theirs, doubled).w1.at(0, 0).item() as number
check(`the gradient, ${gradient}, is the slope, ${slope}`, Math.abs(gradient - slope) < 1e-7)

let step = 0
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const shuffled = generator.permutation(trained)
  for (let at = 0; at < trained; at += BATCH) {
    const batch = shuffled.at({ begin: at, end: Math.min(at + BATCH, trained) })
    const gradients = backward(nd.take(x, batch, { axis: 0 }), nd.take(y, batch, { axis: 0 }), weights)
    step++
    const [scale1, scale2] = [1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step)]
    for (const layer of layers) {
      first[layer] = nd.map((m, g) => 0.9 * m + 0.1 * g, first[layer], gradients[layer]).eval()
      second[layer] = nd.map((v, g) => 0.999 * v + 0.001 * g * g, second[layer], gradients[layer]).eval()
      const [m, v] = [nd.multiply(first[layer], scale1), nd.multiply(second[layer], scale2)]
      const moved = nd.map((m, v) => (RATE * m) / (Math.sqrt(v) + 1e-8), m, v, { use: { RATE } })
      weights[layer] = nd.subtract(weights[layer], moved).eval()
    }
  }
  if (epoch % 30 === 0 || epoch === 1) {
    const { chances } = forward(x.at({ begin: 0, end: trained }), weights)
    console.log(
      `epoch ${String(epoch).padStart(3)}: loss ${lossOf(chances, y.at({ begin: 0, end: trained })).toFixed(4)}`,
    )
  }
}

const judged = { begin: trained, end: x.shape[0] }
const found = forward(x.at(judged), weights).chances.argmax({ axis: 1 })
const confusion = nd.astype(oneHot(label.at(judged), classes).t.matmul(oneHot(found, classes)), 'int32')
const right = accuracy(found, label.at(judged))
console.log(
  `of ${x.shape[0] - trained} others ${(100 * right).toFixed(1)} % are right; rows are what they are, columns what they were taken for:`,
)
for (const [k, row] of (confusion.toList() as number[][]).entries())
  console.log(`${species[k].padStart(10)} ${row.map(n => String(n).padStart(4)).join('')}`)
check('nineteen of twenty are right', right > 0.95)
