// Frames, that two Skeins speak. One is a 0, which no line of JSON begins with, the length of what follows its five first bytes, a kind, and what belongs to that.
//
//     attachment   bytes of a typed array in the next frame that is none, as they are
//     call         target, v reply, v heard, u8 flags, [f64 ms until the deadline], [trace], value: the arguments
//     answer       v reply, value
//     failure      v reply, value: what was thrown
//     release      pairs: v number of a function, v how often it had been received
//     cancel       v reply, value: the reason
//     abort        v signal, value: the reason
//     pull         v stream, v items
//     items        v stream, value: an array of them
//     end          v stream, u8 1 if an error follows, [value]
//     heard        v heard: how many answers have come, when no call says so
//     ping         the other side is to say something: pong
//     pong
//     received     v bytes: so many have come, over all connections of the session
//     bye          the session is over, and its connection not to be made again
//
// A trace is v length, traceparent, v length, tracestate. A target is u8 0 and v number of a function, or u8 1, v reply of a call, and value: the path in its answer. `v` is a number of seven bits a byte, the lowest first, the
// eighth bit set where more follow. Values are those of @skein/values, with the tags below besides.
import { firstForeignTag } from '@skein/values'

export const kinds = {
  attachment: 0,
  call: 1,
  answer: 2,
  failure: 3,
  release: 4,
  cancel: 5,
  abort: 6,
  pull: 7,
  items: 8,
  end: 9,
  heard: 10,
  ping: 11,
  pong: 12,
  received: 13,
  bye: 14,
} as const

/** Of a call. */
export const flags = { deadline: 1, trace: 2 } as const

export const tags = {
  /** u32 number. */
  function: firstForeignTag,
  /** u32 number of a function that gives it. */
  promise: firstForeignTag + 1,
  /** u8 kind of view: its bytes were the next attachment. */
  attached: firstForeignTag + 2,
  /** u32 stream. */
  stream: firstForeignTag + 3,
  /** u32 reply of a call to the receiver, value: the path in its answer. */
  answer: firstForeignTag + 4,
  /** u32 signal. */
  signal: firstForeignTag + 5,
} as const

/** The marker and the length. */
export const headerBytes = 5
/** Typed arrays from so many bytes on are attachments. */
export const attachedBytes = 1 << 16
