// What was thrown, across a wire.
import { type ErrorWire, SkeinError, toErrorWire } from '@skein/base'
import { MalformedMessageError } from './errors.ts'

/** What was thrown here, for the other side. It may be anything, and throw when it is looked at. */
export const wireOf = (thrown: unknown): ErrorWire => {
  try {
    return toErrorWire(thrown)
  } catch {
    return toErrorWire(new Error('Something was thrown that cannot be looked at'))
  }
}

/** What was thrown on the other side; `asked` becomes its innermost cause, so that both stacks show. Throws MalformedMessageError. */
export const revived = (wire: unknown, asked?: Error): unknown => {
  if (typeof wire !== 'object' || wire === null) return wire
  const { name, message } = wire as Partial<ErrorWire>
  try {
    if (typeof name === 'string' && typeof message === 'string' && isTree(wire, new Set()))
      return SkeinError.revive(wire as ErrorWire, asked)
  } catch (cause) {
    throw new MalformedMessageError('an error', 'one that can be made', wire, { cause })
  }
  throw new MalformedMessageError('an error', 'a tree with a name and a message', wire)
}

/** Each part is in one place: what is in several would be made for each, and a few bytes could stand for more than there is. */
const isTree = (value: unknown, met: Set<object>): boolean => {
  if (typeof value !== 'object' || value === null) return true
  if (met.has(value)) return false
  met.add(value)
  return Object.values(value).every(part => isTree(part, met))
}
