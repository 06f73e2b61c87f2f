/** A value that nobody has looked at yet: its bytes. */

import type { TypedArray } from '@skein/heap'
import { unpack } from './pack.ts'

export class Packed<B extends Uint8Array = Uint8Array> {
  readonly bytes: B
  /** Arrays of the heap that it leans on, in the order they were met. */
  readonly holds: readonly TypedArray[] | undefined
  /** The value, if there are handles in it: their actors live as long as these bytes do. */
  readonly handles: unknown

  constructor(bytes: B, hasHandles: boolean, holds?: readonly TypedArray[]) {
    this.bytes = bytes
    this.holds = holds
    if (hasHandles) this.handles = this.unpack()
  }

  unpack(): unknown {
    return unpack(this.bytes, [], this.holds)
  }
}
