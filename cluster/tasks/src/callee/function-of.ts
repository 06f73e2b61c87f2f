/** On a worker: a function that came as a `Callee`. */

import { NotSupportedError } from '@skein/base'
import { load } from '../loading.ts'
import { type AnyFunction, registered, type TaskDefinition } from '../registry.ts'
import type { Callee, Defined } from './callee.ts'

/**
 * Functions that make the functions, by code. What is made of the same code is compiled once, and is warm when it is made again
 * for the next partition. The oldest go first.
 */
const factories = new Map<string, (values: readonly unknown[]) => AnyFunction>()
const mostFactories = 256

/**
 * Compiles the body of a function, or gives what was compiled before.
 *
 * @param name in stacks, the file
 * @throws NotSupportedError
 */
export function compiled(name: string, parameter: string, code: string): (values: readonly unknown[]) => AnyFunction {
  let factory = factories.get(code)
  if (factory === undefined) {
    try {
      const file = /^[\w$]+$/.test(name) ? name : 'function'
      factory = new Function(parameter, `'use strict'\n${code}\n//# sourceURL=skein:${file}`) as (
        values: readonly unknown[],
      ) => AnyFunction
    } catch (error) {
      if (!(error instanceof EvalError)) throw error
      throw new NotSupportedError(
        'threads',
        'functions given by their text',
        'this process does not allow code from strings',
        'Define the function as a task.',
        { cause: error },
      )
    }
    if (factories.size >= mostFactories) factories.delete(factories.keys().next().value!)
  } else factories.delete(code)
  factories.set(code, factory)
  return factory
}

/** The function; a promise of it where its module must be imported first. @throws (or rejects with) DefinitionError */
export const functionOf = (callee: Callee): AnyFunction | Promise<AnyFunction> =>
  callee.defined ? definedFunction(callee.defined) : compiled(callee.name, 'values', callee.code)(callee.values)

/** A task's function. */
export function definedFunction({ url, name }: Defined): AnyFunction | Promise<AnyFunction> {
  const known = registered(url, name)
  if (known?.kind === 'task') return known.fn
  return load({ kind: 'task', url, name }).then(found => (found as TaskDefinition).fn)
}
