/**
 * How functions are called, in instructions: parameters are moved from where they arrive, arguments and results to and from where they are expected. What is left of a call and of a return names
 * machine registers alone. Steps that are hardly ever run stand behind the others from here on.
 */

import { InternalError } from '@skein/base'
import { gpr, Memory, mask, Register, vector } from '../encode/operands.ts'
import { type Code, type Step, view } from './code.ts'

/** rdi, rsi, rdx, rcx, r8, r9. */
const wholeParameters = [7, 6, 2, 1, 8, 9].map(number => gpr[64][number])
const vectorParameters = 4

/** Where arguments of these kinds go. */
function places(code: Code, args: readonly Register[]): Register[] {
  let wholes = 0
  let vectors = 0
  return args.map(({ bank, bits }) => {
    if (bank === 'gpr' && wholes < wholeParameters.length) return view(wholeParameters[wholes++], bits)
    if (bank === 'vector' && code.isInner && vectors < vectorParameters) return vector[bits as 512][vectors++]
    throw new InternalError(`${code.name} cannot be called with ${args.map(arg => arg.bank).join(', ')}`)
  })
}

const resultPlace = ({ bank, bits }: Register): Register => view(bank === 'vector' ? vector[512][0] : gpr[64][0], bits)

/** An instruction that copies a register. */
export function move(
  to: Register | Memory,
  from: Register | Memory,
  { depth, loc }: Pick<Step, 'depth' | 'loc'>,
): Step {
  const register = to instanceof Register ? to : (from as Register)
  const { bank } = register
  const isPlain = to instanceof Register && from instanceof Register
  const name = bank === 'gpr' ? 'mov' : bank === 'mask' ? 'kmovq' : isPlain ? 'vmovaps' : 'vmovups'
  const is = bank === 'gpr' ? 'general' : 'vector'
  return { is, name, operands: [to, from], predicate: undefined, bits: undefined, depth, loc }
}

/** An instruction that loads a constant, of an element to all lanes. */
export function loadConstant(to: Register, constant: Memory, at: Pick<Step, 'depth' | 'loc'>): Step {
  const { broadcast } = constant
  if (broadcast === undefined) return move(to, constant, at)
  const memory = new Memory({ ...constant, broadcast: undefined })
  const name =
    broadcast === 2 ? 'vpbroadcastw' : broadcast === 4 ? 'vbroadcastss' : to.bits === 128 ? 'vmovddup' : 'vbroadcastsd'
  const { depth, loc } = at
  return { is: 'vector', name, operands: [to, memory], predicate: undefined, bits: undefined, depth, loc }
}

/** @returns all steps of the function in the order in which they will lie */
export function conventional(code: Code): Step[] {
  const written = code.steps
  const steps: Step[] = []
  const entry = { depth: 0, loc: written[0]?.loc }
  const arriving = places(code, code.parameters)
  for (const [i, parameter] of code.parameters.entries()) steps.push(move(parameter, arriving[i], entry))
  for (let i = 0; i < written.length; i++) {
    const step = written[i]
    if (step.depth < 0 && (steps.at(-1)?.depth ?? 0) >= 0 && !endsFlow(steps.at(-1)))
      throw new InternalError(`${code.name} runs into what is hardly ever run`)
    if (step.is === 'vector' || step.is === 'general') {
      steps.push(step)
      continue
    }
    const { depth, loc } = step
    const at = { depth, loc }
    if (step.is === 'call') {
      const args = places(step.callee, step.args)
      for (const [i, arg] of step.args.entries()) steps.push(move(args[i], arg, at))
      const result = resultPlace(step.result)
      steps.push({ ...step, args, result }, move(step.result, result, at))
    } else if (step.is === 'return' && step.value !== undefined) steps.push(...returning(step, step.value, at))
    else steps.push(step)
  }
  if (!endsFlow(steps.at(-1))) throw new InternalError(`${code.name} runs past its end`)
  return steps
}

function returning(step: Step & { is: 'return' }, value: Register | number, at: Pick<Step, 'depth' | 'loc'>): Step[] {
  if (value instanceof Register) {
    const place = resultPlace(value)
    return [move(place, value, at), { ...step, value: place }]
  }
  const rax = gpr[value < 0 ? 64 : 32][0]
  return [
    { is: 'general', name: 'mov', operands: [rax, value], predicate: undefined, bits: undefined, ...at },
    { ...step, value: rax },
  ]
}

/** Whether what lies behind a step is not reached from it. */
export const endsFlow = (step: Step | undefined): boolean =>
  step !== undefined &&
  (step.is === 'return' ||
    (step.is === 'jump' && step.condition === undefined) ||
    (step.is === 'general' && (step.name === 'ud2' || step.name === 'jmp')))

/** The machine's register in place of a variable's view. */
export function physical(bank: Register['bank'], number: number, bits: number): Register {
  if (bank === 'gpr') return gpr[bits as 64][number]
  return bank === 'vector' ? vector[bits as 512][number] : mask[number]
}
