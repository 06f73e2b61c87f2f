/** Lines of points in arrays: what is transformed, and where to. */

import type { Form, Points, Real } from './passes.ts'

/** `outer` · `inner` lines of n points each. */
export interface Lines {
  readonly n: number
  readonly outer: number
  readonly inner: number
}

/** Where they are: how far it is to the next outer line, along the line, and to the next inner one, in points. */
export interface Placed {
  readonly points: Points
  readonly outerStep: number
  readonly step: number
  readonly innerStep: number
}

/** The same without the arrays. */
export interface Layout {
  readonly form: Form
  readonly outerStep: number
  readonly step: number
  readonly innerStep: number
}

export interface Work extends Lines {
  readonly type: Real
  readonly from: Placed
  readonly to: Placed
  /** Of each result. */
  readonly scale: number
}

/** Lines in C order, their axis between others. @param length of which n points are used */
export const inOrder = (points: Points, { n, inner }: Lines, length = n): Placed => ({
  points,
  outerStep: length * inner,
  step: inner,
  innerStep: 1,
})
