import type { DecodedFunction, DecodedModule, Instruction } from './decode.ts'
import { f32Text, f64Text, integerText, type Shape, v128Text } from './literals.ts'
import type { Names } from './names.ts'
import type { Signature } from './opcodes.ts'

/** A line of the listing and the module's byte it stands for; -1: none. */
export interface Line {
  readonly text: string
  readonly offset: number
}

/** An instruction with the operands written just before it, as the text format folds them. */
interface Tree {
  readonly instruction: Instruction
  readonly operands: readonly Tree[]
}

interface Block {
  readonly label: string
  readonly kind: string
  readonly type: Signature
  /** Height of `waiting` and of `buried` outside it. */
  readonly buried: number
}

const SHAPE = /^(?:i8x16|i16x8|i32x4|i64x2|f32x4|f64x2)/
const NOTHING: Signature = { params: [], results: [] }

/**
 * Turns the flat code of a function back into statements.
 *
 * Invariant: written one after another, the trees give the instructions in their order; folding never moves one. A
 * value that another statement was written over (it lies deeper on the stack) is `buried`: it was printed as a line of
 * its own, and who takes it later shows only the operands that came after.
 */
export class Folder {
  readonly #function: DecodedFunction
  readonly #module: DecodedModule
  readonly #names: Names
  readonly #width: number
  readonly #lines: Line[] = []
  /** Values on the stack that can still be folded into who takes them. */
  #waiting: Tree[] = []
  /** Values on the stack below those, printed already. */
  #buried = 0
  readonly #blocks: Block[] = []
  #labels = 0
  readonly #signatures: Signature[]

  constructor(f: DecodedFunction, module: DecodedModule, names: Names, width: number) {
    this.#function = f
    this.#module = module
    this.#names = names
    this.#width = width
    this.#signatures = [...module.imports.filter(i => i.kind === 'function'), ...module.functions]
  }

  lines(): Line[] {
    const { code, results } = this.#function
    this.#blocks.push({ label: 'return', kind: 'function', type: { params: [], results }, buried: 0 })
    for (const instruction of code) this.#step(instruction)
    return this.#lines
  }

  #step(instruction: Instruction): void {
    const { op, block = NOTHING } = instruction
    switch (op.name) {
      case 'block':
      case 'loop':
      case 'if': {
        const operands = op.name === 'if' ? this.#take(1) : []
        this.#bury()
        const label = `$${op.name === 'loop' ? 'L' : op.name === 'if' ? 'I' : 'B'}${++this.#labels}`
        this.#print({ instruction, operands }, ` ${label}${signatureText(block)}`)
        this.#blocks.push({ label, kind: op.name, type: block, buried: this.#buried - block.params.length })
        return
      }
      case 'else':
      case 'end': {
        this.#bury()
        const inner = this.#blocks.pop()!
        if (this.#blocks.length > 0) this.#print({ instruction, operands: [] }, '')
        if (op.name === 'else') this.#blocks.push(inner)
        this.#buried = inner.buried + inner.type[op.name === 'else' ? 'params' : 'results'].length
        return
      }
    }
    const [takes, gives] = this.#arity(instruction)
    const operands = this.#take(takes)
    if (gives === 1) {
      this.#waiting.push({ instruction, operands })
      // With operands that lie buried the tree cannot move into another: it stands where it is, and leaves a value.
      if (operands.length < takes) this.#bury()
      return
    }
    this.#bury()
    this.#print({ instruction, operands })
    this.#buried += gives
  }

  /** Removes `count` values; returns those that can be folded, which are the last ones. */
  #take(count: number): Tree[] {
    const folded = this.#waiting.splice(Math.max(0, this.#waiting.length - count))
    this.#buried = Math.max(0, this.#buried - (count - folded.length))
    return folded
  }

  #bury(): void {
    for (const tree of this.#waiting) this.#print(tree)
    this.#buried += this.#waiting.length
    this.#waiting = []
  }

  /** How many values an instruction takes and leaves. */
  #arity(instruction: Instruction): [number, number] {
    const { op, index = 0, depths } = instruction
    switch (op.name) {
      case 'drop':
      case 'local.set':
      case 'global.set':
        return [1, 0]
      case 'local.get':
      case 'global.get':
      case 'ref.null':
        return [0, 1]
      case 'local.tee':
      case 'ref.is_null':
        return [1, 1]
      case 'select':
      case 'select_t':
        return [3, 1]
      case 'br':
        return [this.#branchArity(index), 0]
      case 'br_if':
        return [this.#branchArity(index) + 1, this.#branchArity(index)]
      case 'br_table':
        return [this.#branchArity(depths!.at(-1)!) + 1, 0]
      case 'return':
        return [this.#function.results.length, 0]
      case 'call':
      case 'return_call': {
        const { params, results } = this.#signatures[index] ?? NOTHING
        return [params.length, op.name === 'call' ? results.length : 0]
      }
      case 'call_indirect':
      case 'return_call_indirect': {
        const { params, results } = this.#module.types[index] ?? NOTHING
        return [params.length + 1, op.name === 'call_indirect' ? results.length : 0]
      }
      default:
        return [op.params.length, op.results.length]
    }
  }

  #block(depth: number): Block | undefined {
    return this.#blocks[this.#blocks.length - 1 - depth]
  }

  #branchArity(depth: number): number {
    const block = this.#block(depth)
    return block === undefined ? 0 : block.kind === 'loop' ? block.type.params.length : block.type.results.length
  }

  /** Prints a tree on one line where it fits, else its operands on lines of their own below it. */
  #print(tree: Tree, suffix = ''): void {
    const indent = '  '.repeat(this.#blocks.length)
    const { instruction, operands } = tree
    const head = this.#head(instruction) + suffix
    const flat = [head, ...operands.map(one => this.#flat(one, instruction))].join(' ')
    if (indent.length + flat.length <= this.#width) {
      this.#lines.push({ text: indent + flat, offset: instruction.offset })
      return
    }
    this.#spread(tree, `${indent}${head}`, `${indent}    `, '')
  }

  /** A tree too wide for one line: its leading variables and constants stay beside its head, the rest goes below. */
  #spread({ instruction, operands }: Tree, head: string, indent: string, closing: string): void {
    let first = 0
    let text = head
    while (first < operands.length - 1 && operands[first].operands.length === 0) {
      text += ` ${this.#flat(operands[first++], instruction)}`
    }
    this.#lines.push({ text, offset: instruction.offset })
    for (let i = first; i < operands.length; i++) {
      this.#wrapped(operands[i], instruction, indent, i === operands.length - 1 ? closing : '')
    }
  }

  #wrapped(tree: Tree, parent: Instruction, indent: string, closing: string): void {
    const flat = this.#flat(tree, parent) + closing
    const { instruction, operands } = tree
    if (operands.length === 0 || indent.length + flat.length <= this.#width) {
      this.#lines.push({ text: indent + flat, offset: instruction.offset })
      return
    }
    this.#spread(tree, `${indent}(${this.#head(instruction)}`, `${indent}  `, `)${closing}`)
  }

  /** An operand on one line; variables and constants bare, for the instruction that takes them tells their type. */
  #flat(tree: Tree, parent: Instruction): string {
    const { instruction, operands } = tree
    const { op } = instruction
    if (op.name === 'local.get') return this.#names.local(this.#function, instruction.index!)
    if (/\.const$/.test(op.name)) return literal(instruction, SHAPE.exec(parent.op.name)?.[0] as Shape | undefined)
    return `(${[this.#head(instruction), ...operands.map(one => this.#flat(one, instruction))].join(' ')})`
  }

  /** The instruction's name and immediates. */
  #head(instruction: Instruction): string {
    const { op, index = 0, second = 0 } = instruction
    const name = op.name === 'select_t' ? 'select' : op.name
    switch (op.imm) {
      case 'memarg':
      case 'memarg-lane': {
        const { memoryOffset, alignLog2, lane } = instruction
        const offset = memoryOffset ? ` offset=${memoryOffset}` : ''
        const align = alignLog2 === op.align ? '' : ` align=${2 ** alignLog2!}`
        const memory = index === 0 ? '' : ` ${index}`
        return `${name}${memory}${offset}${align}${lane === undefined ? '' : ` ${lane}`}`
      }
      case 'lane':
        return `${name} ${instruction.lane}`
      case 'shuffle':
        return `${name} ${instruction.bytes!.join(' ')}`
      case 'i32':
      case 'i64':
      case 'f32':
      case 'f64':
      case 'v128':
        return `${name} ${literal(instruction)}`
      case 'local':
        return `${name} ${this.#names.local(this.#function, index)}`
      case 'func':
        return `${name} ${this.#names.function(index)}`
      case 'indirect':
        return `${name}${second ? ` ${second}` : ''}${signatureText(this.#module.types[index] ?? NOTHING)}`
      case 'label':
        return `${name} ${this.#block(index)?.label ?? index}`
      case 'labels':
        return `${name} ${instruction.depths!.map(depth => this.#block(depth)?.label ?? depth).join(' ')}`
      case 'types':
        return `${name} (result ${instruction.types!.join(' ')})`
      case 'reftype':
        return `${name} ${instruction.types![0].replace(/ref$/, '')}`
      case 'global':
      case 'data':
      case 'elem':
      case 'data-memory':
      case 'elem-table':
        return `${name} $${index}`
      default:
        return name
    }
  }
}

function signatureText({ params, results }: Signature): string {
  const param = params.length > 0 ? ` (param ${params.join(' ')})` : ''
  return `${param}${results.length > 0 ? ` (result ${results.join(' ')})` : ''}`
}

function literal({ op, value, bytes }: Instruction, shape?: Shape): string {
  if (op.imm === 'i32') return integerText(value!, 32)
  if (op.imm === 'i64') return integerText(value!, 64)
  if (op.imm === 'v128') return v128Text(bytes!, shape)
  const view = new DataView(bytes!.buffer, bytes!.byteOffset, bytes!.length)
  return op.imm === 'f32' ? f32Text(view.getInt32(0, true)) : f64Text(view.getBigInt64(0, true))
}
