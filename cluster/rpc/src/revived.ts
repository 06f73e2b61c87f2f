import { type ErrorWire, SkeinError } from '@skein/base'

/** What was thrown on the other side; `asked` becomes its innermost cause, so that both stacks show. */
export const revived = (wire: unknown, asked?: Error): unknown =>
  typeof wire === 'object' && wire !== null ? SkeinError.revive(wire as ErrorWire, asked) : wire
