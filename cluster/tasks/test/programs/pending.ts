/** Awaits nothing: it must not end before its tasks have, and must end then. */
import { writeSync } from 'node:fs'
import { task } from '../../src/index.ts'

const later = task(import.meta, 'later', async (ms: number) => {
  await new Promise(resolve => setTimeout(resolve, ms))
  return ms
})
const writes = task(import.meta, 'writes', () => {
  writeSync(1, 'written\n')
})

later(100).then(value => {
  console.log(value)
  writes()
})
