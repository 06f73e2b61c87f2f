/** Instructions by chance: operands that a form takes, in all the shapes that they have, as text and as bytes. */
import { InternalError, type Random } from '@skein/base'
import type { Form, Role } from '../src/x64/encode/forms.ts'
import { chooseGeneral, encodeGeneral } from '../src/x64/encode/general-code.ts'
import type { GeneralForm } from '../src/x64/encode/general-forms.ts'
import { generalText, vectorText } from '../src/x64/encode/listing.ts'
import {
  gpr,
  Label,
  Memory,
  mask,
  type Operand,
  type Predicate,
  type Register,
  vector,
} from '../src/x64/encode/operands.ts'
import { choose, encodeVector, type Output } from '../src/x64/encode/vector-code.ts'

export interface Instruction {
  /** The form that was found for the operands. */
  readonly form: Form | GeneralForm
  readonly text: string
  /** @param at where it stands @param there where the label `there` stands, which memory operands may name */
  bytes(at: number, there: number): Uint8Array
}

const there = new Label('there')

function encoded(at: number, target: number, encode: (out: Output) => void): Uint8Array {
  const bytes: number[] = []
  const int32 = (value: number) => {
    for (let shift = 0; shift < 32; shift += 8) bytes.push((value >> shift) & 0xff)
  }
  encode({
    byte: value => bytes.push(value & 0xff),
    int32,
    distance: ({ disp }, after) => int32(target + disp - (at + bytes.length + 4 + after)),
  })
  return Uint8Array.from(bytes)
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(0, list.length)]

/** Around the ends of what one byte can say, counted in steps of any size (disp8·N), and beyond. */
function displacement(random: Random): number {
  const choice = random.uniform()
  if (choice < 0.2) return 0
  if (choice < 0.8) return pick(random, [-129, -128, -127, -1, 1, 126, 127, 128]) * 2 ** random.integer(0, 7)
  if (choice < 0.9) return random.integer(-300, 300)
  return random.u32() | 0
}

/** @param indices registers that may be the index; none: a general one, if any */
function memory(random: Random, broadcast?: 2 | 4 | 8, indices?: readonly Register[]): Memory {
  const disp = displacement(random)
  const scale = pick(random, [1, 2, 4, 8] as const)
  if (indices !== undefined) {
    const base = random.uniform() < 0.1 ? undefined : pick(random, gpr[64])
    return new Memory({ base, index: pick(random, indices), scale, disp })
  }
  if (random.uniform() < 0.1) return new Memory({ label: there, disp: disp % 1000, broadcast })
  const base = random.uniform() < 0.1 ? undefined : pick(random, gpr[64])
  const index = random.uniform() < 0.5 ? undefined : pick(random, gpr[64])
  if (index === undefined || index === gpr[64][4]) return new Memory({ base, disp, broadcast })
  // Without a base, GNU as would make one of an index that is not scaled.
  return new Memory({ base, index, scale: base === undefined && scale === 1 ? 2 : scale, disp, broadcast })
}

/** An instruction that this form may take, or one before it in the list. Undefined where chance chose what there is none of. */
export function vectorInstruction(form: Form, random: Random, asEvex: boolean): Instruction | undefined {
  const { roles, tuple } = form
  const lengths = (form.lengths.length > 0 ? form.lengths : [128, 256, 512]).filter(bits => asEvex || bits < 512)
  const length = form.isScalar ? 128 : pick(random, lengths)
  const registers = (bits: number) => vector[Math.max(128, bits) as 128].slice(0, asEvex ? 32 : 16)

  const operandOf = ({ place, class: kind }: Role): Operand => {
    if (place === 'i') return random.integer(0, /cmp/.test(form.name) ? 8 : 256)
    if (kind === 'W') {
      // Indices of 32 bits for elements of 64, and of 64 for those of 32, make the one vector half as long as the other.
      const bits = /d(pd|q)$/.test(form.name) ? length / 2 : length
      return memory(random, undefined, registers(bits))
    }
    if (kind === 'M') return memory(random)
    if (kind === 'K') return pick(random, mask)
    if (place === 'm' && !form.isRegisterOnly && random.uniform() < 0.5)
      return memory(random, asEvex && random.uniform() < 0.4 ? form.broadcast : undefined)
    switch (kind) {
      case 'D':
        return pick(random, gpr[32])
      case 'G':
        return pick(random, gpr[64])
      case 'Y':
        return pick(random, registers(256))
      default:
        return pick(random, registers(length * ({ V: 1, H: 1 / 2, Q: 1 / 4, E: 1 / 8 }[kind as 'V'] ?? 0)))
    }
  }

  const operands = roles.map(operandOf)
  let predicate: Predicate | undefined
  if (asEvex && form.takesPredicate && (form.isGather || random.uniform() < 0.4)) {
    const zeroes =
      random.uniform() < 0.5 && !form.isGather && roles[0].class !== 'K' && !(operands[0] instanceof Memory)
    predicate = { mask: mask[random.integer(1, 8)], zeroes }
  }
  if (length === 512 && !asEvex) return undefined
  try {
    const chosen = choose(form.name, operands, { predicate, length })
    return {
      form: chosen.form,
      text: vectorText(chosen),
      bytes: (at, target) => encoded(at, target, out => encodeVector(out, chosen)),
    }
  } catch (error) {
    // Gathers into a register that they also read, the only operands that this may bring about and no form takes.
    if (form.isGather && error instanceof InternalError) return undefined
    throw new Error(`${form.name} as ${roles.map(role => role.place + role.class)}, tuple ${tuple}`, { cause: error })
  }
}

export function generalInstruction(form: GeneralForm, random: Random): Instruction {
  const width = form.width ?? (form.is64 ? 64 : pick(random, [32, 64] as const))
  const whole = () => random.u32() | 0
  const operands = form.roles.map(({ place, bits }): Operand => {
    const registers = gpr[(bits ?? width) as 64]
    switch (place) {
      case 'r':
      case 'o':
        return pick(random, registers)
      case 'm':
        return random.uniform() < 0.5 ? memory(random) : pick(random, registers)
      case 'M':
        return memory(random)
      case 'a':
        return registers[0]
      case 'c':
        return gpr[8][1]
      case '1':
        return 1
      case 'b':
        return random.integer(-128, 128)
      case 'w':
        return random.integer(2, 256)
      case 'd':
        return width === 32 && random.uniform() < 0.3 ? random.u32() : whole()
      case 'u':
        return random.u32()
      default:
        return (BigInt(random.u32() | 1) << 32n) | BigInt(random.u32())
    }
  })
  // Of memory that is not as wide as the registers beside it.
  const apart = form.roles.find(role => role.place === 'm' && role.bits !== undefined)?.bits as typeof width | undefined
  const chosen = chooseGeneral(form.name, operands, apart ?? width)
  return {
    form: chosen.form,
    text: generalText(chosen),
    bytes: (at, target) => encoded(at, target, out => encodeGeneral(out, chosen)),
  }
}
