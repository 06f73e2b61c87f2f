/** Loops over typed arrays, for xtensor's cases. */
import { serve, type Work } from '../harness/serve.ts'
import { checksum } from '../kernels/data.ts'
import { givenToXtensor, sizeOf } from './data.ts'
import { repeated } from './work.ts'
import { type Floats, xtensor } from './xtensor.ts'

function prepare(id: string): Work | { skip: string } {
  const pair = xtensor[id.slice('xtensor-'.length)]
  if (!pair) return { skip: 'not written in plain JavaScript' }
  const of: Floats = new Proxy({} as Floats, {
    get(made, name: string) {
      const input = givenToXtensor[name]
      return (made[name] ??= Float64Array.from({ length: sizeOf(input) }, (_, k) => input.value(k)))
    },
  })
  const known: Floats = {}
  // The first call finds out what it needs; a proxy would slow the others down.
  pair.plain(new Proxy(known, { get: (made, name: string) => (made[name] ??= of[name]) }))
  return repeated(
    () => pair.plain(known),
    value => checksum(typeof value === 'number' ? [value] : value),
  )
}

await serve('plain JS', prepare)
