/** C functions by the ways that are faster than koffi's: what they get, what they give, and when koffi is to call them after all. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { functionsOf } from '@skein/team/code-library'
import { CallBlock, put } from '../src/native/call-block.ts'

const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')

/** Gives a number: mov eax, …; ret */
const giving = (value: number): number[] => [0xb8, value & 0xff, (value >> 8) & 0xff, 0, 0, 0xc3]

const values = [3, 700, 65535, 0]
const functions = functionsOf(values.map(giving))
const absent = functions === undefined && 'node:ffi, or x86-64 with Linux, is not here'

test('instructions are functions, before V8 has optimized their callers and after', { skip: absent }, () => {
  const sums = values.map(() => 0)
  const times = 50_000
  for (let i = 0; i < times; i++) for (const [k, each] of functions!.entries()) sums[k] += each()
  assert.deepEqual(
    sums,
    values.map(value => value * times),
  )
})

test('nobody is told that node:ffi is experimental', { skip: absent }, () => {
  const program = `
    import { functionsOf } from ${JSON.stringify(import.meta.resolve('@skein/team/code-library'))}
    console.log(functionsOf([[0xb8, 7, 0, 0, 0, 0xc3]])[0]())`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.deepEqual([stdout, stderr], ['7\n', ''])
})

const block = process.arch === 'x64' ? CallBlock.open(koffi) : undefined
const noBlock = block === undefined && 'call blocks are for x86-64'

/** The address of a function of JavaScript, of 12 ints as MPI's take at most. */
function callback(act: (...given: number[]) => number): number {
  const proto = koffi.proto('int', Array(12).fill('int'))
  return Number(koffi.register(act, koffi.pointer(proto)))
}

test('arguments in registers and on the stack come in order, and the result goes back', { skip: noBlock }, () => {
  block!.callsBack = true
  const { words, call } = block!.to(callback((...given) => given.reduce((sum, each, i) => sum + each * (i + 1), 0)))
  for (let argument = 1; argument <= 12; argument++) words[2 * argument] = argument * argument
  const expected = Array.from({ length: 12 }, (_, i) => (i + 1) ** 3).reduce((a, b) => a + b)
  assert.equal(call(), expected)
  words[2] = -1
  assert.equal(call(), expected - 2)
  block!.callsBack = false
})

test('each function has its own arguments, of 32 bits and of 64', { skip: noBlock }, () => {
  const libc = koffi.load(null)
  const address = (name: string) => Number(libc.symbol(name))
  const text = Buffer.from('a text of 21 letters.\0')
  const [abs, length] = [block!.to(address('abs')), block!.to(address('strlen'))]
  put(length.words, 1, Number(koffi.address(text)))
  let sum = 0
  const times = 50_000
  for (let i = 0; i < times; i++) {
    abs.words[2] = -i
    sum += abs.call() - i + length.call()
  }
  assert.equal(sum, times * 21)
})

test('functions that call JavaScript are called by koffi from when that is known', { skip: noBlock }, () => {
  let called = 0
  const make = () => {
    // Garbage enough for collections while it is called.
    called += Array.from({ length: 50 }, (_, i) => ({ i })).filter(({ i }) => i === 7).length
    return called
  }
  const libc = koffi.load(null)
  const abs = block!.to(Number(libc.symbol('abs')))
  abs.words[2] = -5
  const { call } = block!.to(callback(make))
  const both = (): number => abs.call() + (block!.callsBack ? call() : 0)
  for (let i = 0; i < 20_000; i++) assert.equal(both(), 5)
  block!.callsBack = true
  for (let i = 1; i <= 20_000; i++) assert.equal(both(), 5 + i)
  block!.callsBack = false
})
