/** Has values on disk, in a folder it is told, and waits to be ended, or ends. */
import { put, start } from '../../src/index.ts'

const [folder, end] = process.argv.slice(2)
start({ workers: 1, heapBytes: 16 * 2 ** 20, spill: { folder } })
const refs = Array.from({ length: 30 }, () => put(new Uint8Array(2 ** 20)))
console.log('spilled', refs.length)
if (end === 'exit') process.exit(0)
if (end === 'wait') setInterval(() => {}, 1000)
