/** A chain of calls as one task. */

import { definedFunction } from '../callee/function-of.ts'
import { isThenable, resultOf } from '../deferred.ts'
import { startTask, task } from '../definition.ts'
import { type Lazy, withoutLazy } from '../lazy.ts'
import { Ref } from '../ref.ts'
import type { AnyFunction } from '../registry.ts'
import { pack, unpack } from '../values/pack.ts'

interface Step {
  readonly definition: { readonly url: string; readonly name: string }
  /** The arguments packed, as they lean on `given`; undefined for the first, whose arguments the engine takes. */
  readonly packed: Uint8Array | undefined
  /** The references in the arguments, each in an array; null stands for the result of the step before. */
  readonly given: readonly (readonly [unknown] | null)[]
  /** Arrays of the heap in the arguments, so that they live as long as the task. */
  readonly holds: readonly unknown[]
}

/** Stands in packed arguments for the result of the call before. */
const before = new Ref<unknown>({
  id: 0,
  label: 'the call before',
  settlement: 'pending',
  outcome: () => undefined,
  whenSettled: () => {},
})

export function startChain(
  calls: readonly Lazy<unknown>[],
  refOf: (call: Lazy<unknown>) => Ref<unknown>,
): Ref<unknown> {
  const [first, ...rest] = calls
  const steps = calls.map(({ definition: { url, name } }): Step => {
    return { definition: { url, name }, packed: undefined, given: [], holds: [] }
  })
  rest.forEach((call, i) => {
    const { bytes, leaning } = pack(
      withoutLazy(call, () => before),
      call.name,
      'arguments',
    )
    steps[i + 1] = {
      ...steps[i + 1],
      packed: bytes.slice(),
      given: leaning.refs.map(ref => (ref === before ? null : ([ref] as const))),
      holds: leaning.holds,
    }
  })
  const name = calls.map(call => call.name).join(' → ')
  return startTask(chain.definition, [steps, withoutLazy(first, refOf)], { ...first.options, name })
}

const chain = task(import.meta, 'chain', (steps: readonly Step[], first: readonly unknown[]) => {
  return from(0, undefined)

  function from(start: number, given: unknown): unknown {
    let value = given
    for (let i = start; i < steps.length; i++) {
      const { definition, packed, given } = steps[i]
      const values = given.map(one => (one === null ? value : one[0]))
      const args = packed === undefined ? first : (unpack(packed, values) as unknown[])
      const fn = definedFunction(definition)
      const result = isThenable(fn) ? fn.then(found => run(found, args)) : run(fn, args)
      if (isThenable(result)) return result.then(settled => from(i + 1, settled))
      value = result
    }
    return value
  }

  function run(fn: AnyFunction, args: readonly unknown[]): unknown {
    return resultOf(fn(...args))
  }
})
