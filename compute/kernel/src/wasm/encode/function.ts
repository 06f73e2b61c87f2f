import { ByteWriter } from './bytes.ts'
import { StackChecker } from './check.ts'
import { AssemblerError } from './errors.ts'
import { NAMES_MEMORY, OPCODES, type Opcode, type Signature, TYPE_CODES, type Type } from './opcodes.ts'
import type { Position } from './positions.ts'

/** A block that is open, or was: what `br` names. */
export interface Label {
  readonly kind: 'function' | 'block' | 'loop' | 'if'
  readonly params: readonly Type[]
  readonly results: readonly Type[]
  /** How many blocks enclose it; the function's own label is at 0. */
  readonly depth: number
  open: boolean
}

/** What the code of a function needs to know of the module it is in. */
export interface ModuleView {
  readonly memory64: boolean
  /** How many memories there are: the first one, and those of the module's own beside it. */
  readonly memories: number
  /** Whether operand types are checked as instructions are written. */
  readonly check: boolean
  readonly addressType: 'i32' | 'i64'
  /** The index of a function type, added when new. */
  typeIndex(params: readonly Type[], results: readonly Type[]): number
  /** @throws AssemblerError when there is no such function */
  signature(func: number): Signature
  /** @throws AssemblerError when there is no such global */
  globalType(global: number): Type
  globalMutable(global: number): boolean
}

type Types = Type | readonly Type[]

const NONE: readonly Type[] = []
const END = 0x0b
const BLOCK_KINDS = { block: 0x02, loop: 0x03, if: 0x04 } as const

/** What a branch to the label carries: a loop is entered anew, anything else is left. */
const carried = (label: Label) => (label.kind === 'loop' ? label.params : label.results)

const typesOf = (types: Types | undefined): readonly Type[] =>
  types === undefined ? NONE : typeof types === 'string' ? [types] : types

/**
 * Writes the code of one function, instruction by instruction, straight into bytes. Made by `ModuleBuilder.addFunction`.
 * Every method that writes returns the builder, except those that open a block: they return its label.
 */
export class FunctionBuilder {
  readonly module: ModuleView
  /** Index in the module's function index space, fixed at once so that calls may come before the body. */
  readonly index: number
  readonly name: string | undefined
  readonly params: readonly Type[]
  readonly results: readonly Type[]
  readonly typeIndex: number
  /** The label of the whole function: branching to it returns. */
  readonly body: Label
  /** Code after the local declarations and before the closing `end`. */
  readonly code = new ByteWriter()
  /** Type of each local, parameters first. */
  readonly localTypes: Type[]
  /** Names for the name section, by local index. */
  readonly localNames = new Map<number, string>()
  /** Source positions: from byte `markOffsets[i]` of `code` on, line `markLines[i]` (0: no source). */
  readonly markOffsets: number[] = []
  readonly markLines: number[] = []
  readonly markColumns: number[] = []
  /** Offset of `code` in the finished module; -1 before. */
  codeOffset = -1
  /** Bytes of the local declarations before `code`; 0 before `emit`. */
  localsSize = 0
  /** Branch hints: at byte `hintOffsets[i]` of `code` stands a branch that is taken nearly always, or hardly ever. */
  readonly hintOffsets: number[] = []
  readonly hintTaken: boolean[] = []

  readonly #labels: Label[] = []
  readonly #free: Partial<Record<Type, number[]>> = {}
  readonly #checker: StackChecker | undefined
  readonly #memory64: boolean

  constructor(
    module: ModuleView,
    index: number,
    name: string | undefined,
    params: readonly Type[],
    results: readonly Type[],
    typeIndex: number,
  ) {
    this.module = module
    this.index = index
    this.name = name
    this.params = params
    this.results = results
    this.typeIndex = typeIndex
    this.localTypes = [...params]
    this.body = { kind: 'function', params: NONE, results, depth: 0, open: true }
    this.#labels.push(this.body)
    this.#memory64 = module.memory64
    if (module.check) {
      this.#checker = new StackChecker(results, module.addressType, (op, problem, expected, found, story) =>
        this.#fail(op, problem, expected, found, story),
      )
    }
  }

  /** Bytes of code written so far. */
  get size(): number {
    return this.code.length
  }

  /** Checked mode: the operand types of the innermost block, deepest first; undefined when not checking. */
  get operands(): readonly string[] | undefined {
    return this.#checker?.operands
  }

  // Locals.

  /** A local of this type: a fresh one (zero at entry) or a released one, which still holds what was left in it. */
  local(type: Type, name?: string): number {
    const released = this.#free[type]?.pop()
    const index = released ?? this.localTypes.push(type) - 1
    if (name !== undefined && !this.localNames.has(index)) this.localNames.set(index, name)
    return index
  }

  /** Returns a local to the pool, for reuse by a later `local` of the same type. */
  release(local: number): this {
    if (local < this.params.length) this.#fail('release', `local ${local} is a parameter`)
    const pool = (this.#free[this.localTypes[local] ?? this.#noLocal('release', local)] ??= [])
    if (this.module.check && pool.includes(local)) this.#fail('release', `local ${local} was released before`)
    pool.push(local)
    return this
  }

  nameLocal(local: number, name: string): this {
    if (this.localTypes[local] === undefined) this.#noLocal('nameLocal', local)
    this.localNames.set(local, name)
    return this
  }

  // Any instruction.

  /**
   * Writes the instruction `name` of the standard's text format. Immediates by kind: memory `(offset = 0, alignLog2 =
   * natural)`; lane `(lane)`; lane in memory `(lane, offset, alignLog2)`; constant `(value)`; local, global, table,
   * data and elem `(index)`; call `(function)`; branch `(label)`; `br_table` `(labels, fallback)`; block `(results,
   * params)`.
   */
  op(name: string, a?: any, b?: any, c?: any): this {
    const op = OPCODES[name]
    if (op === undefined) return this.#fail(name, 'is no instruction of the table; see opcodes.ts for the names')
    switch (op.imm) {
      case 'none':
        if (op.contextual) return this.#contextual(name)
        this.#checker?.apply(name, op.params, op.results)
        this.code.opcode(op.code)
        return this
      case 'memarg':
        return this.#access(op, a, b)
      case 'lane':
        this.#lane(op, a)
        return this
      case 'memarg-lane':
        return this.loadLane(name, a, b, c)
      case 'shuffle':
        return this.shuffle(a)
      case 'v128':
        return this.v128const(a)
      case 'i32':
        return this.i32(a)
      case 'i64':
        return this.i64(a)
      case 'f32':
        return this.f32(a)
      case 'f64':
        return this.f64(a)
      case 'local':
        return name === 'local.get' ? this.get(a) : name === 'local.set' ? this.set(a) : this.tee(a)
      case 'global':
        return name === 'global.get' ? this.globalGet(a) : this.globalSet(a)
      case 'func':
        return this.#call(op, a)
      case 'indirect':
        return this.#callIndirect(op, a, b, c)
      case 'label':
        return name === 'br' ? this.br(a) : this.brIf(a)
      case 'labels':
        return this.brTable(a, b)
      case 'block':
        this.#open(name as 'block' | 'loop' | 'if', a, b)
        return this
      case 'types':
        return this.selectTyped(a)
      case 'reftype':
        this.#checker?.apply(name, NONE, [a])
        this.code.opcode(op.code)
        this.code.u8(TYPE_CODES[a as Type])
        return this
      case 'memory':
      case 'zero':
        this.#write(op)
        this.code.u8(0)
        return this
      case 'memories':
        this.#write(op)
        this.code.u8(0)
        this.code.u8(0)
        return this
      case 'data':
      case 'elem':
      case 'table':
        this.#write(op)
        this.code.unsigned(a ?? 0)
        return this
      case 'data-memory':
      case 'elem-table':
      case 'tables':
        this.#write(op)
        this.code.unsigned(a ?? 0)
        this.code.unsigned(b ?? 0)
        return this
    }
  }

  // Constants.

  i32(value: number): this {
    this.#write(OPCODES['i32.const'])
    this.code.signed32(value)
    return this
  }

  i64(value: number | bigint): this {
    this.#write(OPCODES['i64.const'])
    this.code.signed64(value)
    return this
  }

  /** The f32 nearest to `value`. A NaN keeps the bits the engine holds for it; to choose them, use `f32bits`. */
  f32(value: number): this {
    this.#write(OPCODES['f32.const'])
    this.code.f32(value)
    return this
  }

  f32bits(bits: number): this {
    this.#write(OPCODES['f32.const'])
    this.code.bits32(bits)
    return this
  }

  /** As `f32`: to choose the bits of a NaN, use `f64bits`. */
  f64(value: number): this {
    this.#write(OPCODES['f64.const'])
    this.code.f64(value)
    return this
  }

  f64bits(bits: bigint): this {
    this.#write(OPCODES['f64.const'])
    this.code.bits32(Number(BigInt.asUintN(32, bits)))
    this.code.bits32(Number(BigInt.asUintN(32, bits >> 32n)))
    return this
  }

  /** 16 bytes, lane 0 first. */
  v128const(bytes: Uint8Array): this {
    if (bytes.length !== 16) this.#fail('v128.const', `expected 16 bytes, found ${bytes.length}`)
    this.#write(OPCODES['v128.const'])
    this.code.bytes(bytes)
    return this
  }

  /** An address or a size in bytes, in the memory's address type. */
  addr(value: number): this {
    return this.#memory64 ? this.i64(value) : this.i32(value)
  }

  // Variables.

  get(local: number): this {
    const type = this.localTypes[local] ?? this.#noLocal('local.get', local)
    this.#checker?.apply('local.get', NONE, [type])
    this.code.indexed(0x20, local)
    return this
  }

  set(local: number): this {
    const type = this.localTypes[local] ?? this.#noLocal('local.set', local)
    this.#checker?.apply('local.set', [type], NONE)
    this.code.indexed(0x21, local)
    return this
  }

  tee(local: number): this {
    const type = this.localTypes[local] ?? this.#noLocal('local.tee', local)
    this.#checker?.apply('local.tee', [type], [type])
    this.code.indexed(0x22, local)
    return this
  }

  globalGet(global: number): this {
    this.#checker?.apply('global.get', NONE, [this.module.globalType(global)])
    return this.#indexed(0x23, global)
  }

  globalSet(global: number): this {
    if (this.#checker) {
      this.#checker.apply('global.set', [this.module.globalType(global)], NONE)
      if (!this.module.globalMutable(global)) this.#fail('global.set', `global ${global} is immutable`)
    }
    return this.#indexed(0x24, global)
  }

  // Memory and lanes.

  /** `offset` in bytes; `alignLog2` is a hint (atomics need the natural one, the default). */
  load(name: string, offset = 0, alignLog2?: number): this {
    return this.#access(this.#find(name, 'memarg'), offset, alignLog2)
  }

  store(name: string, offset = 0, alignLog2?: number): this {
    return this.#access(this.#find(name, 'memarg'), offset, alignLog2)
  }

  /** A load or store in a memory of the module's own (`ModuleBuilder.addOwnMemory`), whose addresses are i32. */
  own(memory: number, name: string, offset = 0): this {
    if (!(memory > 0 && memory < this.module.memories)) this.#fail(name, `there is no memory ${memory} of its own`)
    return this.#access(this.#find(name, 'memarg'), offset, undefined, memory)
  }

  /** `extract_lane` and `replace_lane` of every shape. */
  laneOp(name: string, lane: number): this {
    this.#lane(this.#find(name, 'lane'), lane)
    return this
  }

  /** `v128.load*_lane` and `v128.store*_lane`. */
  loadLane(name: string, lane: number, offset = 0, alignLog2?: number): this {
    const op = this.#find(name, 'memarg-lane')
    if (!(lane >= 0 && lane < op.lanes)) this.#fail(name, `lane ${lane} is outside 0..${op.lanes - 1}`)
    this.#access(op, offset, alignLog2)
    this.code.u8(lane)
    return this
  }

  storeLane(name: string, lane: number, offset = 0, alignLog2?: number): this {
    return this.loadLane(name, lane, offset, alignLog2)
  }

  /** 16 byte indices: 0–15 from the first operand, 16–31 from the second. */
  shuffle(lanes: ArrayLike<number>): this {
    if (lanes.length !== 16) this.#fail('i8x16.shuffle', `expected 16 lanes, found ${lanes.length}`)
    this.#write(OPCODES['i8x16.shuffle'])
    for (let i = 0; i < 16; i++) {
      const lane = lanes[i]
      if (!(lane >= 0 && lane < 32)) this.#fail('i8x16.shuffle', `lane ${i} is ${lane}, outside 0..31`)
      this.code.u8(lane)
    }
    return this
  }

  // Control.

  block(results?: Types, params?: Types): Label {
    return this.#open('block', results, params)
  }

  loop(results?: Types, params?: Types): Label {
    return this.#open('loop', results, params)
  }

  /** Takes the i32 condition from the stack. */
  if(results?: Types, params?: Types): Label {
    return this.#open('if', results, params)
  }

  else(): this {
    const label = this.#labels[this.#labels.length - 1]
    if (label.kind !== 'if') this.#fail('else', `the innermost open block is a ${label.kind}, not an if`)
    this.#checker?.else()
    this.code.u8(0x05)
    return this
  }

  /** Closes the innermost block; the function itself is closed by `ModuleBuilder.finish`. */
  end(): this {
    if (this.#labels.length === 1) this.#fail('end', 'no block is open (the function is closed by finish)')
    this.#checker?.end()
    this.#labels.pop()!.open = false
    this.code.u8(END)
    return this
  }

  br(label: Label): this {
    const depth = this.#depth('br', label)
    this.#checker?.branch('br', carried(label), false)
    return this.#indexed(0x0c, depth)
  }

  brIf(label: Label): this {
    const depth = this.#depth('br_if', label)
    this.#checker?.branch('br_if', carried(label), true, 'i32')
    return this.#indexed(0x0d, depth)
  }

  /** Jumps to `labels[i]` for the i32 `i` on the stack, to `fallback` when there is none. */
  brTable(labels: readonly Label[], fallback: Label): this {
    if (this.#checker) {
      this.#checker.targets(labels.map(carried), carried(fallback))
      this.#checker.branch('br_table', carried(fallback), false, 'i32')
    }
    this.code.u8(0x0e)
    this.code.unsigned(labels.length)
    for (const label of labels) this.code.unsigned(this.#depth('br_table', label))
    this.code.unsigned(this.#depth('br_table', fallback))
    return this
  }

  return(): this {
    this.#checker?.branch('return', this.results, false)
    this.code.u8(0x0f)
    return this
  }

  unreachable(): this {
    this.#checker?.unreachable()
    this.code.u8(0x00)
    return this
  }

  drop(): this {
    this.#checker?.drop()
    this.code.u8(0x1a)
    return this
  }

  /** Two operands of one number or vector type, then an i32: the first when it is not zero. */
  select(): this {
    this.#checker?.select()
    this.code.u8(0x1b)
    return this
  }

  selectTyped(type: Type): this {
    this.#checker?.apply('select_t', [type, type, 'i32'], [type])
    this.code.u8(0x1c)
    this.code.u8(1)
    this.code.u8(TYPE_CODES[type])
    return this
  }

  call(target: number | FunctionBuilder): this {
    return this.#call(OPCODES.call, target)
  }

  returnCall(target: number | FunctionBuilder): this {
    return this.#call(OPCODES.return_call, target)
  }

  // Branch hints: for the engine's layout of code and choice of registers; they change nothing that is computed.

  /** The condition of the `if` or `br_if` that is written next nearly always holds. */
  likely(): this {
    return this.#hint(true)
  }

  /** The condition of the `if` or `br_if` that is written next hardly ever holds. */
  unlikely(): this {
    return this.#hint(false)
  }

  // Source positions.

  /** Following instructions come from this place in the source; `undefined`: from none. */
  mark(position: Position | undefined): this {
    const line = position?.line ?? 0
    const column = position?.column ?? 0
    const last = this.markOffsets.length - 1
    if (last >= 0 && this.markLines[last] === line && this.markColumns[last] === column) return this
    if (last >= 0 && this.markOffsets[last] === this.code.length) {
      this.markLines[last] = line
      this.markColumns[last] = column
    } else {
      this.markOffsets.push(this.code.length)
      this.markLines.push(line)
      this.markColumns.push(column)
    }
    return this
  }

  /** Verifies that the code is complete: no open block and, when checking, exactly the results on the stack. */
  close(): void {
    if (this.#labels.length > 1) {
      this.#fail(
        'end',
        `${this.#labels.length - 1} blocks are still open, the innermost a ${this.#labels.at(-1)!.kind}`,
      )
    }
    this.#checker?.finish()
  }

  /** Appends locals, code and closing `end` to the code section; called by `ModuleBuilder.finish`. */
  emit(section: ByteWriter): void {
    this.close()
    const locals = new ByteWriter(32)
    const { localTypes } = this
    let groups = 0
    for (let i = this.params.length; i < localTypes.length; ) {
      let next = i + 1
      while (next < localTypes.length && localTypes[next] === localTypes[i]) next++
      locals.unsigned(next - i)
      locals.u8(TYPE_CODES[localTypes[i]])
      groups++
      i = next
    }
    const count = new ByteWriter(4)
    count.unsigned(groups)
    section.unsigned(count.length + locals.length + this.code.length + 1)
    section.append(count)
    section.append(locals)
    this.localsSize = count.length + locals.length
    this.codeOffset = section.length
    section.append(this.code)
    section.u8(END)
  }

  // Inside.

  #hint(taken: boolean): this {
    this.hintOffsets.push(this.code.length)
    this.hintTaken.push(taken)
    return this
  }

  /** Opcode of an instruction whose operands the table tells. */
  #write(op: Opcode): void {
    this.#checker?.apply(op.name, op.params, op.results)
    this.code.opcode(op.code)
  }

  #indexed(code: number, index: number): this {
    this.code.indexed(code, index)
    return this
  }

  #access(op: Opcode, offset = 0, align = op.align, memory = 0): this {
    if (align > op.align || (align !== op.align && op.code[0] === 0xfe)) {
      this.#fail(op.name, `alignment 2^${align} is not allowed; natural is 2^${op.align}`)
    }
    const isWide = this.#memory64 && memory === 0
    if (!(offset >= 0) || (!isWide && offset > 0xffffffff)) {
      this.#fail(op.name, `offset ${offset} is outside the address range`)
    }
    if (memory === 0) {
      this.#write(op)
      this.code.u8(align)
    } else {
      const params = op.params.map(type => (type === 'addr' ? 'i32' : type))
      this.#checker?.apply(op.name, params, op.results)
      this.code.opcode(op.code)
      this.code.u8(align | NAMES_MEMORY)
      this.code.unsigned(memory)
    }
    this.code.unsigned(offset)
    return this
  }

  #lane(op: Opcode, lane: number): void {
    if (!(lane >= 0 && lane < op.lanes)) this.#fail(op.name, `lane ${lane} is outside 0..${op.lanes - 1}`)
    this.#write(op)
    this.code.u8(lane)
  }

  #contextual(name: string): this {
    switch (name) {
      case 'unreachable':
        return this.unreachable()
      case 'else':
        return this.else()
      case 'end':
        return this.end()
      case 'return':
        return this.return()
      case 'drop':
        return this.drop()
      case 'select':
        return this.select()
      default: {
        this.#checker?.drop()
        this.#checker?.apply(name, NONE, OPCODES[name].results as Type[])
        this.code.opcode(OPCODES[name].code)
        return this
      }
    }
  }

  #call(op: Opcode, target: number | FunctionBuilder): this {
    const index = typeof target === 'number' ? target : target.index
    if (this.#checker) {
      const { params, results } = this.module.signature(index)
      if (op.name === 'ref.func') this.#checker.apply(op.name, NONE, op.results)
      else this.#checker.apply(op.name, params, results)
      if (op.name === 'return_call') this.#checker.branch(op.name, this.results, false)
    }
    return this.#indexed(op.code[0], index)
  }

  #callIndirect(op: Opcode, params: readonly Type[], results: readonly Type[], table = 0): this {
    this.#checker?.apply(op.name, [...params, 'i32'], results)
    if (op.name === 'return_call_indirect') this.#checker?.branch(op.name, this.results, false)
    this.#indexed(op.code[0], this.module.typeIndex(params, results))
    this.code.unsigned(table)
    return this
  }

  #open(kind: 'block' | 'loop' | 'if', results?: Types, params?: Types): Label {
    const label: Label = {
      kind,
      params: typesOf(params),
      results: typesOf(results),
      depth: this.#labels.length,
      open: true,
    }
    this.#checker?.open(kind, label.params, label.results)
    this.#labels.push(label)
    this.code.u8(BLOCK_KINDS[kind])
    if (label.params.length === 0 && label.results.length === 0) this.code.u8(0x40)
    else if (label.params.length === 0 && label.results.length === 1) this.code.u8(TYPE_CODES[label.results[0]])
    else this.code.signed32(this.module.typeIndex(label.params, label.results))
    return label
  }

  #depth(op: string, label: Label): number {
    if (this.#labels[label.depth] !== label) this.#fail(op, `the ${label.kind} it names is not open here`)
    return this.#labels.length - 1 - label.depth
  }

  #find(name: string, imm: Opcode['imm']): Opcode {
    const op = OPCODES[name]
    if (op === undefined) return this.#fail(name, 'is no instruction of the table; see opcodes.ts for the names')
    if (op.imm !== imm) return this.#fail(name, `takes '${op.imm}', not '${imm}'; write it by op('${name}', …)`)
    return op
  }

  #noLocal(op: string, local: number): never {
    this.#fail(op, `there is no local ${local}; ${this.localTypes.length} are declared`)
  }

  #fail(op: string, problem: string, expected?: string, found?: string, story?: readonly string[]): never {
    const last = this.markLines.length - 1
    const position =
      last >= 0 && this.markLines[last] > 0 ? { line: this.markLines[last], column: this.markColumns[last] } : undefined
    throw new AssemblerError({
      problem,
      op,
      expected,
      found,
      function: this.name ?? `${this.index}`,
      offset: this.code.length,
      position,
      story: story && [...story],
    })
  }
}
