export { type AsyncStorage, asyncSnapshot, asyncStorage } from './async-storage.ts'
export { atEnd, onEndingSignal } from './at-end.ts'
export type { Cache, Simd, SimdLevel } from './cpu.ts'
export { describe, describeBytes } from './describe.ts'
export type { Asker, Finding, Install } from './engine-entry.ts'
export type { Engine, ProbeOptions } from './engines.ts'
export { engineNames, probeEngines } from './engines.ts'
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
export { findLibrary, findProgram } from './library.ts'
export type { Machine } from './machine.ts'
export { describeMachine, machine } from './machine.ts'
export { nodeModule } from './node.ts'
export type { FillableArray } from './philox.ts'
export {
  drawOfSplit,
  highWord,
  lowWord,
  philox4x32,
  philoxM0,
  philoxM1,
  philoxRounds,
  philoxW0,
  philoxW1,
  Random,
  uniform32At,
  uniform64At,
} from './philox.ts'
export { inheritedFlags } from './thread-flags.ts'
export { threefry4x32, threefryParity, threefryRotations, threefryRounds } from './threefry.ts'
export type { KeptSpan, Span, StartOptions } from './trace.ts'
export { span, TraceError, tracer } from './trace.ts'
export type { ChromeEvent, ChromeTrace } from './trace-chrome.ts'
export { mergeTraces } from './trace-chrome.ts'
export type { SpanContext } from './trace-context.ts'
export { formatTraceparent, parseTraceparent } from './trace-context.ts'
export type { Attributes } from './trace-threads.ts'
export type { Travel } from './travel.ts'
export { registerTravel, travelNamed, travelOf } from './travel.ts'
export type { WasmFeatures } from './wasm-features.ts'
