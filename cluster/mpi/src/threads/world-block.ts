/**
 * The block of the shared heap through which the ranks of a world of threads meet. The launcher makes it before it starts the threads,
 * and tells them where it lies; nothing in it is an object, and every rank makes its own views.
 *
 *     header      words: the next context, whether all wait for each other, what the launcher is asked for
 *     ranks       two lines each: where it sleeps, and what it does (`rankAt`)
 *     texts       for each rank, what it waits for, in words: for reports of deadlock
 *     meetings    ports and names under which ranks find each other (`Meetings`)
 *     channels    for each pair, from row to column: slots, the reader's counters, a ring of bytes (`channelAt`)
 *
 * Ranks may be spawned later: up to `universe` of them have their lines and channels, smaller ones, which nobody touches before.
 */

import { heap } from '@skein/heap'

/** A cache line, in bytes and in words. */
export const lineBytes = 64
export const line = lineBytes / 4

/** What a rank must be told to find the block: plain, so that it can be sent. */
export interface WorldStart {
  /** Ranks that it begins with. */
  readonly size: number
  /** Ranks that there may be. */
  readonly universe: number
  readonly address: number
  /** Someone else started the ranks, and starts more when asked. */
  readonly hasLauncher: boolean
  /** Slots, and bytes of the ring, of a channel. */
  readonly slots: number
  readonly ringBytes: number
}

/** What a rank that was spawned is told of those who did it. */
export interface Parent {
  /** Of messages between both groups; the next communicators are the parents' own, the new ranks' own, and the new ranks' world. */
  readonly context: number
  readonly members: readonly number[]
}

/** What a rank is told: where its world is, and its own place there. */
export interface RankStart extends WorldStart {
  /** In the universe. */
  readonly rank: number
  /** Of its world, by rank. */
  readonly members: readonly number[]
  /** Which of the programs that were started together. */
  readonly appNumber: number
  /** Undefined: it is one of the first. */
  readonly parent: Parent | undefined
}

export interface Layout extends WorldStart {
  /** In words from the block's start. */
  readonly ranksAt: number
  readonly textsAt: number
  readonly meetingsAt: number
  readonly channelsAt: number
  readonly channelWords: number
  /** Where the channels begin of which one end is a rank that was spawned. */
  readonly laterAt: number
  readonly words: number
}

// Header, a line each.
export const nextContext = 0
/** 1: all ranks wait for each other, and each fails. */
export const isDeadlocked = line
/** Locks of files: see FileLock. */
export const fileLocks = 2 * line
export const fileLocksCount = line
/** What the launcher is asked for: see `spawn.ts`. */
export const launching = 3 * line

// Of a rank.
/** It sleeps on this word. */
export const bell = 0
/** 1: it sleeps, or is about to. */
export const sleeps = 1
/** Counts what it has taken from channels: when it stands still, so does the rank. */
export const taken = line
/** `state` of a rank. */
export const state = line + 1
export const [running, blocked, ended, absent] = [0, 1, 2, 3]
/** Bytes of its text; what it waits for is written down only after a while. */
export const textBytes = line + 2
/** How many ranks have had this number: channels begin anew with each. */
export const generation = line + 3
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
/** Ranks that may be spawned, unless SKEIN_MPI_UNIVERSE says how many there may be in all. */
const spareRanks = 8
/** Of channels from and to ranks that were spawned. */
const later = { slots: 16, ringBytes: 2 ** 14 }
const laterWords = line + later.slots * line + later.ringBytes / 4

/** Words of ports and names. */
export const portsCount = 32
export const namesCount = 32
export const nameWords = 128
const meetingWords = line + portsCount * line + namesCount * nameWords

/** Larger channels for fewer ranks. */
function channelSize(size: number): { slots: number; ringBytes: number } {
  const each = mostChannelBytes / (size * size)
  const ringBytes = Math.min(2 ** 18, 2 ** Math.floor(Math.log2(each * 0.75)))
  return { slots: ringBytes >= 2 ** 16 ? 64 : 16, ringBytes: Math.max(2 ** 11, ringBytes) }
}

export function layoutOf(start: WorldStart): Layout {
  const { size, universe, slots, ringBytes } = start
  const ranksAt = 4 * line
  const textsAt = ranksAt + universe * rankWords
  const meetingsAt = textsAt + (universe * mostTextBytes) / 4
  const channelsAt = meetingsAt + meetingWords
  const channelWords = line + slots * line + ringBytes / 4
  const laterAt = channelsAt + size * size * channelWords
  const words = laterAt + (universe * universe - size * size) * laterWords
  return { ...start, ranksAt, textsAt, meetingsAt, channelsAt, channelWords, laterAt, words }
}

export const rankAt = (layout: Layout, rank: number): number => layout.ranksAt + rank * rankWords
export const textAt = (layout: Layout, rank: number): number => layout.textsAt + (rank * mostTextBytes) / 4

/** Where a channel is, and how large. */
export interface ChannelShape {
  readonly at: number
  readonly slots: number
  readonly ringBytes: number
}

export function channelOf(layout: Layout, from: number, to: number): ChannelShape {
  const { size, universe, channelsAt, channelWords, laterAt, slots, ringBytes } = layout
  if (from < size && to < size) return { at: channelsAt + (from * size + to) * channelWords, slots, ringBytes }
  // First from the ranks it began with to each later one, then from each later one to all.
  const spare = universe - size
  const index = from < size ? from * spare + (to - size) : size * spare + (from - size) * universe + to
  return { at: laterAt + index * laterWords, ...later }
}

/** A slot is new by its stamp alone, so the stamps of what lay here before must go; the rest may stay. */
function clearChannel(c: Int32Array, { at, slots }: ChannelShape): void {
  c.fill(0, at, at + line + slots * line)
}

function universeOf(size: number): number {
  const asked = Number(process.env.SKEIN_MPI_UNIVERSE)
  return Math.min(Math.max(size, asked > 0 ? Math.floor(asked) : size + spareRanks), mostRanks + spareRanks)
}

/** Makes the block of a world. @param size from 1 to `mostRanks` */
export function makeWorld(size: number, hasLauncher = false): WorldStart {
  const { slots, ringBytes } = channelSize(size)
  const layout = layoutOf({ size, universe: universeOf(size), hasLauncher, slots, ringBytes, address: 0 })
  const address = heap.allocate(layout.words * 4, { align: lineBytes, label: 'mpi' })
  const c = heap.view(Int32Array, address, layout.words)
  c.fill(0, 0, layout.channelsAt)
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) clearChannel(c, channelOf(layout, from, to))
  }
  for (let rank = size; rank < layout.universe; rank++) c[rankAt(layout, rank) + state] = absent
  // Those of the world and of each rank by itself come before.
  // Behind those of the world, of each rank by itself, and of sessions.
  Atomics.store(c, nextContext, 12)
  return { size, universe: layout.universe, hasLauncher, address, slots, ringBytes }
}

/** The start of one of the ranks that a world begins with. */
export const firstRank = (world: WorldStart, rank: number, appNumber = 0): RankStart => ({
  ...world,
  rank,
  members: Array.from({ length: world.size }, (_, member) => member),
  appNumber,
  parent: undefined,
})

/** Makes room for a rank that is to be spawned, under a number that nobody has. */
export function enterRank(c: Int32Array, layout: Layout, rank: number): void {
  for (let other = 0; other < layout.universe; other++) {
    clearChannel(c, channelOf(layout, rank, other))
    if (other !== rank) clearChannel(c, channelOf(layout, other, rank))
  }
  const r = rankAt(layout, rank)
  for (const word of [bell, sleeps, taken, textBytes]) c[r + word] = 0
  c[r + generation]++
  Atomics.store(c, r + state, running)
}

/** Gives the block back, once every rank has ended. */
export function endWorld({ address }: WorldStart): void {
  heap.free(address)
}
