// C. Fidge, "Timestamps in message-passing systems that preserve the partial ordering", 1988; F. Mattern, "Virtual time and global states of distributed systems", 1989.
import { ArgumentError } from '@skein/base'
import { compareKeys } from '../core/keys.ts'
import type { EventClock, Order } from './clock.ts'
import { TimestampFormatError } from './errors.ts'
import { checkNode, textOf } from './lamport.ts'

/** Of each member how many of its events may have caused this one; whoever is missing has none. */
export type VectorStamp = ReadonlyMap<string, number>

const encoder = new TextEncoder()

/** Counts the events of every member: tells exactly which events may have caused which, at the cost of a number for each member in each stamp. Members join by being heard of. */
export class VectorClock implements EventClock<VectorStamp> {
  readonly order = 'partial'
  readonly causality = 'exact'
  private readonly node: string
  private readonly counts = new Map<string, number>()
  /** Members that have left, and how many events they had; everybody has seen those. */
  private readonly retired = new Map<string, number>()

  /** `node` is another for each clock. `after`: how many events of this node there were before. Throws ArgumentError. */
  constructor(node: string, after = 0) {
    this.node = checkNode('VectorClock', node)
    if (!Number.isSafeInteger(after) || after < 0)
      throw new ArgumentError('VectorClock', 'after', 'a whole number from 0', after)
    this.counts.set(node, after)
  }

  now(): VectorStamp {
    this.counts.set(this.node, this.counts.get(this.node)! + 1)
    return new Map(this.counts)
  }

  observe(remote: VectorStamp): VectorStamp {
    for (const [node, count] of remote) {
      checkNode('observe', node)
      if (!Number.isSafeInteger(count) || count < 0)
        throw new ArgumentError('observe', `remote.get(${JSON.stringify(node)})`, 'a whole number from 0', count)
    }
    for (const [node, count] of remote) if (count > this.count(node)) this.counts.set(node, count)
    return this.now()
  }

  /**
   * Drops a member that has left from stamps that follow: it will have no more events, and every member has observed its last. Who drops it earlier takes stamps for ordered that are concurrent.
   * Each member does this for itself; stamps with and without it are compared as they should be. Throws ArgumentError for this node itself.
   */
  retire(node: string): void {
    if (node === this.node) throw new ArgumentError('retire', 'node', 'another member than this one', node)
    this.retired.set(node, this.count(node))
    this.counts.delete(node)
  }

  compare(a: VectorStamp, b: VectorStamp): Order {
    let [isLess, isMore] = [false, false]
    const look = (node: string): void => {
      const known = this.retired.get(node) ?? 0
      const [x, y] = [Math.max(a.get(node) ?? 0, known), Math.max(b.get(node) ?? 0, known)]
      if (x < y) isLess = true
      else if (x > y) isMore = true
    }
    for (const node of a.keys()) look(node)
    for (const node of b.keys()) if (!a.has(node)) look(node)
    return isLess ? (isMore ? 'concurrent' : 'before') : isMore ? 'after' : 'equal'
  }

  /** What a mark must cover (durable.ts): this node's own events. */
  heightOf(stamp: VectorStamp): number {
    return stamp.get(this.node) ?? 0
  }

  /** Members in order of their names: two bytes of the name's length, the name, eight bytes of the count. */
  encode(stamp: VectorStamp): Uint8Array<ArrayBuffer> {
    const members = [...stamp].sort(([a], [b]) => compareKeys(a, b))
    const names = members.map(([node]) => encoder.encode(node))
    const bytes = new Uint8Array(names.reduce((sum, { length }) => sum + length + 10, 0))
    const view = new DataView(bytes.buffer)
    let at = 0
    for (const [i, [node, count]] of members.entries()) {
      if (names[i].length > 0xffff) throw new ArgumentError('encode', 'node', 'a name of at most 65535 bytes', node)
      view.setUint16(at, names[i].length)
      bytes.set(names[i], at + 2)
      view.setBigUint64(at + 2 + names[i].length, BigInt(count))
      at += names[i].length + 10
    }
    return bytes
  }

  decode(bytes: Uint8Array): VectorStamp {
    const fail = (reason: string): never => {
      throw new TimestampFormatError('vector', bytes.length, reason)
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const stamp = new Map<string, number>()
    for (let at = 0; at < bytes.length; ) {
      const length = at + 2 > bytes.length ? 0 : view.getUint16(at)
      if (length === 0 || at + length + 10 > bytes.length) fail('it ends within a member')
      const node = textOf(bytes.subarray(at + 2, at + 2 + length)) ?? fail('a name is no UTF-8')
      const count = view.getBigUint64(at + 2 + length)
      if (stamp.has(node)) fail('a member is in it twice')
      if (count > BigInt(Number.MAX_SAFE_INTEGER)) fail('a count is above 2^53')
      stamp.set(node, Number(count))
      at += length + 10
    }
    return stamp
  }

  private count(node: string): number {
    return this.counts.get(node) ?? this.retired.get(node) ?? 0
  }
}
