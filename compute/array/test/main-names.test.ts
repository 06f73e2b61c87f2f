/** Functions that NumPy's main namespace has beside the standard against what NumPy gives, on each backend. */

import type { Tolerance } from './agree.ts'
import { testRecorded } from './cases.ts'

const places = new Set('unravelIndex ravelMultiIndex indices diagIndices trilIndices triuIndices'.split(' '))

/** Sums that NumPy takes in another order, and functions that it rounds elsewhere. */
const close: Tolerance = { ulps: 16, relative: 1e-6 }
const tolerances: Record<string, Tolerance> = Object.fromEntries(
  'einsum inner dot vdot matvec vecmat average cov corrcoef gradient trapezoid unwrap deg2rad rad2deg sinc logaddexp2 logspace geomspace polyval polydiv polyfit polyint floatPower'
    .split(' ')
    .map(call => [call, close]),
)

testRecorded({ file: 'recorded-main.json.gz', places, tolerances })
