// What the program and the thread that has the file tell each other. Letters go several at a time, and each side reads them in order.
import type { ErrorWire } from '@skein/base'
import type { Range, WatchBatch } from '../../store.ts'
import type { Request } from '../asking.ts'

export interface FileOptions {
  path: string
  /** Bytes that the file may have; beyond them the disk counts as full. Default: no limit. */
  maxBytes?: number
}

/** To the thread. */
export type Letter =
  | { readonly is: 'ask'; readonly id: number; readonly request: Request }
  | ({ readonly is: 'watch' } & WatchRequest)
  /** So many bytes of what a watch was sent have been read: as many more may be sent. */
  | { readonly is: 'read'; readonly id: number; readonly bytes: number }
  | { readonly is: 'leave'; readonly id: number }
  | { readonly is: 'close' }

export interface WatchRequest {
  readonly id: number
  readonly range: Range
  /** Undefined: what happens from now on. */
  readonly from: number | undefined
  readonly previous: boolean
  /** Bytes that may be sent and not yet read. */
  readonly windowBytes: number
}

/** From the thread. */
export type Reply =
  | { readonly is: 'opened' | 'closed' }
  | { readonly is: 'refused'; readonly error: ErrorWire }
  | { readonly is: 'done'; readonly id: number; readonly value: unknown }
  | { readonly is: 'failed'; readonly id: number; readonly error: ErrorWire }
  /** It is known from where on it is told. */
  | { readonly is: 'watching'; readonly id: number }
  | { readonly is: 'batch'; readonly id: number; readonly batch: WatchBatch }
  | { readonly is: 'ended'; readonly id: number; readonly error: ErrorWire }
