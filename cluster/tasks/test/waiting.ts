/** A program with a task under way, until its standard input ends. */
import { cancel, start } from '../src/index.ts'
import { openDoor } from '../src/observe/door.ts'
import { later } from './jobs.ts'

start({ workers: 1 })
const ref = later(1e6, 0)
process.stdin.resume().on('end', () => cancel(ref, { graceMs: 0 }))
await openDoor()
console.log('ready')
