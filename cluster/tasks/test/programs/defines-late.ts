/** A task below the first use of another. */
import { task } from '../../src/index.ts'

const first = task(import.meta, 'first', () => 1)
console.log(await first())
const late = task(import.meta, 'late', () => 2)
console.log(await late().catch((error: Error) => `${error.name}: ${error.message}`))
