import type { OperandType, Type } from './opcodes.ts'

/** `any` stands for whatever an unreachable stretch of code would have left on the stack. */
type Slot = Type | 'any'

interface Frame {
  kind: 'function' | 'block' | 'loop' | 'if' | 'else'
  params: readonly Type[]
  results: readonly Type[]
  /** Height of the operand stack below this frame's parameters. */
  height: number
  unreachable: boolean
}

/** How the checker reports; the function builder adds name, offset and position. Never returns. */
type Report = (op: string, problem: string, expected: string, found: string, story: readonly string[]) => never

const STORY_LENGTH = 12
const list = (types: readonly string[]) => `[${types.join(' ')}]`

/**
 * The validation algorithm of the standard (Core Specification 3.0, appendix "Validation Algorithm"), run as the code
 * is written: so that a wrong operand is named where the lowering wrote it.
 */
export class StackChecker {
  readonly #stack: Slot[] = []
  readonly #frames: Frame[] = []
  readonly #story: string[] = []
  readonly #address: Type
  readonly #report: Report

  constructor(results: readonly Type[], address: Type, report: Report) {
    this.#address = address
    this.#report = report
    this.#frames.push({ kind: 'function', params: [], results, height: 0, unreachable: false })
  }

  /** Types on the stack of the innermost block, the deepest first. */
  get operands(): readonly string[] {
    return this.#stack.slice(this.#frames[this.#frames.length - 1].height)
  }

  apply(op: string, params: readonly OperandType[], results: readonly OperandType[]): void {
    this.#consume(op, params)
    for (const type of results) this.#stack.push(this.#concrete(type))
    this.#tell(op)
  }

  open(kind: 'block' | 'loop' | 'if', params: readonly Type[], results: readonly Type[]): void {
    if (kind === 'if') this.#consume(kind, [...params, 'i32'])
    else this.#consume(kind, params)
    this.#frames.push({ kind, params, results, height: this.#stack.length, unreachable: false })
    this.#stack.push(...params)
    this.#tell(kind)
  }

  else(): void {
    const { kind } = this.#frames[this.#frames.length - 1]
    if (kind !== 'if') this.#fail('else', 'the if has its else already', 'end', 'else')
    const frame = this.#close('else')
    this.#frames.push({ ...frame, kind: 'else', height: this.#stack.length, unreachable: false })
    this.#stack.push(...frame.params)
    this.#tell('else')
  }

  end(): void {
    const frame = this.#close('end')
    if (frame.kind === 'if' && list(frame.params) !== list(frame.results)) {
      this.#fail('end', `an if without else must leave ${list(frame.params)}`, list(frame.params), list(frame.results))
    }
    this.#stack.push(...frame.results)
    this.#tell('end')
  }

  /** The function's own end: its results must be there, and nothing else. */
  finish(): void {
    const frame = this.#close('end')
    // Put back what finishing took, so that a module may be finished twice.
    this.#frames.push(frame)
    this.#stack.push(...frame.results)
    frame.unreachable = false
  }

  /** Every target of `br_table` must take the same types. */
  targets(labels: readonly (readonly Type[])[], fallback: readonly Type[]): void {
    const wanted = list(fallback)
    for (const types of labels) {
      const found = list(types)
      if (found !== wanted) this.#fail('br_table', `a target takes ${found}, the fallback ${wanted}`, wanted, found)
    }
  }

  /** A branch to a label whose branch operands are `types`; the code after it is reached only when `conditional`. */
  branch(op: string, types: readonly Type[], conditional: boolean, selector?: Type): void {
    if (selector) this.#consume(op, [selector])
    this.#consume(op, types)
    if (conditional) this.#stack.push(...types)
    else this.unreachable()
    this.#tell(op)
  }

  unreachable(): void {
    const frame = this.#frames[this.#frames.length - 1]
    this.#stack.length = frame.height
    frame.unreachable = true
  }

  drop(): void {
    this.#pop('drop', 'any')
    this.#tell('drop')
  }

  /** Untyped select: two operands of one type and a condition. */
  select(): void {
    this.#pop('select', 'i32')
    const second = this.#pop('select', 'any')
    const first = this.#pop('select', second)
    this.#stack.push(first === 'any' ? second : first)
    this.#tell('select')
  }

  #concrete(type: OperandType): Type {
    return type === 'addr' ? this.#address : type
  }

  #consume(op: string, types: readonly OperandType[]): void {
    const before = this.operands
    for (let i = types.length - 1; i >= 0; i--) this.#pop(op, this.#concrete(types[i]), types, before)
  }

  #pop(op: string, expected: Slot, all?: readonly OperandType[], before: readonly string[] = this.operands): Slot {
    const frame = this.#frames[this.#frames.length - 1]
    const wanted = list(all?.map(type => this.#concrete(type)) ?? [expected])
    if (this.#stack.length === frame.height) {
      if (frame.unreachable) return expected
      return this.#fail(op, `expected ${wanted} on the stack, found only ${list(before)}`, wanted, list(before))
    }
    const found = this.#stack.pop()!
    if (found !== expected && found !== 'any' && expected !== 'any') {
      return this.#fail(op, `expected ${wanted} on the stack, found ${list(before)}`, wanted, list(before))
    }
    return found === 'any' ? expected : found
  }

  #close(op: string): Frame {
    const frame = this.#frames[this.#frames.length - 1]
    const before = this.operands
    this.#consume(op, frame.results)
    if (this.#stack.length !== frame.height) {
      const wanted = list(frame.results)
      this.#fail(op, `the ${frame.kind} must leave ${wanted}, found ${list(before)}`, wanted, list(before))
    }
    this.#frames.pop()
    return frame
  }

  #fail(op: string, problem: string, expected: string, found: string): never {
    return this.#report(op, problem, expected, found, this.#story)
  }

  #tell(op: string): void {
    if (this.#story.length === STORY_LENGTH) this.#story.shift()
    this.#story.push(op)
  }
}
