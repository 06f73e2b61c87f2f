/**
 * The block of the shared heap through which the ranks of a world of threads meet. The launcher makes it before it starts the threads,
 * and tells them where it lies; nothing in it is an object, and every rank makes its own views.
 *
 *     header      words: the next context, whether all wait for each other
 *     ranks       two lines each: where it sleeps, and what it does (`rankAt`)
 *     texts       for each rank, what it waits for, in words: for reports of deadlock
 *     channels    for each pair, from row to column: slots, the reader's counters, a ring of bytes (`channelAt`)
 */

import { heap } from '@skein/heap'

/** A cache line, in bytes and in words. */
export const lineBytes = 64
export const line = lineBytes / 4

/** What a rank must be told to find the block: plain, so that it can be sent. */
export interface WorldStart {
  readonly size: number
  readonly address: number
  /** Slots, and bytes of the ring, of a channel. */
  readonly slots: number
  readonly ringBytes: number
}

export interface Layout extends WorldStart {
  /** In words from the block's start. */
  readonly ranksAt: number
  readonly textsAt: number
  readonly channelsAt: number
  readonly channelWords: number
  readonly words: number
}

// Header, a line each.
export const nextContext = 0
/** 1: all ranks wait for each other, and each fails. */
export const isDeadlocked = line
/** Locks of files: see FileLock. */
export const fileLocks = 2 * line
export const fileLocksCount = line

// Of a rank.
/** It sleeps on this word. */
export const bell = 0
/** 1: it sleeps, or is about to. */
export const sleeps = 1
/** Counts what it has taken from channels: when it stands still, so does the rank. */
export const taken = line
/** `state` of a rank. */
export const state = line + 1
export const [running, blocked, ended] = [0, 1, 2]
/** Bytes of its text; what it waits for is written down only after a while. */
export const textBytes = line + 2
const rankWords = 2 * line
export const mostTextBytes = 2048

// Of a channel: the reader's line, slots, the ring.
export const takenSlots = 0
export const takenBytes = 1
/** 1: the writer waits for room. */
export const wantsRoom = 2

/** Ranks meet through so many bytes at most. */
const mostChannelBytes = 2 ** 28
export const mostRanks = 256

/** Larger channels for fewer ranks. */
function channelSize(size: number): { slots: number; ringBytes: number } {
  const each = mostChannelBytes / (size * size)
  const ringBytes = Math.min(2 ** 18, 2 ** Math.floor(Math.log2(each * 0.75)))
  return { slots: ringBytes >= 2 ** 16 ? 64 : 16, ringBytes: Math.max(2 ** 11, ringBytes) }
}

export function layoutOf(start: WorldStart): Layout {
  const { size, slots, ringBytes } = start
  const ranksAt = 4 * line
  const textsAt = ranksAt + size * rankWords
  const channelsAt = textsAt + (size * mostTextBytes) / 4
  const channelWords = line + slots * line + ringBytes / 4
  return { ...start, ranksAt, textsAt, channelsAt, channelWords, words: channelsAt + size * size * channelWords }
}

export const rankAt = (layout: Layout, rank: number): number => layout.ranksAt + rank * rankWords
export const textAt = (layout: Layout, rank: number): number => layout.textsAt + (rank * mostTextBytes) / 4
export const channelAt = (layout: Layout, from: number, to: number): number =>
  layout.channelsAt + (from * layout.size + to) * layout.channelWords

/** Makes the block of a world. @param size from 1 to `mostRanks` */
export function makeWorld(size: number): WorldStart {
  const { slots, ringBytes } = channelSize(size)
  const layout = layoutOf({ size, slots, ringBytes, address: 0 })
  const address = heap.allocate(layout.words * 4, { align: lineBytes, label: 'mpi' })
  const c = heap.view(Int32Array, address, layout.words)
  c.fill(0, 0, layout.channelsAt)
  // A slot is new by its stamp alone, so the stamps of what lay here before must go; the rest may stay.
  for (let channel = 0; channel < size * size; channel++) {
    const at = layout.channelsAt + channel * layout.channelWords
    c.fill(0, at, at + line + slots * line)
  }
  Atomics.store(c, nextContext, 8)
  return { size, address, slots, ringBytes }
}

/** Gives the block back, once every rank has ended. */
export function endWorld({ address }: WorldStart): void {
  heap.free(address)
}
