/** Functions of machine code for tests of what runs it: as C would call them, `int (int64 args, int begin, int end, int place)`. */

import { Assembler } from '../src/x64/encode/assembler.ts'
import { gpr, Memory } from '../src/x64/encode/operands.ts'
import { refusal } from '../src/x64/run/cpu.ts'
import { CodePages } from '../src/x64/run/pages.ts'
import './whole-code.ts'

const reason = refusal()
export const skip = reason === undefined ? false : `no machine code here: ${reason}`

const [rax, , , , , , rsi, rdi] = gpr[64]
const [eax, ecx, edx] = gpr[32]
const at = (base = rdi, disp = 0): Memory => new Memory({ base, disp })

const functions: { readonly [name: string]: (code: Assembler) => void } = {
  empty: code => code.general('xor', [eax, eax]),
  /** begin + 2 end + 4 place + the word at args. */
  sum: code => {
    code.general('lea', [rax, new Memory({ base: rsi, index: gpr[64][2], scale: 2 })])
    code.general('lea', [rax, new Memory({ base: rax, index: gpr[64][1], scale: 4 })])
    code.general('add', [eax, at()])
  },
  /** Adds 1 to the word of each index. */
  mark: code => {
    const [again, done] = [code.label(), code.label()]
    code.general('movsxd', [rsi, gpr[32][6]])
    code.general('movsxd', [gpr[64][2], edx])
    code.bind(again)
    code.general('cmp', [rsi, gpr[64][2]])
    code.jump(done, 'ge')
    code.general('mov', [eax, 1])
    code.general('lock_add', [new Memory({ base: rdi, index: rsi, scale: 4 }), eax])
    code.general('inc', [rsi])
    code.jump(again)
    code.bind(done)
    code.general('xor', [eax, eax])
  },
  /** Of two threads: each returns when the other has come. */
  meet: code => {
    const again = code.label()
    code.general('mov', [eax, 1])
    code.general('lock_xadd', [at(), eax])
    code.general('add', [eax, 2])
    code.general('and', [eax, -2])
    code.bind(again)
    code.general('pause')
    code.general('mov', [ecx, at()])
    code.general('cmp', [ecx, eax])
    code.jump(again, 'l')
    code.general('xor', [eax, eax])
  },
  /** Notes in the word at args that it has begun, and never ends. */
  endless: code => {
    const again = code.label()
    code.general('mov', [eax, 1])
    code.general('lock_add', [at(), eax])
    code.bind(again)
    code.general('pause')
    code.jump(again)
  },
  /** Fails at the index in the word at args. */
  fails: code => {
    const fine = code.label()
    code.general('mov', [ecx, at()])
    code.general('xor', [eax, eax])
    code.general('cmp', [ecx, gpr[32][6]])
    code.jump(fine, 'l')
    code.general('cmp', [ecx, edx])
    code.jump(fine, 'ge')
    code.general('mov', [eax, 7])
    code.bind(fine)
  },
  /** Reads what args points to, after all registers that it has to keep were changed. */
  reads: code => {
    for (const [k, name] of [3, 5, 12, 13, 14, 15].entries()) code.general('mov', [gpr[64][name], BigInt(0x100 + k)])
    code.general('mov', [rax, at(rdi)])
    code.general('xor', [eax, eax])
  },
  divides: code => {
    code.general('xor', [ecx, ecx])
    code.general('mov', [eax, 1])
    code.general('cdq')
    code.general('idiv', [ecx])
  },
  illegal: code => code.general('ud2'),
  padding: code => code.general('int3'),
  /** Jumps to where there is nothing. */
  astray: code => {
    code.general('mov', [rax, 0x10n])
    code.general('jmp', [rax])
  },
}

export type Name = keyof typeof functions

const made = () => {
  const code = new Assembler(true)
  const offsets: Record<string, number> = {}
  for (const [name, emit] of Object.entries(functions)) {
    code.align(16)
    offsets[name] = code.at
    emit(code)
    code.general('ret')
  }
  const { bytes, listing } = code.finish()
  const pages = new CodePages(bytes)
  const addresses = Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, pages.address + offset]))
  return { pages, listing, addresses }
}

let code: ReturnType<typeof made> | undefined

/** All of them, and where each begins. */
export const testCode = (): ReturnType<typeof made> => (code ??= made())
