/**
 * A body is what threads run over a range: an exported function of a WebAssembly module that imports the heap's memory,
 * a function exported by a JavaScript module, or machine code at an address. Its text (bytes, the module's URL, or addresses) lies in
 * the heap, where a thread that meets it for the first time reads it; so a body costs nothing on threads that never run it.
 *
 * Bodies have an index, reused after `unload`, and a version that grows with each reuse: a thread keeps what it compiled under
 * the index and drops it when the version no longer fits.
 */

import { ArgumentError, describe } from '@skein/base'
import type { Heap } from '@skein/heap'
import { BodyNotReadyError } from './errors.ts'
import { Gates } from './gate.ts'
import type { BodyHeader } from './mail.ts'
import type { Entry } from './schedule.ts'

/** Made by `team.load`, `team.module` and `team.native`. */
export abstract class Body implements Disposable {
  readonly name: string
  readonly exports: readonly string[]
  readonly index: number
  readonly version: number
  /** Where header and bytes lie: 4 bytes header length, header, bytes. */
  readonly address: number
  readonly length: number
  /** The arguments' address reaches the function as a BigInt. */
  abstract readonly wide: boolean
  #shelf: BodyShelf | undefined

  constructor(shelf: BodyShelf, name: string, header: BodyHeader, bytes: Uint8Array) {
    this.#shelf = shelf
    this.name = name
    this.exports = header.exports
    const text = new TextEncoder().encode(JSON.stringify(header))
    this.length = 4 + text.length + bytes.length
    this.address = shelf.heap.allocate(this.length, { label: 'team bodies' })
    const blob = shelf.heap.view(Uint8Array, this.address, this.length)
    blob.set(new Uint8Array(Uint32Array.of(text.length).buffer))
    blob.set(text, 4)
    blob.set(bytes, 4 + text.length)
    const slot = shelf.take()
    this.index = slot.index
    this.version = slot.version
  }

  /** How errors call an export. */
  label(exported: number): string {
    return this.exports.length === 1 ? this.name : `${this.name}: ${this.exports[exported]}`
  }

  /** The function on this thread. @throws BodyNotReadyError */
  abstract entry(exported: number): Entry

  get isLoaded(): boolean {
    return this.#shelf !== undefined
  }

  /** The index of an export given by index or name. */
  exportIndex(exported: number | string): number {
    const index = typeof exported === 'number' ? exported : this.exports.indexOf(exported)
    if (!(index >= 0 && index < this.exports.length && Number.isInteger(index))) {
      const names = this.exports.map((name, i) => `${i} or '${name}'`).join(', ')
      throw new ArgumentError('team.run', 'exported', `an export of ${this.name}: ${names}`, exported)
    }
    if (this.#shelf === undefined) {
      throw new ArgumentError('team.run', 'body', 'a loaded body', this.name, 'It has been unloaded; load it again')
    }
    return index
  }

  /** Frees the body everywhere; on other threads when its index is used again. Not while a call runs it. */
  unload(): void {
    const shelf = this.#shelf
    if (shelf === undefined) return
    this.#shelf = undefined
    shelf.heap.free(this.address)
    shelf.giveBack(this.index)
  }

  [Symbol.dispose](): void {
    this.unload()
  }
}

/** Indices and versions of a team's bodies. */
export class BodyShelf {
  readonly heap: Heap
  readonly #versions: number[] = []
  readonly #free: number[] = []

  constructor(heap: Heap) {
    this.heap = heap
  }

  take(): { index: number; version: number } {
    const index = this.#free.pop() ?? this.#versions.length
    const version = (this.#versions[index] ?? 0) + 1
    this.#versions[index] = version
    return { index, version }
  }

  giveBack(index: number): void {
    this.#free.push(index)
  }
}

export interface WasmSource {
  /** A module that imports `env.memory` and nothing else. */
  readonly bytes: Uint8Array
  /** Functions `(args, begin: i32, end: i32, thread: i32) → i32`; `args` is an i64 where the heap has 64-bit addresses. */
  readonly exports: readonly string[]
  /** This thread's instance, where the caller has made one. */
  readonly instance?: WebAssembly.Instance
  readonly name?: string
}

export class WasmBody extends Body {
  readonly wide: boolean
  readonly #entries: Entry[]

  constructor(shelf: BodyShelf, source: WasmSource) {
    if (!(source.bytes instanceof Uint8Array)) {
      throw new ArgumentError('team.load', 'bytes', 'a Uint8Array with a WebAssembly module', source.bytes)
    }
    const instance = source.instance ?? instantiate(source.bytes, shelf.heap.memory)
    const entries = source.exports.map(name => {
      const found = instance.exports[name]
      if (typeof found === 'function') return found as Entry
      const exported = Object.keys(instance.exports).join(', ')
      throw new ArgumentError('team.load', 'exports', `functions the module exports (${exported})`, name)
    })
    super(
      shelf,
      source.name ?? (source.exports.length === 1 ? source.exports[0] : 'module'),
      { kind: 'wasm', exports: source.exports },
      source.bytes,
    )
    this.#entries = entries
    this.wide = shelf.heap.memory64
  }

  entry(exported: number): Entry {
    return this.#entries[exported]
  }
}

const instantiate = (bytes: Uint8Array, memory: WebAssembly.Memory): WebAssembly.Instance => {
  try {
    // A copy where the bytes are shared memory, which the engine does not compile from.
    const module = new WebAssembly.Module(
      bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : (bytes as BufferSource),
    )
    return new WebAssembly.Instance(module, { env: { memory } })
  } catch (error) {
    const expected = `a valid module that imports env.memory alone (${(error as Error).message})`
    throw new ArgumentError('team.load', 'bytes', expected, bytes, undefined, { cause: error })
  }
}

export interface NativeSource {
  /**
   * By name the addresses of functions, `int (int64 args, int begin, int end, int place)` in C, which return 0 or a positive status. The code stays where it is until the
   * body is unloaded, and holds nothing but registers and its stack: it may be broken off anywhere.
   */
  readonly functions: { readonly [name: string]: number }
  /** Address of the gates by which threads enter it: see gate.ts. */
  readonly gates: number
  readonly name?: string
}

export class NativeBody extends Body {
  readonly wide = false
  readonly #gates: number
  readonly #code: readonly number[]
  readonly #entries: Entry[] = []

  constructor(shelf: BodyShelf, { functions, gates, name }: NativeSource) {
    const names = Object.keys(functions)
    const code = Object.values(functions)
    for (const [k, address] of [gates, ...code].entries()) {
      if (Number.isSafeInteger(address) && address > 0) continue
      throw new ArgumentError('team.native', k === 0 ? 'gates' : 'functions', 'addresses, as numbers', address)
    }
    const label = name ?? (names.length === 1 ? names[0] : 'machine code')
    super(shelf, label, { kind: 'native', exports: names, code, gates }, new Uint8Array())
    this.#gates = gates
    this.#code = code
  }

  entry(exported: number): Entry {
    if (this.#entries[exported] === undefined && exported in this.#code) {
      this.#entries[exported] = this.gates.mine.entryOf(this.#code[exported])
    }
    return this.#entries[exported]
  }

  get gates(): Gates {
    return Gates.at(this.#gates)
  }
}

/** What a module body asks of its team: to have its threads import it. */
export type Prepare = (body: ModuleBody, signal?: AbortSignal) => Promise<void>

export class ModuleBody extends Body {
  readonly wide = false
  readonly url: string
  readonly #prepare: Prepare
  #entry: Entry | undefined

  constructor(shelf: BodyShelf, url: string, exportName: string, prepare: Prepare) {
    super(shelf, `${exportName} of ${url}`, { kind: 'module', exports: [exportName], url }, new Uint8Array())
    this.url = url
    this.#prepare = prepare
  }

  /** Imports the module here and on every thread of the team. Synchronous calls need it. */
  async ready(): Promise<this> {
    await this.importHere()
    await this.#prepare(this)
    return this
  }

  async importHere(): Promise<void> {
    if (this.#entry !== undefined) return
    let module: Record<string, unknown>
    try {
      module = await import(this.url)
    } catch (error) {
      const expected = `a module that can be imported (${error instanceof Error ? error.message : describe(error)})`
      throw new ArgumentError('team.module', 'url', expected, this.url, undefined, { cause: error })
    }
    this.#entry = functionOf(module, this.exports[0], this.url)
  }

  entry(): Entry {
    if (this.#entry === undefined) throw new BodyNotReadyError(this.name)
    return this.#entry
  }
}

export const functionOf = (module: Record<string, unknown>, name: string, url: string): Entry => {
  const found = module[name]
  if (typeof found === 'function') return found as Entry
  throw new ArgumentError('team.module', 'exportName', `a function that ${url} exports`, `${name}: ${describe(found)}`)
}
