/**
 * Random machine code on variables: arithmetic on general, vector and mask variables, branches, nested loops, steps that are hardly ever run, calls of inner functions, instructions that want
 * certain registers. It ends, faults nowhere, and writes what all its variables hold to memory. Equal seeds give equal programs.
 */

import { Random } from '@skein/base'
import { gpr, type Label, Memory, type Register } from '../src/x64/encode/operands.ts'
import { Code, Constants, type StackSlot, type Virtual, view } from '../src/x64/machine/code.ts'

export interface ProgramOptions {
  readonly isa: 'avx2' | 'avx512'
  readonly wholes?: number
  readonly vectors?: number
  readonly masks?: number
  readonly size?: number
}

export interface RandomProgram {
  readonly constants: Constants
  readonly functions: readonly Code[]
  /** Bytes that are read, and that are written. */
  readonly inputBytes: number
  readonly outputBytes: number
}

const inputBytes = 4096
type Bits = 128 | 256 | 512

/** `main(input, output, n)`; inner functions stand behind it. */
export function randomProgram(seed: number, options: ProgramOptions): RandomProgram {
  const random = new Random(seed)
  const constants = new Constants()
  const inner = Array.from({ length: random.integer(0, 3) }, (_, i) =>
    innerFunction(`inner${i}`, constants, random, options),
  )
  const main = new Writer('main', constants, random, options, inner)
  const outputBytes = main.write()
  return { constants, functions: [main.code, ...inner], inputBytes, outputBytes }
}

function innerFunction(name: string, constants: Constants, random: Random, { isa }: ProgramOptions): Code {
  const bits = isa === 'avx512' && random.integer(0, 2) === 0 ? 512 : 256
  const code = new Code(
    name,
    constants,
    Array.from({ length: random.integer(1, 5) }, () => ({ bank: 'vector', bits })),
    true,
  )
  const values: Virtual[] = [...code.parameters]
  const many = random.integer(3, 40)
  for (let i = 0; i < many; i++) {
    const made = code.register(bits as 256)
    const [a, b] = [values[random.integer(0, values.length)], values[random.integer(0, values.length)]]
    code.vector(['vpaddd', 'vpsubd', 'vpmulld'][random.integer(0, 3)], [made, a, b])
    values.push(made)
  }
  const sum = code.register(bits as 256)
  code.vector('vpaddd', [sum, values[0], values[1]])
  for (const value of values.slice(2)) code.vector('vpaddd', [sum, sum, value])
  code.return(sum)
  return code
}

class Writer {
  readonly code: Code
  readonly #random: Random
  readonly #isa: 'avx2' | 'avx512'
  readonly #inner: readonly Code[]
  readonly #wholes: Virtual[] = []
  readonly #vectors: Virtual[] = []
  readonly #masks: Virtual[] = []
  readonly #slots: StackSlot[] = []
  readonly #bits: Bits
  #left: number

  constructor(name: string, constants: Constants, random: Random, options: ProgramOptions, inner: readonly Code[]) {
    this.code = new Code(
      name,
      constants,
      ['input', 'output', 'n'].map(name => ({ bank: 'gpr', bits: 64, name })),
    )
    this.#random = random
    this.#isa = options.isa
    this.#inner = inner
    this.#left = options.size ?? random.integer(5, 120)
    this.#bits = options.isa === 'avx512' && random.integer(0, 3) > 0 ? 512 : 256
    const { code } = this
    for (let i = options.wholes ?? random.integer(2, 24); i > 0; i--)
      this.#wholes.push(code.gpr(random.integer(0, 2) ? 64 : 32))
    for (let i = options.vectors ?? random.integer(2, 40); i > 0; i--)
      this.#vectors.push(code.register(this.#bits as 256))
    if (options.isa === 'avx512')
      for (let i = options.masks ?? random.integer(1, 12); i > 0; i--) this.#masks.push(code.mask())
    for (let i = random.integer(0, 3); i > 0; i--) this.#slots.push(code.stackMemory(64, random.integer(0, 2) ? 64 : 8))
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random.integer(0, list.length)]
  }

  /** @returns bytes that are written in the end */
  write(): number {
    const { code } = this
    const [input, output, n] = code.parameters
    for (const [i, whole] of this.#wholes.entries())
      code.general('mov', [whole, i % 3 === 0 ? i * 77 : view(this.#input(8 * i), whole.bits)])
    for (const [i, register] of this.#vectors.entries())
      code.vector('vmovups', [register, new Memory({ base: input, disp: 64 * (i % 60) + 8 * (i % 7) })])
    for (const mask of this.#masks) code.vector('kmovw', [mask, this.#narrow(this.#one(this.#wholes))])
    for (const slot of this.#slots)
      code.vector('vmovups', [
        slot.memory(),
        this.#bits === 512 ? this.#one(this.#vectors) : view(this.#one(this.#vectors), 256),
      ])
    if (this.#bits === 256)
      for (const slot of this.#slots) code.vector('vmovups', [slot.memory(32), this.#one(this.#vectors)])
    this.#block(0)
    let at = 0
    for (const whole of this.#wholes)
      code.general('mov', [new Memory({ base: output, disp: 8 * at++ }), view(whole, 64)])
    for (const mask of this.#masks) {
      code.vector('kmovw', [view(this.#wholes[0], 32), mask])
      code.general('mov', [new Memory({ base: output, disp: 8 * at++ }), view(this.#wholes[0], 64)])
    }
    at = (at + 7) & -8
    for (const register of this.#vectors) {
      code.vector('vmovups', [new Memory({ base: output, disp: 8 * at }), register])
      at += 8
    }
    code.return(this.#random.integer(0, 4) === 0 ? -3 : n)
    return 8 * at
  }

  /** A number of the input, in a fresh register. */
  #input(disp: number): Register {
    const made = this.code.gpr(64)
    this.code.general('mov', [made, new Memory({ base: this.code.parameters[0], disp })])
    return made
  }

  #narrow(whole: Virtual): Register {
    return view(whole, 32)
  }

  #block(depth: number): void {
    for (let count = this.#random.integer(1, 12); count > 0 && this.#left > 0; count--) {
      this.#left--
      const kind = this.#random.integer(0, 24)
      if (kind < 7) this.#general()
      else if (kind < 15) this.#vector()
      else if (kind < 17) this.#masked()
      else if (kind === 17) this.#fixed()
      else if (kind === 18) this.#memory()
      else if (kind === 19) this.#call()
      else if (kind === 20) this.#branch(depth)
      else if (kind === 21 && depth < 3) this.#loop(depth)
      else if (kind === 22) this.#cold(depth)
      else this.#fused()
    }
  }

  #general(): void {
    const { code } = this
    const to = this.#one(this.#wholes)
    const bits = to.bits as 32 | 64
    const a = view(this.#one(this.#wholes), bits)
    const b = view(this.#one(this.#wholes), bits)
    switch (this.#random.integer(0, 11)) {
      case 0: {
        const t = code.gpr(bits)
        code.general('mov', [t, a])
        code.general(this.#one(['add', 'sub', 'and', 'or', 'xor', 'imul']), [t, b])
        code.general('mov', [to, t])
        break
      }
      case 1:
        code.general(this.#one(['add', 'sub', 'and', 'or', 'xor']), [to, this.#random.integer(-300, 300)])
        break
      case 2:
        code.general('lea', [to, new Memory({ base: view(a, 64), index: view(b, 64), scale: 4, disp: 5 })])
        break
      case 3:
        code.general(this.#one(['shl', 'shr', 'sar', 'rol']), [to, this.#random.integer(1, 31)])
        break
      case 4:
        code.general('cmp', [a, b])
        code.general(`cmov${this.#one(['l', 'e', 'a', 'ns'])}`, [to, a])
        break
      case 5: {
        const t = code.gpr(32)
        code.general(this.#one(['cmp', 'test']), [a, b])
        code.general(`set${this.#one(['l', 'e', 'a'])}`, [view(t, 8)])
        code.general('movzx', [view(to, 32), view(t, 8)])
        break
      }
      case 6:
        code.general('mov', [view(to, 32), view(a, 32)])
        break
      case 7:
        code.general(this.#one(['neg', 'not', 'inc']), [to])
        break
      case 8:
        code.vector(this.#one(['shlx', 'shrx', 'andn']), [to, a, b])
        break
      case 9:
        code.general('imul', [to, a, this.#random.integer(-1000, 1000)])
        break
      default:
        code.general(this.#one(['add', 'xor', 'imul', 'popcnt', 'tzcnt']), [to, a])
    }
  }

  #vector(): void {
    const { code } = this
    const to = this.#one(this.#vectors)
    const [a, b] = [this.#one(this.#vectors), this.#one(this.#vectors)]
    const bits = this.#random.integer(0, 5) === 0 ? 128 : this.#bits
    const v = (register: Register) => view(register, bits)
    switch (this.#random.integer(0, 10)) {
      case 9: {
        const one = code.constantRegister(new Uint8Array(new Float32Array([1.5]).buffer), 128)
        const [found, other] = [code.gpr(32), view(a, 128)]
        code.general('xor', [found, found])
        code.vector('vucomiss', this.#random.integer(0, 2) ? [one, other] : [other, one])
        code.general('seta', [view(found, 8)])
        code.general('add', [this.#narrow(this.#one(this.#wholes)), found])
        break
      }
      case 0:
        code.vector(this.#one(['vpsrld', 'vpslld', 'vpsrad']), [v(to), v(a), this.#random.integer(1, 31)])
        break
      case 1:
        code.vector('vpshufd', [v(to), v(a), this.#random.integer(0, 256)])
        break
      case 2: {
        const word = code.constantRegister(
          Uint8Array.from({ length: 4 }, () => this.#random.integer(0, 6)),
          bits,
        )
        code.vector('vpaddd', this.#random.integer(0, 2) ? [v(to), word, v(a)] : [v(to), v(a), word])
        break
      }
      case 3: {
        const bytes = Uint8Array.from({ length: bits / 8 }, (_, i) => i % 5)
        code.vector('vpsubd', [v(to), v(a), code.constantRegister(bytes, bits)])
        break
      }
      case 4:
        code.vector(this.#one(['vmovaps', 'vmovdqu64', 'vmovupd'].slice(0, this.#isa === 'avx2' ? 1 : 3)), [
          v(to),
          v(a),
        ])
        break
      case 5:
        code.vector('vpsllvd', [v(to), v(a), v(b)])
        break
      case 6:
        code.vector('vmovd', [view(to, 128), this.#narrow(this.#one(this.#wholes))])
        break
      default:
        code.vector(
          this.#one(
            ['vpaddd', 'vpsubd', 'vpmulld', 'vpaddq', 'vpxor', 'vpminsd', 'vpunpckldq'].filter(
              name => name !== 'vpxor' || bits < 512,
            ),
          ),
          [v(to), v(a), v(b)],
        )
    }
  }

  /** Floats from 0 to 4: neither infinite nor NaN, whose bits depend on the order of operands. */
  #fused(): void {
    const { code } = this
    const bits = this.#bits
    const and = bits === 512 ? 'vpandd' : 'vpand'
    const limit = code.constantRegister(Uint8Array.of(0xff, 0xff, 0xff, 0x3f), bits)
    const small = () => {
      const made = code.register(bits as 256)
      code.vector(and, [made, this.#one(this.#vectors), limit])
      return made
    }
    const [a, b, c] = [small(), small(), small()]
    const order = this.#one(['132', '213', '231'])
    const name = `${this.#one(['vfmadd', 'vfnmadd', 'vfmsub'])}${order}ps`
    const made = code.register(bits as 256)
    code.vector('vmovaps', [made, a])
    code.vector(name, [made, b, c])
    const one = code.constantRegister(Uint8Array.of(0, 0, 0x80, 0x3f), bits)
    const sides = this.#random.integer(0, 2) ? [one, b] : [b, one]
    if (this.#isa === 'avx512') code.vector('vcmpps', [this.#one(this.#masks), ...sides, this.#random.integer(0, 32)])
    else {
      const all = code.register(256)
      code.vector('vcmpps', [all, ...sides, this.#random.integer(0, 32)])
      code.vector('vpxor', [c, c, all])
      code.vector('vpand', [c, c, limit])
    }
    const to = this.#one(this.#vectors)
    code.vector('vaddps', [to, made, this.#one([a, b, c])])
    if (this.#random.integer(0, 2)) code.vector('vmulps', [to, to, this.#one([a, b, c])])
  }

  #masked(): void {
    const { code } = this
    const to = this.#one(this.#vectors)
    const [a, b] = [this.#one(this.#vectors), this.#one(this.#vectors)]
    if (this.#isa === 'avx2') {
      const m = code.register(256)
      code.vector('vpcmpgtd', [m, a, b])
      if (this.#random.integer(0, 2)) {
        code.vector('vblendvps', [to, a, b, m])
        return
      }
      const index = code.register(256)
      const bound = code.constantRegister(Uint8Array.of(255, 0, 0, 0), 256)
      code.vector('vpand', [index, b, bound])
      code.vector('vpgatherdd', [to, new Memory({ base: code.parameters[0], index, scale: 4 }), m])
      return
    }
    const mask = this.#one(this.#masks)
    const bits = this.#bits
    switch (this.#random.integer(0, 7)) {
      case 0:
        code.vector('vpcmpd', [mask, a, b, this.#one([0, 1, 2, 5])])
        break
      case 1:
        code.vector(this.#one(['kandw', 'korw', 'kxorw', 'kandnw']), [
          mask,
          this.#one(this.#masks),
          this.#one(this.#masks),
        ])
        break
      case 2:
        code.vector('kmovq', [mask, this.#one(this.#masks)])
        break
      case 3:
        code.vector('vpaddd', [to, a, b], { mask, zeroes: this.#random.integer(0, 2) === 0 })
        break
      case 4: {
        const index = code.register(bits as 256)
        const lanes = code.mask()
        const bound = code.constantRegister(Uint8Array.of(255, 0, 0, 0), bits)
        code.vector('vpandd', [index, b, bound])
        code.vector('kmovq', [lanes, mask])
        code.vector('vpgatherdd', [to, new Memory({ base: code.parameters[0], index, scale: 4 })], {
          mask: lanes,
          zeroes: false,
        })
        break
      }
      case 5:
        code.vector('kmovw', [this.#narrow(this.#one(this.#wholes)), mask])
        break
      default: {
        // This one cannot name vectors from 16 on.
        const low = code.register(256)
        code.vector('vpcmpgtd', [low, view(a, 256), view(b, 256)])
        code.vector('vmovmskps', [this.#narrow(this.#one(this.#wholes)), low])
      }
    }
  }

  #fixed(): void {
    const { code } = this
    const [a, b, to] = [this.#one(this.#wholes), this.#one(this.#wholes), this.#one(this.#wholes)]
    const [rax, rcx, rdx] = gpr[64]
    switch (this.#random.integer(0, 3)) {
      case 0: {
        const by = code.gpr(64)
        code.general('mov', [by, view(b, 64)])
        code.general('or', [by, 1])
        code.general('mov', [rax, view(a, 64)])
        code.general('xor', [gpr[32][2], gpr[32][2]])
        code.general('div', [by])
        code.general('mov', [view(to, 64), this.#random.integer(0, 2) ? rax : rdx])
        break
      }
      case 1:
        code.general('mov', [rcx, view(a, 64)])
        code.general(this.#one(['shl', 'shr', 'sar']), [to, gpr[8][1]])
        break
      default:
        code.general('mov', [rax, view(a, 64)])
        code.general('mul', [view(b, 64)])
        code.general('mov', [view(to, 64), rdx])
    }
  }

  #memory(): void {
    const { code } = this
    const [a, to] = [this.#one(this.#vectors), this.#one(this.#vectors)]
    const slot = this.#slots.length === 0 ? undefined : this.#one(this.#slots)
    if (slot !== undefined && this.#random.integer(0, 2)) {
      if (this.#random.integer(0, 2)) code.vector('vmovups', [slot.memory(), view(a, 256)])
      else code.vector('vpaddd', [to, a, slot.memory()])
      return
    }
    const index = code.gpr(64)
    code.general('mov', [index, view(this.#one(this.#wholes), 64)])
    code.general('and', [index, 255])
    const at = new Memory({ base: code.parameters[0], index, scale: 8, disp: 16 })
    if (this.#random.integer(0, 2)) code.vector('vpaddd', [to, a, at])
    else code.general('add', [view(this.#one(this.#wholes), 64), at])
  }

  #call(): void {
    if (this.#inner.length === 0) return
    const callee = this.#one(this.#inner)
    const { bits } = callee.parameters[0]
    const fits = bits <= this.#bits
    const args = callee.parameters.map(() => (fits ? view(this.#one(this.#vectors), bits) : this.#one(this.#vectors)))
    if (fits) this.code.call(callee, args, view(this.#one(this.#vectors), bits))
  }

  #jump(to: Label): void {
    const [a, b] = [this.#one(this.#wholes), this.#one(this.#wholes)]
    this.code.general('cmp', [a, view(b, a.bits)])
    this.code.jump(to, this.#one(['l', 'ge', 'e', 'ne', 'a']))
  }

  #branch(depth: number): void {
    const { code } = this
    const [other, end] = [code.label(), code.label()]
    this.#jump(other)
    this.#block(depth)
    code.jump(end)
    code.bind(other)
    if (this.#random.integer(0, 2)) this.#block(depth)
    code.bind(end)
  }

  #loop(depth: number): void {
    const { code } = this
    const [head, end] = [code.label(), code.label()]
    const i = code.gpr(32, 'i')
    code.general('mov', [i, this.#random.integer(1, 5)])
    code.inLoop(() => {
      code.bind(head, 32)
      this.#block(depth + 1)
      if (this.#random.integer(0, 3) === 0) this.#jump(end)
      code.general('sub', [i, 1])
      code.jump(head, 'ne')
    })
    code.bind(end)
  }

  #cold(depth: number): void {
    const { code } = this
    if (code.isCold) return
    const [rare, back] = [code.label(), code.label()]
    this.#jump(rare)
    code.bind(back)
    code.cold(() => {
      code.bind(rare)
      this.#block(Math.max(depth, 2))
      code.jump(back)
    })
  }
}
