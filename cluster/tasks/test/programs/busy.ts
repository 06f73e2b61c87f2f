/** Has more to do than it will ever do. What ends it stands in the argument. */
import { task } from '../../src/index.ts'

const endless = task(import.meta, 'endless', () => {
  console.log('busy')
  for (;;);
})
const waits = task(import.meta, 'waits', () => new Promise(() => {}))

for (let i = 0; i < 5; i++) {
  endless()
  waits.with({ resources: { cpus: 0 } })()
}
if (process.argv[2] === 'exit') setTimeout(() => process.exit(3), 200)
if (process.argv[2] === 'throw') {
  setTimeout(() => {
    throw new Error('the main program failed')
  }, 200)
}
