/** A loop cut into tasks. */

import { ArgumentError } from '@skein/base'
import { get } from '../client.ts'
import { type Given, type ResultOf, startTask, type Task } from '../definition.ts'
import type { Ref } from '../ref.ts'
import { taskGroup } from './task-group.ts'

export interface TaskLoopOptions {
  /** Each task takes at least so many iterations, and fewer than twice as many (fewer than `grain` only when there are). */
  readonly grain?: number
  /** So many tasks, or one for each iteration if there are fewer. Default: 64. */
  readonly tasks?: number
}

const usualTasks = 64

/**
 * OpenMP's `taskloop`: iterations 0 to `n` in tasks, each of which gets its part as `from` and `to`, and then the arguments.
 *
 *     await taskLoop(x.length, { grain: 10_000 }, scale)(x, 2)   // scale(from, to, x, 2) for each part
 *
 * @param t a task of `(from, to, ...args)`
 * @returns the tasks' results, in the order of their parts
 * @throws ArgumentError; (rejects with) what the first task failed with, when all have settled
 */
export function taskLoop<A extends unknown[], R>(
  n: number,
  { grain, tasks }: TaskLoopOptions,
  t: Task<[from: number, to: number, ...args: A], R>,
): (...args: { [K in keyof A]: Given<A[K]> }) => Promise<ResultOf<R>[]> {
  const check = (name: string, value: number | undefined, least: number) => {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
      throw new ArgumentError('taskLoop', name, `a whole number from ${least}`, value)
    }
  }
  check('n', n, 0)
  check('grain', grain, 1)
  check('tasks', tasks, 1)
  if (grain !== undefined && tasks !== undefined) {
    throw new ArgumentError('taskLoop', 'options', 'grain or tasks, not both', { grain, tasks })
  }
  if (t?.definition?.kind !== 'task') throw new ArgumentError('taskLoop', 'the task', 'made by task()', t)
  const parts = Math.min(n, grain === undefined ? (tasks ?? usualTasks) : Math.max(1, Math.floor(n / grain)))
  const border = (i: number) => Math.floor((i * n) / parts)
  return async (...args) => {
    const refs: Ref<unknown>[] = []
    await taskGroup(() => {
      for (let i = 0; i < parts; i++) {
        refs.push(startTask(t.definition, [border(i), border(i + 1), ...args], t.options))
      }
    })
    return (await get(refs)) as ResultOf<R>[]
  }
}
