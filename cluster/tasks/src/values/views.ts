/** How arrays of the heap that someone else owns come to be here. */

import { heap, type TypedArray, type TypedArrayClass } from '@skein/heap'

/** Makes a view on such an array. */
export type MakeView = (type: TypedArrayClass, address: number, length: number) => TypedArray

/** One that is valid while its owner keeps the array. */
export const viewOf: MakeView = (type, address, length) => heap.view(type, address, length)
