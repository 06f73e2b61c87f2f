import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpr, Memory, mask, type Operand, vector } from '../src/x64/encode/operands.ts'
import { clearsMask, rolesOf } from '../src/x64/machine/roles.ts'

const [rax, rcx, rdx, rbx] = gpr[64]
const [x, y] = vector[256]
const at = new Memory({ base: rbx })

/** `rw` what happens to the first operand, `0` the others are not read, `2` the second is written; then registers that no operand names. */
function told(is: 'vector' | 'general', name: string, operands: Operand[], zeroes?: boolean): string {
  const predicate = zeroes === undefined ? undefined : { mask: mask[1], zeroes }
  const roles = rolesOf({ is, name, operands, depth: 0, loc: undefined, ...(predicate && { predicate }) })
  const { readsFirst, writesFirst, readsOthers, writesSecond, reads, writes } = roles
  const first = `${readsFirst ? 'r' : ''}${writesFirst ? 'w' : ''}${readsOthers ? '' : '0'}${writesSecond ? '2' : ''}`
  return [first, reads.map(r => r.name).join('+'), writes.map(r => r.name).join('+')].join(' ').trim()
}

test('what an instruction does to its operands', () => {
  const general: [string, Operand[], string][] = [
    ['mov', [rax, rcx], 'w'],
    ['add', [rax, rcx], 'rw'],
    ['cmp', [rax, 1], 'r'],
    ['test', [rax, rax], 'r'],
    ['xor', [rax, rax], 'w0'],
    ['xor', [rax, rcx], 'rw'],
    ['xor', [at, rax], ''],
    ['cmovl', [rax, rcx], 'rw'],
    ['setl', [gpr[8][0]], 'rw'],
    ['imul', [rax, rcx], 'rw'],
    ['imul', [rax, rcx, 7], 'w'],
    ['imul', [rcx], 'r rax rax+rdx'],
    ['idiv', [rcx], 'r rax+rdx rax+rdx'],
    ['cqo', [], 'rax rdx'],
    ['shl', [rax, gpr[8][1]], 'rw'],
    ['xchg', [at, rax], '2'],
    ['lock_xadd', [at, rax], '2'],
    ['lock_cmpxchg', [at, rcx], 'rax rax'],
    ['lock_cmpxchg16b', [at], 'rax+rcx+rdx+rbx rax+rdx'],
    ['cpuid', [], 'rax+rcx rax+rcx+rdx+rbx'],
    ['movnti', [at, rax], ''],
    ['pop', [rax], 'w'],
    ['push', [rax], 'r'],
  ]
  for (const [name, operands, roles] of general) assert.equal(told('general', name, operands), roles, name)
  const vectors: [string, Operand[], string, boolean?][] = [
    ['vaddps', [x, x, y], 'w'],
    ['vaddps', [x, x, y], 'w', true],
    ['vaddps', [x, x, y], 'rw', false],
    ['vfmadd231ps', [x, x, y], 'rw'],
    ['vfmadd231ps', [x, x, y], 'rw', true],
    ['vblendmps', [x, x, y], 'w', false],
    ['vpternlogd', [x, x, y, 3], 'rw'],
    ['vpermt2d', [x, x, y], 'rw'],
    ['vpdpbusds', [x, x, y], 'rw'],
    ['vpxord', [x, y, y], 'w0'],
    ['vpxord', [x, y, y], 'rw', false],
    ['vpcmpeqd', [x, x, x], 'w0'],
    ['kxnorw', [mask[1], mask[2], mask[2]], 'w0'],
    ['vptest', [x, y], 'r'],
    ['kortestw', [mask[1], mask[2]], 'r'],
    ['vucomiss', [vector[128][0], at], 'r'],
    ['vcmpps', [mask[1], x, y, 0], 'w', false],
    ['vmovups', [at, x], '', false],
    ['vpgatherdd', [x, new Memory({ base: rbx, index: y })], 'rw', false],
    ['vpgatherdd', [x, new Memory({ base: rbx, index: y }), vector[256][2]], 'rw'],
    ['andn', [rax, rcx, rdx], 'w'],
    ['mulx', [rax, rcx, rbx], 'w2 rdx'],
  ]
  for (const [name, operands, roles, zeroes] of vectors)
    assert.equal(told('vector', name, operands, zeroes), roles, `${name} ${zeroes}`)
  assert.throws(() => told('vector', 'vaddps', [x]), /no vaddps of 1 operands/)
  assert.deepEqual(['vpgatherdd', 'vscatterdps', 'vaddps'].map(clearsMask), [true, true, false])
})
