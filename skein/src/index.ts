export {
  ArgumentError,
  CancelledError,
  describe,
  InternalError,
  machine,
  NotSupportedError,
  OutOfMemoryError,
  probeEngines,
  Random,
  SkeinError,
  span,
  TimeoutError,
  tracer,
} from '@skein/base'
export { heap } from '@skein/heap'
export * from '@skein/kernel'
