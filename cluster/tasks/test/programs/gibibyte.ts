/** An argument of as many bytes as the program is told, from outside the heap, there and back. */
import { put, task } from '../../src/index.ts'

const ends = task(import.meta, 'ends', (x: Uint8Array) => [x.length, x[0], x[x.length - 1]])
const grows = task(import.meta, 'grows', (x: Uint8Array) => x.subarray(0, x.length - 1))

const x = new Uint8Array(Number(process.argv[2]))
x[0] = 1
x[x.length - 1] = 2
const there = put(x)
console.log(await ends(there), await ends(await grows(there)))
