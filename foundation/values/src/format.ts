/**
 * The format. A value is a tag byte and what the tag says:
 *
 *     undefined null true false
 *     int32       i32
 *     float64     f64
 *     latin1      u32 bytes, a character each
 *     utf16       u32 bytes, little-endian; not UTF-8, which would lose lone surrogates
 *     bigint      a text: its digits to base 16
 *     array       u32 length, a value each
 *     sparse      u32 length, entries: holes stay holes, and named properties come along
 *     object      entries
 *     shape       u8 count, a text each: keys; then their values. The shape gets the next number
 *     shaped      u8 number of a shape; the values of its keys
 *     date        f64
 *     regexp      texts: source and flags
 *     map         u32 count; a key and a value each
 *     set         u32 count, a value each
 *     buffer      f64 bytes, the bytes; sharedBuffer and dataView alike
 *     view        u8 kind, f64 bytes, the bytes
 *     error       a value: the error as `toErrorWire` gives it; nothing in it is `seen`
 *     boxed       a value: the primitive
 *     seen        u32 number of an object
 *     instance    texts: a class (`registerTravel`) and its module; a value: what the instance consists of
 *
 *     0x20 + n    text of n Latin-1 characters, up to 31
 *     0x40 + n    the integer n, up to 63
 *     0x80 + n    array of n values, up to 15
 *     0xe0 + n    what the room above has to send besides
 *
 * Entries are a u32 count, then a text and a value each. Objects are numbered in the order they are begun, so that a second meeting, or
 * a circle, is a number. Numbers are little-endian, and lie where they fall.
 */

export const tags = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int32: 4,
  float64: 5,
  latin1: 6,
  utf16: 7,
  bigint: 8,
  array: 9,
  sparse: 10,
  object: 11,
  shape: 12,
  shaped: 13,
  date: 14,
  regexp: 15,
  buffer: 16,
  sharedBuffer: 17,
  dataView: 18,
  view: 19,
  map: 20,
  set: 21,
  error: 22,
  boxed: 23,
  seen: 24,
  instance: 25,
} as const

export const firstShortText = 0x20
export const mostShortText = 31
export const firstSmallInt = 0x40
export const mostSmallInt = 63
export const firstShortArray = 0x80
export const mostShortArray = 15
/** Tags from here on, up to 0xff, are the room's above. */
export const firstForeignTag = 0xe0

/** Keys of an object whose shape is kept, and shapes of one message: more cost more than they save. */
export const mostKeys = 32
export const mostShapes = 32

/** Nesting beyond this is refused: the thread that unpacks may have less stack than the one that packs. */
export const deepest = 1000
