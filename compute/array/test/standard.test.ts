/** Functions that move, order, count and accumulate elements against what NumPy gives, on each backend. */

import type { Tolerance } from './agree.ts'
import { testRecorded } from './cases.ts'

const places = new Set(
  'argsort searchsorted nonzero argwhere flatnonzero uniqueAll uniqueCounts uniqueInverse nanargmax nanargmin histogram digitize bincount'.split(
    ' ',
  ),
)
const tolerances: Record<string, Tolerance> = {
  nanmean: { ulps: 4 },
  nansum: { ulps: 8, relative: 1e-6 },
  nanprod: { ulps: 64 },
  nanvar: { ulps: 64 },
  nanstd: { ulps: 64 },
  cumulativeProd: { ulps: 8 },
  nancumulativeProd: { ulps: 8 },
  histogram: { ulps: 2 },
  pad: { ulps: 32 },
  quantile: { ulps: 2, relative: 2 ** -50 },
  nanquantile: { ulps: 2 },
  percentile: { ulps: 2 },
  nanpercentile: { ulps: 2 },
}

testRecorded({ file: 'recorded-standard.json.gz', places, tolerances })
