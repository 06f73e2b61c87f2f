/**
 * What the memory gives, measured without Skein's compiler: WebAssembly's `memory.copy`, which is the C library's memmove, on
 * every thread at once. As in STREAM, bytes read and bytes written count, and the lines that a cache fetches in order to
 * overwrite them do not.
 */
import type { Heap } from '@skein/heap'
import type { Body, Team } from '@skein/team'

const blockBytes = 65536

/** Copies `bytes` (a multiple of 64 KiB) within the heap on the whole team, each time it is called. */
export function memoryCopier(heap: Heap, team: Team, bytes: number): { copy(): void; free(): void } {
  const from = heap.allocate(bytes, { label: 'bench' })
  const to = heap.allocate(bytes, { label: 'bench' })
  // Memory that was never written is no memory yet: reading it would cost nothing.
  heap.view(Float64Array, from, bytes / 8).fill(1)
  const header = heap.allocate(16, { label: 'bench' })
  heap.view(BigUint64Array, header, 2).set([BigInt(from), BigInt(to)])
  const body: Body = team.load({ bytes: copyModule(heap.memory64), exports: ['copy'], name: 'memory.copy' })
  return {
    copy: () => void team.run(body, 0, { begin: 0, end: bytes / blockBytes, args: header }),
    free() {
      body.unload()
      for (const address of [from, to, header]) heap.free(address)
    },
  }
}

/** `copy(header, begin, end, thread)`: blocks `begin` to `end` from the first address of the header to the second. */
export function copyModule(memory64: boolean): Uint8Array {
  const sized = (bytes: number[]): number[] => [bytes.length, ...bytes]
  const section = (id: number, ...bytes: number[]): number[] => [id, ...sized(bytes)]
  const name = (text: string): number[] => sized([...new TextEncoder().encode(text)])
  const address = memory64 ? 0x7e : 0x7f
  const [limits, most] = memory64 ? [0x07, [0x80, 0x80, 0x10]] : [0x03, [0x80, 0x80, 0x04]]
  const get = (local: number): number[] => [0x20, local]
  const toAddress = memory64 ? [0xad] : [] // i64.extend_i32_u
  const timesBlock = memory64 ? [0x42, 16, 0x86] : [0x41, 16, 0x74] // shl 16
  const load = (offset: number): number[] => (memory64 ? [0x29, 3, offset] : [0x28, 2, offset])
  const place = (offset: number): number[] => [
    ...get(0),
    ...load(offset),
    ...get(1),
    ...toAddress,
    ...timesBlock,
    memory64 ? 0x7c : 0x6a,
  ]
  const length = [...get(2), ...get(1), 0x6b, ...toAddress, ...timesBlock]
  const code = [...place(8), ...place(0), ...length, 0xfc, 0x0a, 0, 0, 0x41, 0, 0x0b]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, ...sized([address, 0x7f, 0x7f, 0x7f]), ...sized([0x7f])),
    ...section(2, 1, ...name('env'), ...name('memory'), 2, limits, 0, ...most),
    ...section(3, 1, 0),
    ...section(7, 1, ...name('copy'), 0, 0),
    ...section(10, 1, ...sized([0, ...code])),
  ])
}
