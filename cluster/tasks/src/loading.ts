/** How a thread comes by a definition that is not there: it imports the module, which registers it. */

import { contexts } from './calls/context.ts'
import { DefinitionError, told } from './errors.ts'
import { type Definition, onRegistered, registered, StopImport } from './registry.ts'

/** What is looked for, and where. */
export type Sought = Pick<Definition, 'kind' | 'url' | 'name'>

/** Imports under way, by what they should bring. */
const loads = new Map<string, Promise<Definition>>()

/**
 * The definition, as soon as it is registered: the import need not be over then, and may never be (a program that
 * waits for its own tasks at top level).
 *
 * @throws (rejects with) DefinitionError when the module does not bring it.
 */
export async function load(sought: Sought): Promise<Definition> {
  const { kind, url, name } = sought
  const key = `${url}#${name}`
  let found = registered(url, name)
  if (found === undefined) {
    let loading = loads.get(key)
    if (loading === undefined) {
      loading = imported(sought).finally(() => loads.delete(key))
      loads.set(key, loading)
    }
    found = await loading
  }
  if (found.kind === kind) return found
  throw new DefinitionError(name, url, `is a ${found.kind}, not a ${kind}.`)
}

async function imported({ kind, url, name }: Sought): Promise<Definition> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  onRegistered(url, name, resolve)
  // A module's top level is no part of the task that needs it.
  contexts
    .exit(() => import(url))
    .then(
      () =>
        reject(
          new DefinitionError(
            name,
            url,
            `is not there when a worker imports the module. A ${kind} must be defined at the top level of its module, not inside a function or behind a condition, and before the first line that starts one.`,
          ),
        ),
      (error: unknown) =>
        reject(
          error instanceof StopImport
            ? new DefinitionError(
                name,
                url,
                'is not there when a worker imports the module: a line above its definition already starts a task, which a worker does not. Define all tasks first, or in a module of their own.',
              )
            : new DefinitionError(
                name,
                url,
                `cannot be had in a worker, because importing the module there failed: ${told(error)}`,
                error,
              ),
        ),
    )
  try {
    await promise
  } finally {
    onRegistered(url, name, undefined)
  }
  return registered(url, name)!
}
