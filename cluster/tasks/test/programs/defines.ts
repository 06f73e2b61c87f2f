/** Tasks in places where a worker does not find them. */
import { isMainThread } from 'node:worker_threads'
import { type Task, task } from '../../src/index.ts'

export const first = task(import.meta, 'first', () => 1)
export const inside = (): Task<[], number> => task(import.meta, 'inside', () => 2)
export const conditional = isMainThread ? task(import.meta, 'conditional', () => 3) : undefined
