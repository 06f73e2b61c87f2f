/** What can go wrong with an address: released already, released twice, or nothing left to give. */

import { describeBytes, type MemoryHolder, OutOfMemoryError, registerError, SkeinError } from '@skein/base'

/** A view or an address was used after its allocation had been released. */
export class UseAfterFreeError extends SkeinError {
  static {
    registerError(UseAfterFreeError, 'UseAfterFreeError')
  }
  declare readonly address: number
  /** Of the whole allocation, as it was; 0 where it is no longer known. */
  declare readonly bytes: number
  declare readonly label: string

  constructor(address: number, bytes: number, label = '') {
    const what = bytes > 0 ? `the allocation of ${describeBytes(bytes)}${label ? ` (${label})` : ''}` : 'the allocation'
    super(
      'SKEIN_USE_AFTER_FREE',
      `An array over the heap at ${hex(address)} was used after ${what} had been released. ` +
        'Release it after its last use, or leave the release to the garbage collector.',
      { address, bytes, label },
    )
  }
}

/** An allocation was released a second time. */
export class DoubleFreeError extends SkeinError {
  static {
    registerError(DoubleFreeError, 'DoubleFreeError')
  }
  declare readonly address: number

  constructor(address: number) {
    super(
      'SKEIN_DOUBLE_FREE',
      `The heap was asked to release ${hex(address)}, which has been released already. ` +
        'Only one side may own an allocation: look for a second release, a second `using`, or a scope that owns it too.',
      { address },
    )
  }
}

/** The heap has no room: says what was asked, what is free, and who holds the rest. */
export class HeapOutOfMemoryError extends OutOfMemoryError {
  static {
    registerError(HeapOutOfMemoryError, 'HeapOutOfMemoryError')
  }

  constructor(askedBytes: number, freeBytes: number, limitBytes: number, holders: readonly MemoryHolder[]) {
    const advice =
      askedBytes <= freeBytes
        ? 'The free bytes are not in one piece, or the system refused to commit more: release large arrays, or raise SKEIN_HEAP_MAX'
        : 'Release arrays no longer in use (`using`, heap.release), or raise SKEIN_HEAP_MAX'
    super('heap', askedBytes, freeBytes, limitBytes, holders, advice)
  }
}

export const hex = (address: number): string => `address 0x${address.toString(16)}`
