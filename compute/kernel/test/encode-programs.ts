import {
  type FunctionBuilder,
  type Instruction,
  type Label,
  ModuleBuilder,
  OPCODES,
  type Type,
} from '../src/wasm/encode/index.ts'

const TYPES: Type[] = ['i32', 'i64', 'f32', 'f64', 'v128']
const PLAIN = Object.values(OPCODES).filter(
  op => !op.contextual && !/^(table|elem|memory\.init|data\.drop|ref|.*const$)/.test(op.name) && op.imm !== 'func',
)

/** An open block of a program being made, with the types on its stack. */
interface Frame {
  label: Label
  stack: Type[]
  hasElse: boolean
}

/**
 * A valid module made from a tape of choices: any tape gives one, and shorter tapes give smaller ones, so that a
 * failing program shrinks. When the tape ends, every open block is given the results it promised.
 */
export function randomModule(tape: readonly number[], memory64: boolean): ModuleBuilder {
  let at = 0
  const pick = (count: number) => (at < tape.length ? tape[at++] % count : 0)
  const module = new ModuleBuilder({ memory64, check: true, name: 'random' })
  module.importMemory('env', 'memory')
  const imported = module.importFunction('env', 'imported', ['i32', 'f32'], ['f64', 'i64'])
  const global = module.addGlobal('v128', true, new Uint8Array(16).fill(1))
  const params = Array.from({ length: pick(5) }, () => TYPES[pick(5)])
  const results = Array.from({ length: pick(3) }, () => TYPES[pick(5)])
  const f = module.addFunction('random', params, results)
  for (let i = pick(6); i > 0; i--) f.local(TYPES[pick(5)])
  const frames: Frame[] = [{ label: f.body, stack: [], hasElse: true }]
  const top = () => frames[frames.length - 1]
  const ends = (types: readonly Type[]) => {
    const { stack } = top()
    return types.every((type, i) => stack[stack.length - types.length + i] === type)
  }
  const lose = (count: number) => {
    const { stack } = top()
    stack.length -= count
  }
  const gain = (types: readonly Type[]) => top().stack.push(...types)

  const constant = (type: Type) => {
    const bits = pick(0x1_0000_0000)
    if (type === 'i32') f.i32(bits | 0)
    else if (type === 'i64') f.i64((BigInt(bits) << BigInt(pick(33))) - BigInt(pick(1000)))
    else if (type === 'f32') f.f32bits(bits)
    else if (type === 'f64') f.f64bits((BigInt(bits) << 32n) | BigInt(pick(0x1_0000_0000)))
    else f.v128const(Uint8Array.from({ length: 16 }, () => pick(256)))
    gain([type])
  }

  /** Any instruction of the table: one whose operands are there, or one that is given constants. */
  const compute = () => {
    const start = pick(PLAIN.length)
    if (pick(2) === 1) for (const type of PLAIN[start].params) constant(type === 'addr' ? module.addressType : type)
    for (let i = 0; i < PLAIN.length; i++) {
      const op = PLAIN[(start + i) % PLAIN.length]
      const own = (types: readonly string[]) => types.map(t => (t === 'addr' ? module.addressType : t)) as Type[]
      if (!ends(own(op.params))) continue
      lose(op.params.length)
      const align = op.code[0] === 0xfe ? op.align : pick(op.align + 1)
      if (op.imm === 'memarg') f.op(op.name, pick(70000), align)
      else if (op.imm === 'memarg-lane') f.op(op.name, pick(op.lanes), pick(70000), align)
      else if (op.imm === 'lane') f.op(op.name, pick(op.lanes))
      else if (op.imm === 'shuffle') f.shuffle(Array.from({ length: 16 }, () => pick(32)))
      else f.op(op.name)
      gain(own(op.results))
      return
    }
    constant(TYPES[pick(5)])
  }

  const variable = () => {
    const stack = top().stack
    const local = f.localTypes.length === 0 ? -1 : pick(f.localTypes.length)
    const last = stack[stack.length - 1]
    if (local < 0) {
      f.globalGet(global)
      gain(['v128'])
    } else if (last === f.localTypes[local] && pick(2) === 1) {
      if (pick(2) === 1) f.tee(local)
      else {
        f.set(local)
        lose(1)
      }
    } else {
      f.get(local)
      gain([f.localTypes[local]])
    }
  }

  const open = () => {
    const kind = pick(3)
    const outer = top()
    if (kind === 2) f.i32(pick(2))
    const taken = outer.stack.slice(outer.stack.length - pick(Math.min(3, outer.stack.length + 1)))
    const given = Array.from({ length: pick(3) }, () => TYPES[pick(5)])
    const label = kind === 0 ? f.block(given, taken) : kind === 1 ? f.loop(given, taken) : f.if(given, taken)
    outer.stack.length -= taken.length
    frames.push({ label, stack: [...taken], hasElse: kind !== 2 })
  }

  /** Leaves exactly these types on the stack, dropping and making what it takes. */
  const settle = (types: readonly Type[]) => {
    while (top().stack.length > 0 && !(top().stack.length === types.length && ends(types))) {
      f.drop()
      lose(1)
    }
    if (top().stack.length === 0) for (const type of types) constant(type)
  }

  const close = () => {
    const frame = top()
    settle(frame.label.results)
    if (frame.label.kind === 'if' && !frame.hasElse) {
      f.else()
      frame.hasElse = true
      frame.stack = [...frame.label.params]
      return
    }
    f.end()
    frames.pop()
    gain(frame.label.results)
  }

  const branch = () => {
    const { label } = frames[pick(frames.length)]
    const carried = label.kind === 'loop' ? label.params : label.results
    settle(carried)
    f.i32(pick(2))
    if (pick(3) > 0) {
      f.brIf(label)
      return
    }
    f.if()
    for (const type of carried) {
      frames.push({ label, stack: [], hasElse: true })
      constant(type)
      frames.pop()
    }
    f.br(label).end()
  }

  const call = () => {
    constant('i32')
    constant('f32')
    f.call(imported)
    lose(2)
    gain(['f64', 'i64'])
  }

  while (at < tape.length) {
    f.mark(pick(4) === 0 ? undefined : { line: 1 + pick(6), column: pick(20) })
    const action = pick(16)
    if (action < 2) constant(TYPES[pick(5)])
    else if (action < 8) compute()
    else if (action < 11) variable()
    else if (action === 11) open()
    else if (action === 12 && frames.length > 1) close()
    else if (action === 13) branch()
    else if (action === 14) call()
    else if (top().stack.length > 0) {
      f.drop()
      lose(1)
    }
  }
  while (frames.length > 1) close()
  settle(results)
  module.exportFunction('random', f)
  return module
}

/** Writes decoded instructions again, through the builder. */
export function rewrite(f: FunctionBuilder, code: readonly Instruction[]): void {
  const labels: Label[] = [f.body]
  for (const { op, ...i } of code.slice(0, -1)) {
    const label = (depth: number) => labels[labels.length - 1 - depth]
    const view = i.bytes && new DataView(i.bytes.buffer, i.bytes.byteOffset, i.bytes.length)
    switch (op.imm) {
      case 'memarg':
        f.op(op.name, i.memoryOffset, i.alignLog2)
        break
      case 'memarg-lane':
        f.op(op.name, i.lane, i.memoryOffset, i.alignLog2)
        break
      case 'lane':
        f.op(op.name, i.lane)
        break
      case 'shuffle':
      case 'v128':
        f.op(op.name, i.bytes)
        break
      case 'i32':
        f.i32(Number(i.value))
        break
      case 'i64':
        f.i64(i.value!)
        break
      case 'f32':
        f.f32bits(view!.getInt32(0, true))
        break
      case 'f64':
        f.f64bits(view!.getBigInt64(0, true))
        break
      case 'label':
        f.op(op.name, label(i.index!))
        break
      case 'block': {
        const { params, results } = i.block!
        const kind = op.name as 'block' | 'loop' | 'if'
        labels.push(f[kind](results, params))
        break
      }
      default:
        if (op.name === 'end') labels.pop()
        f.op(op.name, i.index, i.second)
    }
  }
}
