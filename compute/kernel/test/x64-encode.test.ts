/**
 * The encoder against GNU as: `SEED` repeats a run, `CASES` is how many instructions it has. Where as is absent a recorded table has to do, a line a form and encoding; `REWRITE=1` writes it, with
 * the bytes that as makes.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { InternalError, Random } from '@skein/base'
import { needs } from '@skein/testing'
import { type Form, forms } from '../src/x64/encode/forms.ts'
import { chooseGeneral } from '../src/x64/encode/general-code.ts'
import { type GeneralForm, generalForms } from '../src/x64/encode/general-forms.ts'
import { gpr, Label, Memory, mask, type Operand, vector } from '../src/x64/encode/operands.ts'
import { choose, type VectorOptions } from '../src/x64/encode/vector-code.ts'
import { assemble, filler, slotBytes } from './gnu-as.ts'
import { generalInstruction, type Instruction, vectorInstruction } from './x64-instructions.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const cases = Number(process.env.CASES ?? 20_000)
const recorded = new URL('x64-encodings.txt', import.meta.url)

type Kind = { is: 'vector'; form: Form; asEvex: boolean } | { is: 'general'; form: GeneralForm }

/** Each form, and those that have two encodings twice. */
const kinds: readonly Kind[] = [
  ...forms
    .all()
    .flatMap((form): Kind[] => [
      ...(form.vexW === undefined ? [] : [{ is: 'vector' as const, form, asEvex: false }]),
      ...(form.evexW === undefined ? [] : [{ is: 'vector' as const, form, asEvex: true }]),
    ]),
  ...generalForms.all().map((form): Kind => ({ is: 'general', form })),
]

const make = (kind: Kind, random: Random): Instruction | undefined =>
  kind.is === 'vector' ? vectorInstruction(kind.form, random, kind.asEvex) : generalInstruction(kind.form, random)

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Ours and theirs of each, hexadecimal. */
function compared(all: readonly Instruction[]): { text: string; ours: string; theirs: string }[] {
  const theirs = assemble(all.map(({ text }) => text))
  return all.map(({ text, bytes }, k) => {
    const ours = bytes(k * slotBytes, all.length * slotBytes)
    const rest = theirs[k].subarray(ours.length)
    // What as put behind is part of its answer where it is no filling.
    const length = rest.every(byte => byte === filler) ? ours.length : slotBytes
    return { text, ours: hex(ours), theirs: hex(theirs[k].subarray(0, length)) }
  })
}

test(`GNU as writes the same bytes (SEED=${seed} CASES=${cases})`, { skip: needs('gnu-as') }, t => {
  t.diagnostic(`SEED=${seed}`)
  const random = new Random(seed)
  const all: Instruction[] = []
  for (let k = 0; all.length < cases; k++) {
    const made = make(kinds[k % kinds.length], random)
    if (made !== undefined) all.push(made)
  }
  const different = compared(all).filter(({ ours, theirs }) => ours !== theirs)
  const lines = different.slice(0, 20).map(({ text, ours, theirs }) => `${text}: ${ours}, as ${theirs}`)
  assert.equal(different.length, 0, `${different.length} differ, SEED=${seed}:\n${lines.join('\n')}`)
})

/** An instruction that takes the very form, always the same one while the form is the same. */
function specimen(kind: Kind): Instruction {
  const { name, roles, opcode } = kind.form
  const told = `${name} ${roles.map(Object.values)} ${opcode} ${kind.is === 'vector' && kind.asEvex}`
  const random = new Random([...told].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7))
  for (let attempt = 0; attempt < 500; attempt++) {
    const made = make(kind, random)
    const isEvex = (at: Instruction) => at.bytes(0, 0)[0] === 0x62
    if (made?.form === kind.form && (kind.is === 'general' || isEvex(made) === kind.asEvex)) return made
  }
  return assert.fail(`no operands choose ${told}: forms before it take them all`)
}

test('the bytes are those recorded', () => {
  const all = kinds.map(specimen)
  if (process.env.REWRITE !== undefined) {
    const lines = compared(all).map(({ text, theirs }) => `${theirs} ${text}`)
    writeFileSync(recorded, `${[...new Set(lines)].join('\n')}\n`)
  }
  const known = new Set(readFileSync(recorded, 'utf8').split('\n'))
  const target = all.length * slotBytes
  for (const [k, { text, bytes }] of all.entries()) {
    const line = `${hex(bytes(k * slotBytes, target))} ${text}`
    assert.ok(known.has(line), `x64-encodings.txt has no line: ${line}\nwrite it with REWRITE=1, as as encodes it`)
  }
})

test('what no form takes is an internal error', () => {
  const [x0, x1, x20] = [vector[128][0], vector[128][1], vector[128][20]]
  const [y0, y1, z0] = [vector[256][0], vector[256][1], vector[512][0]]
  const at = new Memory({ base: gpr[64][0] })
  const spread = new Memory({ base: gpr[64][0], broadcast: 4 })
  const lanes = new Memory({ base: gpr[64][0], index: y1 })
  const k1 = { mask: mask[1], zeroes: true }
  const table: [string, Operand[], VectorOptions?][] = [
    ['vnonsense', [x0, x1, x1]],
    ['vaddps', [x0, x1]],
    ['vaddps', [x0, y1, y1]],
    ['vaddps', [x0, x1, gpr[64][0]]],
    ['vaddps', [at, x1, x1]],
    // Broadcast: of the element's width, of instructions that have it.
    ['vaddpd', [x0, x1, spread]],
    ['vpaddb', [x0, x1, spread]],
    ['vaddss', [x0, x1, spread]],
    // Only VEX.
    ['vblendvps', [x20, x1, x1, x0]],
    ['vblendvps', [z0, z0, z0, z0]],
    ['vhaddps', [x0, x1, x1], { predicate: k1 }],
    // Predicates.
    ['vpmovm2d', [y0, mask[1]], { predicate: k1 }],
    ['vmovntps', [at, y0], { predicate: { mask: mask[1], zeroes: false } }],
    ['vmovups', [at, y0], { predicate: k1 }],
    ['vcmpps', [mask[2], y0, y1, 0], { predicate: k1 }],
    ['vaddps', [x0, x1, x1], { predicate: { mask: mask[0], zeroes: true } }],
    // Gathers: a predicate, and registers apart.
    ['vgatherdps', [y0, lanes]],
    ['vgatherdps', [y1, lanes], { predicate: { mask: mask[1], zeroes: false } }],
    ['vgatherdps', [y0, lanes], { predicate: k1 }],
    ['vgatherdps', [y0, at], { predicate: { mask: mask[1], zeroes: false } }],
    ['vmovups', [y0, lanes]],
    // Immediates are bytes, lengths are those that there are.
    ['vpslld', [y0, y1, 256]],
    ['vpslld', [y0, y1, 1n]],
    ['vpermps', [x0, x1, x1]],
    ['vperm2f128', [z0, z0, z0, 0]],
  ]
  for (const [name, operands, options] of table)
    assert.throws(() => choose(name, operands, options), InternalError, `${name} ${operands.length}`)
  const general: [string, Operand[]][] = [
    ['nonsense', []],
    ['add', [gpr[32][0], gpr[64][0]]],
    ['add', [gpr[64][0], 2 ** 31]],
    ['add', [at, at]],
    ['shl', [gpr[64][0], gpr[8][2]]],
    ['shl', [gpr[64][0], 256]],
    ['lea', [gpr[64][0], gpr[64][1]]],
    ['mov', [gpr[32][0], 2 ** 32]],
    ['mov', [gpr[16][0], gpr[8][1]]],
    ['cmovl', [at, gpr[64][0]]],
  ]
  for (const [name, operands] of general) assert.throws(() => chooseGeneral(name, operands), InternalError, name)
  assert.throws(() => new Memory({ base: gpr[64][0], index: gpr[64][4] }), /rsp cannot be an index/)
  assert.throws(() => new Memory({ label: new Label('x'), disp: 2 ** 31 }), /does not fit/)
})
