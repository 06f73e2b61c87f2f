/** A function at the end starts tasks, and functions that go by their text, again and again. */
import { parallelMap, stop, task } from '../../src/index.ts'

const add = task(import.meta, 'add', (a: number, b: number) => a + b)

async function main(): Promise<void> {
  const more = await parallelMap([1, 2, 3], x => x + 1)
  let sum = 0
  for (let i = 0; i < 50; i++) sum += await add(i, i)
  console.log(JSON.stringify(more), sum)
  await stop()
}
main()
