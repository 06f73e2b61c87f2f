export { describe, describeBytes } from './describe.ts'
export type { ErrorFields, ErrorWire, WireValue } from './error.ts'
export { registerError, SkeinError, toErrorWire } from './error.ts'
export type { MemoryHolder } from './errors.ts'
export {
  ArgumentError,
  CancelledError,
  InternalError,
  NotSupportedError,
  OutOfMemoryError,
  TimeoutError,
} from './errors.ts'
