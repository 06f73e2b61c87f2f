/** As programs are often written: a function that is called at the end, and an end of the process if it fails. */
import { task } from '../../src/index.ts'

const add = task(import.meta, 'add', (a: number, b: number) => a + b)

async function main(): Promise<void> {
  console.log('begins')
  console.log(await add(1, 2))
}

main().catch(error => {
  console.error('failed', error)
  process.exit(1)
})
