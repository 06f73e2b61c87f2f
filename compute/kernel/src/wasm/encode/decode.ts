import { NAMES_MEMORY, OPCODES, type Opcode, type Signature, TYPE_CODES, type Type } from './opcodes.ts'
import { ByteReader } from './reader.ts'

/** One instruction as it lies in the module; which of the optional parts are there follows from `op.imm`. */
export interface Instruction {
  readonly op: Opcode
  /** Offset in the module of its first byte, and of the byte after its last. */
  readonly offset: number
  readonly end: number
  /** Local, global, function, label depth, type, data, elem or table; the memory of an access that names one. */
  readonly index?: number
  /** Where there are two: the table of `call_indirect`, the memory of `memory.init`, … */
  readonly second?: number
  readonly memoryOffset?: number
  readonly alignLog2?: number
  readonly lane?: number
  /** Integer constants. */
  readonly value?: bigint
  /** Bytes of float and vector constants, lanes of a shuffle. */
  readonly bytes?: Uint8Array
  /** Depths of `br_table`, the fallback last. */
  readonly depths?: readonly number[]
  /** Type of a block. */
  readonly block?: Signature
  readonly types?: readonly Type[]
}

export interface Limits {
  readonly min: number
  readonly max?: number
  readonly shared: boolean
  readonly memory64: boolean
}

export interface DecodedFunction extends Signature {
  readonly index: number
  /** Locals, parameters first. */
  readonly locals: readonly Type[]
  /** The last one is the closing `end`. */
  readonly code: readonly Instruction[]
}

export type DecodedImport = { readonly module: string; readonly name: string } & (
  | ({ readonly kind: 'function' } & Signature)
  | ({ readonly kind: 'memory' } & Limits)
  | { readonly kind: 'global'; readonly type: Type; readonly mutable: boolean }
  | ({ readonly kind: 'table'; readonly type: Type } & Limits)
)

/** A module as its bytes say it, in the order of the sections. */
export interface DecodedModule {
  types: Signature[]
  imports: DecodedImport[]
  functions: DecodedFunction[]
  tables: ({ type: Type } & Limits)[]
  memories: Limits[]
  globals: { type: Type; mutable: boolean; init: Instruction[] }[]
  exports: { name: string; kind: string; index: number }[]
  elements: { table: number; offset?: Instruction[]; functions: number[] }[]
  data: { offset?: Instruction[]; bytes: Uint8Array }[]
  name?: string
  functionNames: Map<number, string>
  localNames: Map<number, Map<number, string>>
}

const KINDS = ['function', 'table', 'memory', 'global'] as const
const TYPES = new Map(Object.entries(TYPE_CODES).map(([type, code]) => [code, type as Type]))
const EMPTY = 0x40
const MAX_LOCALS = 50000
const PREFIXES = [0xfc, 0xfd, 0xfe]

let byCode: Map<number, Opcode> | undefined

/** Opcodes by prefix × 65536 + subopcode. Built when first asked for: the compiler itself never reads code. */
function opcodesByCode(): Map<number, Opcode> {
  if (byCode === undefined) {
    byCode = new Map()
    for (const op of Object.values(OPCODES)) {
      const [first, low, high = 0] = op.code
      byCode.set(low === undefined ? first : first * 65536 + ((low & 0x7f) | (high << 7)), op)
    }
  }
  return byCode
}

/**
 * Reads a module of the kind Skein writes. Every byte is accounted for: each section, function body and name map must
 * end exactly where it said it would.
 *
 * @throws MalformedModuleError with the offset of the first byte that makes no sense
 */
export function decodeModule(bytes: Uint8Array): DecodedModule {
  const r = new ByteReader(bytes)
  if (r.bytes(8).join() !== '0,97,115,109,1,0,0,0') r.fail('it does not begin with the WebAssembly header')
  const module: DecodedModule = {
    types: [],
    imports: [],
    functions: [],
    tables: [],
    memories: [],
    globals: [],
    exports: [],
    elements: [],
    data: [],
    functionNames: new Map(),
    localNames: new Map(),
  }
  let declared: Signature[] = []
  while (!r.done) {
    const id = r.u8()
    const s = r.part(r.unsigned())
    switch (id) {
      case 0:
        readCustom(s, module)
        break
      case 1:
        module.types = s.list(() => {
          if (s.u8() !== 0x60) s.fail('a type is no function type')
          return { params: s.list(() => type(s)), results: s.list(() => type(s)) }
        })
        break
      case 2:
        module.imports = s.list(() => readImport(s, module))
        break
      case 3:
        declared = s.list(() => signature(s, module))
        break
      case 4:
        module.tables = s.list(() => ({ type: type(s), ...limits(s) }))
        break
      case 5:
        module.memories = s.list(() => limits(s))
        break
      case 6:
        module.globals = s.list(() => ({ type: type(s), mutable: s.u8() === 1, init: readCode(s, module) }))
        break
      case 7:
        module.exports = s.list(() => ({ name: s.name(), kind: KINDS[s.u8()], index: s.unsigned() }))
        break
      case 9:
        module.elements = s.list(() => readElements(s, module))
        break
      case 10: {
        const first = module.imports.filter(i => i.kind === 'function').length
        module.functions = s.list(i => readFunction(s.part(s.unsigned()), module, first + i, declared[i]))
        break
      }
      case 11:
        module.data = s.list(() => {
          const offset = s.unsigned() === 0 ? readCode(s, module) : undefined
          return { offset, bytes: s.bytes(s.unsigned()) }
        })
        break
      case 12:
        s.unsigned()
        break
      default:
        s.fail(`section ${id} is unknown`)
    }
    s.finish(`section ${id}`)
  }
  if (declared.length !== module.functions.length) {
    r.fail(`${declared.length} functions are declared, ${module.functions.length} have code`)
  }
  return module
}

function type(r: ByteReader): Type {
  return TYPES.get(r.u8()) ?? r.fail('a type is unknown')
}

function signature(r: ByteReader, module: DecodedModule, index = r.unsigned()): Signature {
  return module.types[index] ?? r.fail(`there is no type ${index}`)
}

function limits(r: ByteReader): Limits {
  const flags = r.u8()
  const min = r.unsigned()
  return { min, max: flags & 1 ? r.unsigned() : undefined, shared: (flags & 2) !== 0, memory64: (flags & 4) !== 0 }
}

function readImport(r: ByteReader, module: DecodedModule): DecodedImport {
  const from = { module: r.name(), name: r.name() }
  const kind = KINDS[r.u8()]
  switch (kind) {
    case 'function':
      return { ...from, kind, ...signature(r, module) }
    case 'table':
      return { ...from, kind, type: type(r), ...limits(r) }
    case 'memory':
      return { ...from, kind, ...limits(r) }
    case 'global':
      return { ...from, kind, type: type(r), mutable: r.u8() === 1 }
    default:
      return r.fail('an import is of an unknown kind')
  }
}

function readElements(r: ByteReader, module: DecodedModule) {
  const form = r.unsigned()
  const table = form === 2 ? r.unsigned() : 0
  const offset = form === 1 ? undefined : readCode(r, module)
  if (form !== 0 && r.u8() !== 0) r.fail('an element segment is of an unknown kind')
  return { table, offset, functions: r.list(() => r.unsigned()) }
}

function readFunction(r: ByteReader, module: DecodedModule, index: number, declared?: Signature): DecodedFunction {
  if (declared === undefined) return r.fail('there is code of a function that was not declared')
  const locals = [...declared.params]
  r.list(() => {
    const count = r.unsigned()
    const local = type(r)
    if (locals.length + count > MAX_LOCALS) r.fail(`${count} locals are beyond any engine's limit`)
    for (let i = 0; i < count; i++) locals.push(local)
  })
  const code = readCode(r, module)
  r.finish(`function ${index}`)
  return { ...declared, index, locals, code }
}

/** The name section; other custom sections are skipped whole. */
function readCustom(r: ByteReader, module: DecodedModule): void {
  if (r.name() !== 'name') {
    r.bytes(r.end - r.at)
    return
  }
  const map = <T>(part: ByteReader, one: () => T) => new Map(part.list(() => [part.unsigned(), one()] as const))
  while (!r.done) {
    const id = r.u8()
    const part = r.part(r.unsigned())
    if (id === 0) module.name = part.name()
    else if (id === 1) module.functionNames = map(part, () => part.name())
    else if (id === 2) module.localNames = map(part, () => map(part, () => part.name()))
    else part.bytes(part.end - part.at)
    part.finish(`name map ${id}`)
  }
}

/** Instructions up to and including the `end` that closes them. */
function readCode(r: ByteReader, module: DecodedModule): Instruction[] {
  const code: Instruction[] = []
  for (let depth = 1; depth > 0; ) {
    const instruction = readInstruction(r, module)
    code.push(instruction)
    if (instruction.op.imm === 'block') depth++
    else if (instruction.op.name === 'end') depth--
  }
  return code
}

function readInstruction(r: ByteReader, module: DecodedModule): Instruction {
  const offset = r.at
  const first = r.u8()
  const code = PREFIXES.includes(first) ? first * 65536 + r.unsigned() : first
  const op = opcodesByCode().get(code) ?? r.fail(`instruction 0x${code.toString(16)} is unknown`)
  const immediates = readImmediates(r, op, module)
  return { op, offset, end: r.at, ...immediates }
}

/** Its alignment says whether a memory is named. */
function access(r: ByteReader): Partial<Instruction> {
  const flags = r.unsigned()
  const named = flags & NAMES_MEMORY ? { index: r.unsigned() } : {}
  return { alignLog2: flags & ~NAMES_MEMORY, memoryOffset: r.unsigned(), ...named }
}

function readImmediates(r: ByteReader, op: Opcode, module: DecodedModule): Partial<Instruction> {
  switch (op.imm) {
    case 'none':
      return {}
    case 'memarg':
      return access(r)
    case 'memarg-lane':
      return { ...access(r), lane: r.u8() }
    case 'lane':
      return { lane: r.u8() }
    case 'shuffle':
    case 'v128':
      return { bytes: r.bytes(16) }
    case 'i32':
    case 'i64':
      return { value: r.signed() }
    case 'f32':
      return { bytes: r.bytes(4) }
    case 'f64':
      return { bytes: r.bytes(8) }
    case 'labels':
      return { depths: [...r.list(() => r.unsigned()), r.unsigned()] }
    case 'types':
      return { types: r.list(() => type(r)) }
    case 'reftype':
      return { types: [type(r)] }
    case 'block':
      return { block: blockType(r, module) }
    case 'zero':
    case 'memory':
    case 'local':
    case 'global':
    case 'func':
    case 'label':
    case 'data':
    case 'table':
    case 'elem':
      return { index: r.unsigned() }
    case 'indirect':
    case 'memories':
    case 'data-memory':
    case 'tables':
    case 'elem-table':
      return { index: r.unsigned(), second: r.unsigned() }
  }
}

function blockType(r: ByteReader, module: DecodedModule): Signature {
  const byte = r.data[r.at]
  if (byte === EMPTY) {
    r.u8()
    return { params: [], results: [] }
  }
  if (TYPES.has(byte)) return { params: [], results: [type(r)] }
  return signature(r, module, Number(r.signed()))
}
