/**
 * Records of words sorted by their keys (keys.ts): stable, in time that grows with their number alone.
 *
 * By digits of the high word, the lowest first, each pass putting records into as many buckets as there are digits. Runs that are equal in it are sorted by
 * the low word then: of floats that are not alike few have any. A digit that all records share takes no pass. Few records are sorted by insertion.
 */

/** Up to so many records are sorted by insertion. */
const few = 40
/** From so many on digits have 11 bits: fewer passes, more buckets to be counted. */
const many = 4096

const counts = new Uint32Array(2048 * 4)

/** @param records each of `words` words of key and, if `width` is larger, a place */
export function sortRecords(
  records: Uint32Array,
  words: 1 | 2,
  width: number,
  begin: number,
  end: number,
  scratch: Uint32Array,
): void {
  if (end - begin <= few) {
    insert(records, words, width, begin, end)
    return
  }
  byWord(records, words - 1, width, begin, end, scratch)
  if (words === 1) return
  for (let from = begin; from < end; ) {
    const high = records[from * width + 1]
    let to = from + 1
    while (to < end && records[to * width + 1] === high) to++
    if (to - from > few) byWord(records, 0, width, from, to, scratch)
    else if (to - from > 1) insert(records, 2, width, from, to)
    from = to
  }
}

function insert(records: Uint32Array, words: 1 | 2, width: number, begin: number, end: number): void {
  const top = words - 1
  for (let k = begin + 1; k < end; k++) {
    const at = k * width
    const [high, low] = [records[at + top], records[at]]
    const place = records[at + width - 1]
    let to = at - width
    while (to >= begin * width && (records[to + top] > high || (records[to + top] === high && records[to] > low))) {
      for (let w = 0; w < width; w++) records[to + width + w] = records[to + w]
      to -= width
    }
    to += width
    records[to + width - 1] = place
    records[to] = low
    records[to + top] = high
  }
}

function byWord(
  records: Uint32Array,
  word: number,
  width: number,
  begin: number,
  end: number,
  scratch: Uint32Array,
): void {
  const n = end - begin
  const bits = n < many ? 8 : 11
  const size = 1 << bits
  const digits = Math.ceil(32 / bits)
  counts.fill(0, 0, digits * size)
  const mask = size - 1
  const last = (end - 1) * width + word
  if (bits === 8) {
    for (let at = begin * width + word; at <= last; at += width) {
      const key = records[at]
      counts[key & 255]++
      counts[256 + ((key >>> 8) & 255)]++
      counts[512 + ((key >>> 16) & 255)]++
      counts[768 + (key >>> 24)]++
    }
  } else {
    for (let at = begin * width + word; at <= last; at += width) {
      const key = records[at]
      counts[key & 2047]++
      counts[2048 + ((key >>> 11) & 2047)]++
      counts[4096 + (key >>> 22)]++
    }
  }
  const first = records[begin * width + word]
  let [from, to] = [records.subarray(begin * width, end * width), scratch.subarray(0, n * width)]
  for (let digit = 0; digit < digits; digit++) {
    const base = digit * size
    const shift = digit * bits
    if (counts[base + ((first >>> shift) & mask)] === n) continue
    let sum = 0
    for (let k = base; k < base + size; k++) {
      const count = counts[k]
      counts[k] = sum
      sum += count
    }
    scatter(from, to, n, word, width, base, shift, mask)
    ;[from, to] = [to, from]
  }
  if (from.buffer !== records.buffer) records.set(from, begin * width)
}

function scatter(
  from: Uint32Array,
  to: Uint32Array,
  n: number,
  word: number,
  width: number,
  base: number,
  shift: number,
  mask: number,
): void {
  if (width === 1) {
    for (let k = 0; k < n; k++) {
      const key = from[k]
      to[counts[base + ((key >>> shift) & mask)]++] = key
    }
  } else if (width === 2) {
    for (let k = 0; k < 2 * n; k += 2) {
      const at = 2 * counts[base + ((from[k + word] >>> shift) & mask)]++
      to[at] = from[k]
      to[at + 1] = from[k + 1]
    }
  } else {
    for (let k = 0; k < 3 * n; k += 3) {
      const at = 3 * counts[base + ((from[k + word] >>> shift) & mask)]++
      to[at] = from[k]
      to[at + 1] = from[k + 1]
      to[at + 2] = from[k + 2]
    }
  }
}
