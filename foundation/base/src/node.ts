/**
 * Node's built-in modules, where there is a Node: the rest of this room imports nothing at top level, so that it
 * loads in a browser and on an edge runtime too.
 */

type GetBuiltinModule = (name: string) => unknown

const getBuiltinModule: GetBuiltinModule | undefined = (
  globalThis as { process?: { getBuiltinModule?: GetBuiltinModule } }
).process?.getBuiltinModule

/** `nodeModule<typeof import('node:fs')>('node:fs')`, or undefined where there is no such module. */
export const nodeModule = <Module>(name: string): Module | undefined => {
  try {
    return getBuiltinModule?.(name) as Module | undefined
  } catch {
    return undefined
  }
}
