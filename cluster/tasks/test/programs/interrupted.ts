/** Has work under way when it is interrupted. */
import { start, task } from '../../src/index.ts'

const spins = task(import.meta, 'spins', () => {
  for (;;);
})
const quick = task(import.meta, 'quick', () => 1)

start({ workers: 2 })
for (let i = 0; i < 10; i++) await quick()
spins()
spins()
for (let i = 0; i < 1000; i++) quick()
console.log('busy')
