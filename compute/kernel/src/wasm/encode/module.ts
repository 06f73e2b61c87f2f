import { ByteWriter } from './bytes.ts'
import { AssemblerError } from './errors.ts'
import { FunctionBuilder, type ModuleView } from './function.ts'
import { type Signature, TYPE_CODES, type Type } from './opcodes.ts'
import type { PositionTable } from './positions.ts'

export interface ModuleOptions {
  /** 64-bit addresses. */
  memory64: boolean
  /** Smallest size the memory may have, in pages of 64 KiB. @default 0: any memory fits */
  initialPages?: number
  /** Largest declared size; a shared memory must declare one at most this. @default the widest the engine takes */
  maxPages?: number
  /** @default true */
  shared?: boolean
  /** Check operand types as instructions are written. @default false */
  check?: boolean
  name?: string
}

/** A constant expression: a number of the type asked for, 16 bytes for v128, or code (extended constants included). */
export type Constant = number | bigint | Uint8Array | ((code: FunctionBuilder) => unknown)

const MAX_PAGES_32 = 65536
// The format allows 2^48 pages; V8 refuses a module that declares more than its own limit, 16 GiB.
const MAX_PAGES_64 = 262144

const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const
const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const

/** Builds one WebAssembly module: functions, memories, globals, data and names, in the order they are asked for. */
export class ModuleBuilder implements ModuleView {
  readonly memory64: boolean
  readonly check: boolean
  /** Type of addresses, and of memory sizes. */
  readonly addressType: 'i32' | 'i64'

  readonly #options: ModuleOptions
  readonly #types: Signature[] = []
  readonly #typeIndices = new Map<string, number>()
  readonly #imports: ((section: ByteWriter) => void)[] = []
  readonly #importedFunctions: { name: string; typeIndex: number }[] = []
  readonly #functions: FunctionBuilder[] = []
  readonly #globalTypes: Type[] = []
  readonly #globalMutable: boolean[] = []
  readonly #globals: ((section: ByteWriter) => void)[] = []
  readonly #exports: { name: string; kind: number; index: number }[] = []
  readonly #data: { offset?: ByteWriter; bytes: Uint8Array }[] = []
  readonly #tables: { min: number; max?: number }[] = []
  readonly #elements: { offset?: number; table: number; functions: (number | FunctionBuilder)[] }[] = []
  #memory: 'none' | 'imported' | 'own' = 'none'
  /** Pages of those beside the first. */
  readonly #ownPages: number[] = []
  #positions: PositionTable | undefined

  constructor(options: ModuleOptions) {
    this.#options = options
    this.memory64 = options.memory64
    this.check = options.check ?? false
    this.addressType = options.memory64 ? 'i64' : 'i32'
  }

  /** The index of a function type, added when new. */
  typeIndex(params: readonly Type[], results: readonly Type[]): number {
    const key = `${params.join(' ')}>${results.join(' ')}`
    let index = this.#typeIndices.get(key)
    if (index === undefined) {
      index = this.#types.push({ params: [...params], results: [...results] }) - 1
      this.#typeIndices.set(key, index)
    }
    return index
  }

  /** The signature of any function, imported or added. */
  signature(index: number): Signature {
    const typeIndex =
      this.#importedFunctions[index]?.typeIndex ?? this.#functions[index - this.#importedFunctions.length]?.typeIndex
    if (typeIndex === undefined) throw new AssemblerError({ problem: `there is no function ${index}`, op: 'call' })
    return this.#types[typeIndex]
  }

  globalType(index: number): Type {
    const type = this.#globalTypes[index]
    if (type === undefined) throw new AssemblerError({ problem: `there is no global ${index}`, op: 'global' })
    return type
  }

  globalMutable(index: number): boolean {
    return this.#globalMutable[index]
  }

  importMemory(module: string, name: string): void {
    this.#oneMemory('imported')
    this.#imports.push(section => {
      section.name(module)
      section.name(name)
      section.u8(KIND.memory)
      this.#limits(section)
    })
  }

  /** A memory of the module's own, for tests and tools: kernels import the heap's. */
  addMemory(): void {
    this.#oneMemory('own')
  }

  get memories(): number {
    return (this.#memory === 'none' ? 0 : 1) + this.#ownPages.length
  }

  /**
   * A memory of 32 bits beside the first, which each instance has for itself: an engine that reserves all that 32 bits can reach compares no address in it with a bound. Returns its index, for
   * `FunctionBuilder.own`.
   */
  addOwnMemory(pages: number): number {
    if (this.#memory === 'none') throw new AssemblerError({ problem: 'the first memory comes before', op: 'memory' })
    this.#ownPages.push(pages)
    return this.memories - 1
  }

  /** Imports come before the first added function: they share one index space. */
  importFunction(module: string, name: string, params: readonly Type[], results: readonly Type[]): number {
    if (this.#functions.length > 0) {
      throw new AssemblerError({ problem: `import function '${name}' before the first addFunction`, op: 'import' })
    }
    const typeIndex = this.typeIndex(params, results)
    this.#imports.push(section => {
      section.name(module)
      section.name(name)
      section.u8(KIND.function)
      section.unsigned(typeIndex)
    })
    return this.#importedFunctions.push({ name, typeIndex }) - 1
  }

  importGlobal(module: string, name: string, type: Type, mutable: boolean): number {
    if (this.#globals.length > 0) {
      throw new AssemblerError({ problem: `import global '${name}' before the first addGlobal`, op: 'import' })
    }
    this.#imports.push(section => {
      section.name(module)
      section.name(name)
      section.u8(KIND.global)
      section.u8(TYPE_CODES[type])
      section.u8(mutable ? 1 : 0)
    })
    this.#globalMutable.push(mutable)
    return this.#globalTypes.push(type) - 1
  }

  /** The index is fixed at once; the body may be written at any time before `finish`. */
  addFunction(
    name: string | undefined,
    params: readonly Type[],
    results: readonly Type[],
    options: { export?: string } = {},
  ): FunctionBuilder {
    const index = this.#importedFunctions.length + this.#functions.length
    const builder = new FunctionBuilder(this, index, name, [...params], [...results], this.typeIndex(params, results))
    this.#functions.push(builder)
    if (options.export !== undefined) this.exportFunction(options.export, builder)
    return builder
  }

  exportFunction(name: string, target: number | FunctionBuilder): void {
    this.#export(name, KIND.function, typeof target === 'number' ? target : target.index)
  }

  exportGlobal(name: string, global: number): void {
    this.globalType(global)
    this.#export(name, KIND.global, global)
  }

  exportMemory(name: string): void {
    this.#export(name, KIND.memory, 0)
  }

  addGlobal(type: Type, mutable: boolean, init: Constant): number {
    const value = this.#constant(type, init)
    this.#globals.push(section => {
      section.u8(TYPE_CODES[type])
      section.u8(mutable ? 1 : 0)
      section.append(value)
    })
    this.#globalMutable.push(mutable)
    return this.#globalTypes.push(type) - 1
  }

  /** Bytes copied to `offset` when the module is instantiated. Returns the segment's index. */
  addData(offset: Constant, bytes: Uint8Array): number {
    return this.#data.push({ offset: this.#constant(this.addressType, offset), bytes }) - 1
  }

  /** Bytes that `memory.init` copies from. Returns the segment's index. */
  addPassiveData(bytes: Uint8Array): number {
    return this.#data.push({ bytes }) - 1
  }

  /** A table of functions, for `call_indirect`. */
  addTable(min: number, max?: number): number {
    return this.#tables.push({ min, max }) - 1
  }

  /** Functions put into a table from `offset` on; without offset a passive segment for `table.init`. */
  addElements(functions: (number | FunctionBuilder)[], offset?: number, table = 0): number {
    return this.#elements.push({ offset, table, functions }) - 1
  }

  /** After `finish`: where each stretch of the module's bytes comes from, for the disassembler. */
  get positions(): PositionTable {
    if (!this.#positions) throw new AssemblerError({ problem: 'positions are known after finish()', op: 'positions' })
    return this.#positions
  }

  /** The module's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const codeSize = this.#functions.reduce((sum, f) => sum + f.size + 32, 0)
    // Code first: block types and constants may still add function types.
    const code = new ByteWriter(codeSize)
    code.unsigned(this.#functions.length)
    for (const f of this.#functions) f.emit(code)

    const out = new ByteWriter(codeSize + 512)
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
    const body = new ByteWriter(256)
    const section = (id: number, count: number, write: () => void) => {
      if (count === 0) return
      body.length = 0
      body.unsigned(count)
      write()
      out.u8(id)
      out.unsigned(body.length)
      out.append(body)
    }

    section(SECTION.type, this.#types.length, () => {
      for (const { params, results } of this.#types) {
        body.u8(0x60)
        for (const types of [params, results]) {
          body.unsigned(types.length)
          for (const type of types) body.u8(TYPE_CODES[type])
        }
      }
    })
    section(SECTION.import, this.#imports.length, () => {
      for (const write of this.#imports) write(body)
    })
    section(SECTION.function, this.#functions.length, () => {
      for (const f of this.#functions) body.unsigned(f.typeIndex)
    })
    section(SECTION.table, this.#tables.length, () => {
      for (const { min, max } of this.#tables) {
        body.u8(TYPE_CODES.funcref)
        body.u8(max === undefined ? 0 : 1)
        body.unsigned(min)
        if (max !== undefined) body.unsigned(max)
      }
    })
    section(SECTION.memory, (this.#memory === 'own' ? 1 : 0) + this.#ownPages.length, () => {
      if (this.#memory === 'own') this.#limits(body)
      for (const pages of this.#ownPages) {
        body.u8(0x01)
        body.unsigned(pages)
        body.unsigned(pages)
      }
    })
    section(SECTION.global, this.#globals.length, () => {
      for (const write of this.#globals) write(body)
    })
    section(SECTION.export, this.#exports.length, () => {
      for (const { name, kind, index } of this.#exports) {
        body.name(name)
        body.u8(kind)
        body.unsigned(index)
      }
    })
    section(SECTION.element, this.#elements.length, () => {
      for (const { offset, table, functions } of this.#elements) {
        // Form 1: passive list of functions; form 2: active, with its table named.
        body.u8(offset === undefined ? 1 : 2)
        if (offset !== undefined) {
          body.unsigned(table)
          body.append(this.#constant('i32', offset))
        }
        body.u8(0)
        body.unsigned(functions.length)
        for (const target of functions) body.unsigned(typeof target === 'number' ? target : target.index)
      }
    })
    if (this.#data.length > 0) {
      out.u8(SECTION.dataCount)
      const count = new ByteWriter(4)
      count.unsigned(this.#data.length)
      out.unsigned(count.length)
      out.append(count)
    }
    this.#hints(out)
    let codeStart = 0
    if (this.#functions.length > 0) {
      out.u8(SECTION.code)
      out.unsigned(code.length)
      codeStart = out.length
      out.append(code)
    }
    section(SECTION.data, this.#data.length, () => {
      for (const { offset, bytes } of this.#data) {
        body.u8(offset === undefined ? 1 : 0)
        if (offset !== undefined) body.append(offset)
        body.unsigned(bytes.length)
        body.bytes(bytes)
      }
    })
    this.#names(out)
    this.#place(codeStart)
    return out.toBytes()
  }

  /** Moves each function's code offset, and its marks, to offsets in the module. */
  #place(codeStart: number): void {
    const offsets: number[] = []
    const lines: number[] = []
    const columns: number[] = []
    const add = (offset: number, line: number, column: number) => {
      offsets.push(offset)
      lines.push(line)
      columns.push(column)
    }
    for (const f of this.#functions) {
      f.codeOffset += codeStart
      for (let i = 0; i < f.markOffsets.length; i++) {
        add(f.codeOffset + f.markOffsets[i], f.markLines[i], f.markColumns[i])
      }
      // What a function says ends with it.
      if (f.markOffsets.length > 0) add(f.codeOffset + f.size, 0, 0)
    }
    this.#positions = { offsets, lines, columns }
  }

  /** The section of the branch hinting proposal, which stands before the code; an engine that does not know it skips it. */
  #hints(out: ByteWriter): void {
    const hinted = this.#functions.filter(f => f.hintOffsets.length > 0)
    if (hinted.length === 0) return
    const section = new ByteWriter(256)
    section.name('metadata.code.branch_hint')
    section.unsigned(hinted.length)
    for (const f of hinted) {
      section.unsigned(f.index)
      section.unsigned(f.hintOffsets.length)
      f.hintOffsets.forEach((offset, i) => {
        section.unsigned(f.localsSize + offset)
        section.unsigned(1)
        section.u8(f.hintTaken[i] ? 1 : 0)
      })
    }
    out.u8(0)
    out.unsigned(section.length)
    out.append(section)
  }

  #names(out: ByteWriter): void {
    const importCount = this.#importedFunctions.length
    const named = this.#functions.filter(f => f.name !== undefined)
    const local = this.#functions.filter(f => f.localNames.size > 0)
    if (named.length === 0 && local.length === 0 && this.#options.name === undefined) return
    const section = new ByteWriter(256)
    const part = new ByteWriter(128)
    const flush = (id: number) => {
      section.u8(id)
      section.unsigned(part.length)
      section.append(part)
      part.length = 0
    }
    section.name('name')
    if (this.#options.name !== undefined) {
      part.name(this.#options.name)
      flush(0)
    }
    if (named.length + importCount > 0) {
      part.unsigned(named.length + importCount)
      this.#importedFunctions.forEach(({ name }, index) => {
        part.unsigned(index)
        part.name(name)
      })
      for (const f of named) {
        part.unsigned(f.index)
        part.name(f.name!)
      }
      flush(1)
    }
    if (local.length > 0) {
      part.unsigned(local.length)
      for (const f of local) {
        part.unsigned(f.index)
        part.unsigned(f.localNames.size)
        for (const [index, name] of [...f.localNames].sort((a, b) => a[0] - b[0])) {
          part.unsigned(index)
          part.name(name)
        }
      }
      flush(2)
    }
    out.u8(0)
    out.unsigned(section.length)
    out.append(section)
  }

  #oneMemory(kind: 'imported' | 'own'): void {
    if (this.#memory !== 'none') throw new AssemblerError({ problem: 'the module has its memory', op: 'memory' })
    this.#memory = kind
  }

  #limits(section: ByteWriter): void {
    const { initialPages = 0, maxPages = this.memory64 ? MAX_PAGES_64 : MAX_PAGES_32, shared = true } = this.#options
    section.u8(0x01 | (shared ? 0x02 : 0) | (this.memory64 ? 0x04 : 0))
    section.unsigned(initialPages)
    section.unsigned(maxPages)
  }

  #export(name: string, kind: number, index: number): void {
    if (this.#exports.some(one => one.name === name)) {
      throw new AssemblerError({ problem: `'${name}' is exported already`, op: 'export' })
    }
    this.#exports.push({ name, kind, index })
  }

  #constant(type: Type, value: Constant): ByteWriter {
    const code = new FunctionBuilder(this, -1, 'constant', [], [type], -1)
    if (typeof value === 'function') value(code)
    else if (value instanceof Uint8Array) code.v128const(value)
    else if (type === 'i64') code.i64(value)
    else if (type === 'i32') code.i32(Number(value))
    else if (type === 'f32') code.f32(Number(value))
    else if (type === 'f64') code.f64(Number(value))
    else throw new AssemblerError({ problem: `a ${type} constant needs bytes or code`, op: `${type}.const` })
    code.close()
    code.code.u8(0x0b)
    return code.code
  }
}
