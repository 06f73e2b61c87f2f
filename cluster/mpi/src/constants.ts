/** Numbers that stand for no rank or tag, and what stands for a buffer that is not there. */

export const anySource = -1
export const anyTag = -1
/** Messages to and from it are none. */
export const procNull = -2
/** The root of a collective of an intercommunicator, said by itself; its own group says `procNull`. */
export const root = -4

/** What a call in place sends: what its receive buffer holds. */
export const inPlace: unique symbol = Symbol('inPlace')
