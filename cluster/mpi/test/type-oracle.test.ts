/** Datatypes are what Open MPI and MPICH make of them: sizes, bounds, and the bytes that are sent. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs } from '@skein/testing'
import fc from 'fast-check'
import { basics } from '../src/datatype/basic.ts'
import type { Datatype } from '../src/datatype/datatype.ts'
import { gather, spanOf } from '../src/datatype/packing.ts'
import { type Library, libraries, runRanks } from './native-launch.ts'
import { randomTypes } from './random-types.ts'
import { seedOf } from './seed.ts'
import { askLibrary, oracleMemory, reach } from './type-oracle.ts'

const names = ['int8', 'uint16', 'int32', 'int64', 'float32', 'float64', 'bool', 'byte'] as const
const pairs = ['floatInt', 'doubleInt', 'longInt', 'shortInt', 'twoInt'] as const
const basic = fc.constantFrom(...[...names, ...pairs].map(name => basics[name]))

/**
 * Those in which a library keeps to the standard. Blocks of nothing have bounds for both, and padding is that of parts which begin
 * where they are aligned. Open MPI takes a vector of stride -1 for one of stride 1. For MPICH bounds that were set count no
 * more than others in a struct, and a darray may reach farther than its elements do.
 */
const isOrdinary = (type: Datatype, library: Library): boolean => {
  const { recipe } = type
  if (recipe.is === 'basic') return true
  if (type.basics === 0 || type.lb % 16 !== 0) return false
  if ('blockLengths' in recipe && recipe.blockLengths.includes(0)) return false
  if (library === 'openmpi' && recipe.is === 'vector' && recipe.stride === -1) return false
  if (library === 'mpich' && recipe.is === 'darray') return false
  if (recipe.is !== 'struct') return isOrdinary(recipe.of, library)
  return !(library === 'mpich' && type.layout.isBounded) && recipe.types.every(part => isOrdinary(part, library))
}

for (const library of libraries)
  test(`on ${library}`, { skip: needs(library) }, t => {
    const types = fc.sample(randomTypes(3, 16, basic), { numRuns: 4000, ...seedOf(t) }).filter(type => {
      const { from, to } = spanOf(2, type)
      return isOrdinary(type, library) && from >= -reach && to <= reach && 2 * type.size <= reach
    })
    const memory = oracleMemory()
    const view = new DataView(memory.buffer, reach)
    const answers = askLibrary(library, types, 2)
    let compared = 0
    types.forEach((type, i) => {
      const answer = answers[i]
      if (answer === undefined) return
      const { size, lb, extent, trueLb, trueExtent } = type
      const packed = Buffer.from(gather(view, 2, type)).toString('hex')
      assert.deepEqual({ size, lb, extent, trueLb, trueExtent, packed }, answer, String(type))
      compared++
    })
    t.diagnostic(`${compared} types`)
    assert.ok(compared > types.length / 2 && compared > 100)
  })

for (const library of libraries)
  test(`${library} has the bounds of types that we have, once they are used`, { skip: needs(library) }, async t => {
    const { seed } = seedOf(t)
    const { code, stdout, stderr } = await runRanks(library, 1, 'native-types.ts', [`${seed}`])
    assert.equal(code, 0, `${stdout}${stderr}`)
    const [, compared] = /^compared (\d+)$/m.exec(stdout)!
    t.diagnostic(`${compared} types`)
    assert.ok(Number(compared) > 1000)
  })
