/** Reductions against what NumPy gives, on each backend, along each axis and however elements lie. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { disagreement, type Tolerance } from './agree.ts'
import { arrayFrom, type RecordedArray, recorded } from './recorded.ts'

const functions = { ...nd, var: nd.variance } as unknown as Record<
  string,
  (x: nd.NDArray, options: nd.ReductionOptions) => nd.NDArray
>

/** What NumPy gives as int64, Skein gives as int32: places are no larger. */
const places = new Set(['argmax', 'argmin'])

/** Elements in C order, in the reverse order of axes, and with gaps. */
const layouts: Record<string, (x: nd.NDArray) => nd.NDArray> = {
  'in C order': x => x,
  'in Fortran order': x => x.t.copy().t,
  'with gaps, backwards': x => {
    const wide = nd.zeros([x.shape[0] * 2, x.shape[1], x.shape[2] + 3], { dtype: x.dtype })
    return wide.at('::2, :, 1:-2').assign(x.flip(1)).flip(1)
  },
}

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  describe(`reductions on ${name}`, { skip }, () => {
    const data = new Map<string, RecordedArray>()
    for (const c of recorded.reductions) if ('values' in c) data.set(c.dtype, c.values)
    const cases = recorded.reductions.filter(c => 'out' in c)
    for (const call of new Set(cases.map(c => c.call))) {
      for (const [lying, layout] of Object.entries(layouts)) {
        test(`${call} of elements ${lying}`, () => {
          nd.backend(name)
          try {
            const wrong: string[] = []
            for (const c of cases.filter(c => c.call === call)) {
              const [dtype] = c.inputs
              const { values, shape } = data.get(dtype)!
              const x = layout(arrayFrom(values, dtype as nd.DType, shape))
              const found = functions[call](x, { axis: c.axis, keepdims: c.keepdims })
              const problem = places.has(call)
                ? disagreement(nd.astype(found, 'int64'), c.out, exact)
                : disagreement(found, c.out, call === 'prod' || call === 'var' || call === 'std' ? near : close)
              if (problem) wrong.push(`${dtype} along ${c.axis}${c.keepdims ? ', kept' : ''}: ${problem}`)
            }
            assert.deepEqual(wrong, [])
          } finally {
            nd.backend(undefined)
          }
        })
      }
    }
  })
}

const exact: Tolerance = { ulps: 0 }
const close: Tolerance = { ulps: 4, relative: 1e-6 }
const near: Tolerance = { ulps: 64, relative: 1e-5 }
