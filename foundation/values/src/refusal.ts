/** Which objects are no data, and how it is told where one stands. */

import { types } from './engine.ts'

/** Of a long path, an error tells so many steps at each end. */
const toldSteps = 16

/** `root.user.on[0]` */
export function pathText(root: string, steps: readonly (string | number)[]): string {
  const told = steps.map(step =>
    typeof step === 'number'
      ? `[${step}]`
      : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) || /^(get)?\(/.test(step)
        ? `.${step}`
        : `[${JSON.stringify(step)}]`,
  )
  if (told.length > 2 * toldSteps) told.splice(toldSteps, told.length - 2 * toldSteps, '…')
  return root + told.join('')
}

/** What is no data, with what to do instead. */
export function uncloneable(value: object): [kind: string, advice: string] | undefined {
  if (types.isPromise(value)) return ['a promise', 'Await it first, and send its value.']
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    return ['a weak collection', 'Send what it refers to.']
  }
  if (types.isGeneratorObject(value)) return ['a generator', 'Send an array of what it yields.']
  if (types.isModuleNamespaceObject(value)) return ['a module', 'Import it where it is used.']
  if (types.isProxy(value) || types.isExternal(value))
    return ['a proxy or a native object', 'Send the plain data behind it.']
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (/\bIterator\b/.test(tag)) return ['an iterator', 'Send an array of what it yields.']
  // Objects of the engine and of Node have no properties of their own that would say what they are.
  const type = tag.split('.').reduce<unknown>((from, name) => (from as Names | undefined)?.[name], globalThis)
  const isBuiltIn = typeof type === 'function' && type !== Object && value instanceof type
  return isBuiltIn || types.isKeyObject(value) ? [`a ${tag}`, 'Send the plain data behind it.'] : undefined
}

interface Names {
  readonly [name: string]: unknown
}
