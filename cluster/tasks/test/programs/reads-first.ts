/** Does something else before it starts tasks: on a worker its import is over by then. */
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { task } from '../../src/index.ts'

const add = task(import.meta, 'add', (a: number, b: number) => a + b)

async function main(): Promise<void> {
  await readFile(new URL(import.meta.url))
  const sum = await add(1, 2)
  appendFileSync(1, `${sum}\n`)
}

main()
