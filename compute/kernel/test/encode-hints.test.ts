/** Branch hints: the section says of which branches, by their offsets in the function, whether they are taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeModule, ModuleBuilder } from '../src/wasm/encode/index.ts'

const NAME = 'metadata.code.branch_hint'

/** The section as the proposal lays it out: for each function its hints. */
function hintsOf(bytes: Uint8Array): {
  at: number
  functions: [func: number, hints: [offset: number, taken: number][]][]
} {
  let at = bytes.length - NAME.length
  while (at > 0 && Buffer.from(bytes.subarray(at, at + NAME.length)).toString() !== NAME) at--
  assert(at > 0, 'there is such a section')
  const begin = at
  at += NAME.length
  const u = () => {
    let [value, shift] = [0, 0]
    for (;;) {
      const byte = bytes[at++]
      value |= (byte & 127) << shift
      shift += 7
      if (byte < 128) return value
    }
  }
  const list = <T>(read: () => T): T[] => Array.from({ length: u() }, read)
  const functions = list((): [number, [number, number][]] => [
    u(),
    list((): [number, number] => {
      const offset = u()
      assert.equal(u(), 1, 'a hint is one byte')
      return [offset, u()]
    }),
  ])
  return { at: begin, functions }
}

test('each hint names a branch, and says whether it is taken', () => {
  const m = new ModuleBuilder({ memory64: false, check: true })
  m.importFunction('env', 'imported', [], [])
  m.addFunction('plain', [], [])
  const f = m.addFunction('hinted', ['i32'], ['i32'])
  // Two groups of locals come before the code.
  f.local('f64')
  f.local('i32')
  const out = f.block()
  f.get(0).op('i32.eqz').unlikely().brIf(out)
  f.get(0).likely().if()
  f.i32(7).return().end()
  f.get(0).if()
  f.end()
  f.end()
  f.i32(0)
  const g = m.addFunction('other', ['i32'], [])
  g.get(0).unlikely().if()
  g.end()
  const bytes = m.finish()
  assert(WebAssembly.validate(bytes))
  const { at, functions } = hintsOf(bytes)
  assert.deepEqual(
    functions.map(([func, hints]) => [func, hints.map(([, taken]) => taken)]),
    [
      [2, [0, 1]],
      [3, [0]],
    ],
  )
  const decoded = decodeModule(bytes).functions
  for (const [func, hints] of functions) {
    const { code, locals, params } = decoded.find(d => d.index === func)!
    assert(at < code[0].offset, 'the section stands before the code')
    // A count of groups, and a count and a type for each.
    const groups = locals.length - params.length
    const body = code[0].offset - 1 - 2 * groups
    for (const [offset] of hints) {
      const branch = code.find(i => i.offset === body + offset)
      assert(branch?.op.name === 'if' || branch?.op.name === 'br_if', `a branch at ${offset}`)
    }
  }
})

test('a module without hints has no such section', () => {
  const m = new ModuleBuilder({ memory64: false })
  m.addFunction('f', [], [])
  assert(!Buffer.from(m.finish()).includes(NAME))
})
