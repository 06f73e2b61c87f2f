export type { Schedule } from './backend.ts'
export { type BackendName, backends, defaultBackend } from './backends.ts'
export { BFloat16Array } from './bfloat16.ts'
export type { Operator, UserOperator } from './combine.ts'
export {
  IndexError,
  KernelAssertionError,
  KernelSyntaxError,
  KernelTypeError,
  UnknownNameError,
  UnsafeAccessError,
} from './errors.ts'
export { assert, atomic, random } from './front/intrinsics.ts'
export type { Captured } from './front/signature.ts'
export {
  type ExplainLevel,
  type Index,
  type Kernel,
  type KernelOptions,
  kernel,
  type Reduction,
  type RunOptions,
  reduce,
  type Scan,
  type ScanOptions,
  type ScanOutput,
  scan,
} from './kernel.ts'
export type { Range, Span } from './range.ts'
