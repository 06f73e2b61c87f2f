/** Penguins put into three groups by their measures alone: k-means (S. Lloyd, 1982), begun as k-means++ does (D. Arthur and S. Vassilvitskii, 2007). */

import * as nd from 'skein/array'
import { check, oneHot, penguins, species, standardised } from './data.ts'

const K = 3

/** Squares of the distances of each point to each centre: [points, centres]. The differences are not stored: square and sum are one kernel. */
const distances = (x: nd.NDArray, centres: nd.NDArray): nd.NDArray =>
  nd.square(nd.subtract(x.expandDims(1), centres)).sum({ axis: 2 })

const begin = (x: nd.NDArray, generator: nd.random.Generator): nd.NDArray => {
  let centres = generator.choice(x, [1])
  while (centres.shape[0] < K) {
    const nearest = distances(x, centres).min({ axis: 1 })
    centres = nd.concat([centres, generator.choice(x, [1], { p: nd.divide(nearest, nearest.sum()) })])
  }
  return centres
}

const { x: measures, columns, kind } = penguins()
const x = standardised(measures).eval()
let centres = begin(x, new nd.random.Generator(1))
let steps = 0
for (let moved = Number.POSITIVE_INFINITY; moved > 1e-12 && steps < 100; steps++) {
  const members = oneHot(distances(x, centres).argmin({ axis: 1 }), K)
  const means = nd.divide(members.t.matmul(x), members.sum({ axis: 0 }).expandDims(1)).eval()
  moved = nd.abs(nd.subtract(means, centres)).max().item() as number
  centres = means
}
const group = distances(x, centres).argmin({ axis: 1 })

// What nobody told: how the groups and the species meet.
const meet = oneHot(group, K).t.matmul(oneHot(kind, K))
const inUnits = nd.add(nd.multiply(centres, measures.std({ axis: 0 })), measures.mean({ axis: 0 }))
console.log(`${x.shape[0]} penguins in ${K} groups, after ${steps} steps`)
for (let g = 0; g < K; g++) {
  const centre = (inUnits.at(g).toList() as number[]).map((v, c) => `${columns[c]} ${v.toFixed(1)}`)
  const who = (meet.at(g).toList() as number[]).map((n, s) => `${n} ${species[s]}`)
  console.log(`group ${g + 1}: ${centre.join(', ')}\n         ${who.join(', ')}`)
}
const purity = (meet.max({ axis: 1 }).sum().item() as number) / x.shape[0]
console.log(`of one group ${(100 * purity).toFixed(1)} % are of one species`)
check('the steps came to an end', steps < 100)
check('groups are species, for nine of ten', purity > 0.9)
