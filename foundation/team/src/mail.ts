/** What the team and its threads tell each other outside the control block. */

import type { Layout } from './control.ts'

/** What a thread is started with. */
export interface ThreadData {
  readonly control: SharedArrayBuffer
  readonly layout: Layout
  readonly thread: number
  readonly memory: WebAssembly.Memory
  readonly memory64: boolean
  /** The caller cannot wait for a word asynchronously: tell it by message. */
  readonly announce: boolean
  /** It ends when it has had nothing to do for so long. */
  readonly idleMs: number
  /** The team has bodies of machine code: a gate of these is taken before anything else. */
  readonly gates: number | undefined
}

/** From the team to a thread's port: import this body. */
export interface Mail {
  readonly index: number
  readonly version: number
  readonly url: string
  readonly exportName: string
}
/** And back. */
export type Reply =
  | { readonly loaded: number; readonly version: number; readonly error?: string }
  | { readonly done: number }

/** What stands in the heap before a module's bytes, as JSON. */
export interface BodyHeader {
  readonly kind: 'wasm' | 'module' | 'native'
  readonly exports: readonly string[]
  /** Of a JavaScript module. */
  readonly url?: string
  /** Of machine code: where its functions begin, by export, and the gates by which threads enter it (`gate.ts`). */
  readonly code?: readonly number[]
  readonly gates?: number
}
