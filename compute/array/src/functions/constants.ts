/** The standard's constants. They are JavaScript's. */

/** Euler's number. */
export const e = Math.E
/** Positive infinity. */
export const inf = Infinity
/** Not a number. */
export const nan = Number.NaN
/** A new axis in an index. */
export const newaxis = null
/** π. */
export const pi = Math.PI
