/**
 * What this engine's WebAssembly can do, asked by validating the smallest module that needs each feature. Nothing is
 * compiled or run, so all of them take well under a millisecond.
 */

export interface WasmFeatures {
  /** 128-bit vectors. */
  readonly simd: boolean
  /** Vector operations whose rounding the hardware decides: fused multiply-add among them. */
  readonly relaxedSimd: boolean
  /** Atomic operations, and memories that threads share. */
  readonly threads: boolean
  /** 64-bit addresses: memories beyond 4 GiB. */
  readonly memory64: boolean
  readonly sharedMemory64: boolean
  readonly multiMemory: boolean
  readonly bulkMemory: boolean
  readonly tailCall: boolean
  readonly multiValue: boolean
  readonly signExtension: boolean
  /** Conversions from float to integer that saturate and never trap. */
  readonly saturatingConversion: boolean
  readonly extendedConst: boolean
  readonly exceptions: boolean
  readonly gc: boolean
  /** Wasm that waits for a JavaScript promise (JSPI). */
  readonly promiseIntegration: boolean
}

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
/** Every section and body here is shorter than 128 bytes, so a length is one byte. */
const sized = (bytes: readonly number[]): number[] => [bytes.length, ...bytes]
const section = (id: number, ...bytes: number[]): number[] => [id, ...sized(bytes)]
const types = (...bytes: number[]): number[] => section(1, 1, ...bytes)
const toNothing = types(0x60, 0, 0)
const oneFunction = section(3, 1, 0)
const memory = (...limits: number[]): number[] => section(5, 1, ...limits)
const code = (...instructions: number[]): number[] => section(10, 1, ...sized([0, ...instructions, 0x0b]))
const i32 = (value: number): number[] => [0x41, value]
const drop = 0x1a

const modules: { readonly [feature in Exclude<keyof WasmFeatures, 'promiseIntegration'>]: readonly number[] } = {
  // (drop (i32x4.splat (i32.const 0)))
  simd: [...toNothing, ...oneFunction, ...code(...i32(0), 0xfd, 0x11, drop)],
  // (drop (f32x4.relaxed_madd (f32x4.splat 0) (f32x4.splat 0) (f32x4.splat 0))), splats made by i32x4
  relaxedSimd: [
    ...toNothing,
    ...oneFunction,
    ...code(...[0, 0, 0].flatMap(x => [...i32(x), 0xfd, 0x11]), 0xfd, 0x85, 0x02, drop),
  ],
  // (memory 1 1 shared) (drop (i32.atomic.load (i32.const 0)))
  threads: [...toNothing, ...oneFunction, ...memory(0x03, 1, 1), ...code(...i32(0), 0xfe, 0x10, 2, 0, drop)],
  // (memory i64 1)
  memory64: memory(0x04, 1),
  // (memory i64 1 1 shared)
  sharedMemory64: memory(0x07, 1, 1),
  // (memory 0) (memory 0)
  multiMemory: section(5, 2, 0, 0, 0, 0),
  // (memory 0) (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))
  bulkMemory: [...toNothing, ...oneFunction, ...memory(0, 0), ...code(...i32(0), ...i32(0), ...i32(0), 0xfc, 10, 0, 0)],
  // (return_call 0)
  tailCall: [...toNothing, ...oneFunction, ...code(0x12, 0)],
  // (func (result i32 i32))
  multiValue: [...types(0x60, 0, 2, 0x7f, 0x7f), ...oneFunction, ...code(...i32(0), ...i32(0))],
  // (drop (i32.extend8_s (i32.const 0)))
  signExtension: [...toNothing, ...oneFunction, ...code(...i32(0), 0xc0, drop)],
  // (drop (i32.trunc_sat_f32_s (f32.const 0)))
  saturatingConversion: [...toNothing, ...oneFunction, ...code(0x43, 0, 0, 0, 0, 0xfc, 0, drop)],
  // (global i32 (i32.add (i32.const 0) (i32.const 0)))
  extendedConst: section(6, 1, 0x7f, 0, ...i32(0), ...i32(0), 0x6a, 0x0b),
  // (try_table)
  exceptions: [...toNothing, ...oneFunction, ...code(0x1f, 0x40, 0, 0x0b)],
  // (type (struct))
  gc: types(0x5f, 0),
}

const validates = (bytes: readonly number[]): boolean => {
  try {
    return WebAssembly.validate(new Uint8Array([...header, ...bytes]))
  } catch {
    return false
  }
}

/** All false where there is no WebAssembly at all. */
export const probeWasm = (): WasmFeatures => {
  const answers = Object.entries(modules).map(([feature, bytes]) => [feature, validates(bytes)])
  const promiseIntegration = typeof WebAssembly === 'object' && 'Suspending' in WebAssembly
  return { ...Object.fromEntries(answers), promiseIntegration } as unknown as WasmFeatures
}
