/** Tasks that print more than pipes hold, on both streams. */
import { get, task } from '../../src/index.ts'

const prints = task(import.meta, 'prints', (name: string, lines: number) => {
  for (let i = 0; i < lines; i++) console.log(`${name} ${i} ${'x'.repeat(80)}`)
})
const complains = task(import.meta, 'complains', (bytes: number) => {
  process.stderr.write('e'.repeat(bytes))
})

await get([prints('a', 10_000), prints('b', 10_000), complains(300_000)])
