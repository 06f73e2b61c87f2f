/** Tasks that do what tasks should not. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type Ref, task } from '../../src/index.ts'

export const itself = task(import.meta, 'itself', (): unknown => itself)
export const reference = task(import.meta, 'reference', () => ({ ref: itself() }))
export const given = task(import.meta, 'given', (x: unknown) => x)
export const throwsNull = task(import.meta, 'throwsNull', (): void => {
  throw null
})
export const throwsFrozen = task(import.meta, 'throwsFrozen', (): void => {
  throw Object.freeze({ code: 7 })
})
export const throwsFrozenError = task(import.meta, 'throwsFrozenError', (): void => {
  throw Object.freeze(new RangeError('frozen'))
})
export const waitsForMany = task(import.meta, 'waitsForMany', async (depth: number): Promise<number> => {
  if (depth === 0) return 1
  const refs: Ref<number>[] = [waitsForMany(depth - 1), waitsForMany(depth - 1)]
  return (await refs[0]) + (await refs[1])
})
export const forks = task(import.meta, 'forks', async () => {
  const child = fork(new URL('child.mjs', import.meta.url), ['told'])
  const [[message], [code]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
  return [message, code]
})
