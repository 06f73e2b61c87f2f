/** Collectives of one communicator, of all forms, and what each rank has when they are over. */

import {
  type Comm,
  type Draft,
  drawCount,
  drawLayout,
  drawPart,
  drawStuff,
  isInter,
  partWords,
  type Stuff,
  shuffled,
} from './draft.ts'
import { later } from './draw-messages.ts'
import { type Entry, fill, hash, type Part, packed, sent, unpack } from './memory.ts'
import { applyOp, drawOp } from './reductions.ts'
import { byteEntry } from './types.ts'

/** Shares of a buffer, a place for each rank: of one type, or each of its own (then places are in bytes). */
interface Shares {
  readonly bytes: number
  readonly seed: number
  readonly from: number
  readonly counts: readonly number[]
  /** In bytes. */
  readonly places: readonly number[]
  readonly entries: readonly Entry[]
  readonly isTyped: boolean
  readonly form: number
}

/** What one rank gives and gets. */
interface Role {
  readonly rank: number
  readonly root: number
  send: string
  recv: string
  /** The buffer it receives into: as it is first, and what comes. */
  memory?: Uint8Array
  /** Its log ends with this. */
  after?: () => Uint8Array
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

/** A call on all sides: how, and what. `values`: it is of values, whose bytes these are. */
interface Call {
  readonly name: string
  readonly form: 'buffers' | 'new' | 'values'
  readonly op: number
  readonly counts: readonly number[]
}

const rootHere = -4
const nobody = -2

/** The root that each rank names, and who it is. */
function drawRoot(d: Draft, comm: Comm): { side: number; root: number; named: (side: number, rank: number) => number } {
  const side = isInter(comm) ? d.c.below(2) : 0
  const root = d.c.below(comm.sides[side]!.members.length)
  const named = (of: number, rank: number) =>
    !isInter(comm) ? root : of !== side ? root : rank === root ? rootHere : nobody
  return { side, root, named }
}

function say(d: Draft, comm: Comm, call: Call, roles: readonly Role[]): void {
  const { c } = d
  const hows = ['now', 'now', 'start', 'persistent'] as const
  // A persistent one is started twice, which in place would work on its own result.
  const isOnce = roles.some(({ send }) => send === 'inplace')
  const how = c.pick(isOnce ? hows.slice(0, 3) : hows)
  if (how !== 'now') {
    // Open MPI 4.1 waits for ever, or mixes them up.
    if (isInter(comm)) d.notForLibraries = 'collectives between groups that do not block'
    if (isOnce && call.name.startsWith('alltoall')) d.notForLibraries = 'alltoall in place that does not block'
  }
  for (const { rank, root, send, recv, after } of roles) {
    const label = d.number()
    const id = how === 'start' ? d.number() : -1
    const { name, form, op, counts } = call
    d.say(rank, 'coll', name, how, form, id, label, comm.id, root, op, send, recv, 'counts', counts.length, ...counts)
    if (after === undefined) {
      if (id >= 0) later(d, rank, [{ id, log: [] }])
      continue
    }
    const text = hash(after())
    if (id >= 0) later(d, rank, [{ id, log: [[label, text]] }])
    else d.expect(rank, label, text)
  }
}

const roleOf = (rank: number, root = 0): Role => ({ rank, root, send: 'none', recv: 'none' })

/** Shares in any order in memory, with gaps. */
function drawShares(d: Draft, stuffs: readonly Stuff[], isTyped: boolean): Shares {
  const { c } = d
  const one = drawLayout(d, { entry: stuffs[0]?.entry ?? byteEntry, count: 1 })
  const fits =
    one.kind !== undefined &&
    stuffs.every(({ entry, count }) => (count * entry.basics) % one.basics === 0) &&
    one.most > 1e9
  const entries = stuffs.map(stuff => {
    const entry = isTyped ? drawLayout(d, stuff) : fits ? one : stuff.entry
    return entry
  })
  const counts = stuffs.map(({ entry, count }, i) => (count * entry.basics) / entries[i].basics)
  const places: number[] = stuffs.map(() => 0)
  let at = 0
  let reach = 0
  const isPacked = !isTyped && c.oneIn(2)
  for (const i of isPacked ? stuffs.keys() : shuffled(c, [...stuffs.keys()])) {
    const { extent, end } = entries[i]
    const span = counts[i] === 0 ? 0 : (counts[i] - 1) * extent + end
    const unit = isTyped ? 8 : extent
    if (!isPacked) at += unit * c.below(3)
    places[i] = at
    reach = Math.max(reach, at + span)
    at += isPacked ? counts[i] * extent : Math.ceil(span / unit) * unit
  }
  const from = isTyped ? 0 : (entries[0]?.type.size ?? 1) * (entries[0]?.index < 10 ? c.below(3) : 0)
  return {
    ...{ bytes: Math.ceil((from + reach) / 8) * 8 + 8, seed: d.seed(), from, counts, places, entries, isTyped },
    form: c.pick([2, 3, 5]),
  }
}

const sharesWords = ({ bytes, seed, from, counts, places, entries, isTyped, form }: Shares): string =>
  isTyped
    ? `typed ${bytes} ${seed} ${form} ${counts.length} ${[...counts, ...places, ...entries.map(e => e.index)].join(' ')}`
    : `parts ${bytes} ${seed} ${from} ${entries[0]?.index ?? byteEntry.index} ${form} ${counts.length} ${[...counts, ...places.map(p => p / (entries[0]?.extent ?? 1))].join(' ')}`

const shareSent = ({ bytes, seed, from, counts, places, entries }: Shares, i: number): Uint8Array =>
  packed(fill(bytes, seed), from + places[i], counts[i], entries[i])

function shareReceived({ from, places, entries }: Shares, memory: Uint8Array, i: number, came: Uint8Array): void {
  unpack(came, memory, from + places[i], entries[i])
}

/** A part that holds a share for each, one after the other, as shares. */
const asShares = (part: Part, n: number): Shares => ({
  ...{ bytes: part.bytes, seed: part.seed, from: part.from, isTyped: false, form: part.form },
  counts: Array.from({ length: n }, () => part.count),
  places: Array.from({ length: n }, (_, i) => i * part.count * part.entry.extent),
  entries: Array.from({ length: n }, () => part.entry),
})

/** A role that receives one part. */
function takes(role: Role, part: Part, came: () => Uint8Array): void {
  role.recv = partWords(part)
  role.after = () => {
    const memory = fill(part.bytes, part.seed)
    unpack(came(), memory, part.from, part.entry)
    return memory
  }
}

/** A role that receives shares; one that gives undefined leaves its place as it is. */
function takesShares(role: Role, words: string, shares: Shares, came: (i: number) => Uint8Array | undefined): void {
  role.recv = words
  role.after = () => {
    const memory = fill(shares.bytes, shares.seed)
    shares.counts.forEach((_, i) => {
      const bytes = came(i)
      if (bytes !== undefined) shareReceived(shares, memory, i, bytes)
    })
    return memory
  }
}

/** A new array holds nothing else than what came. */
const newPart = (stuff: Stuff): Part => ({
  ...{ bytes: stuff.count * stuff.entry.type.size, seed: 0, from: 0, count: stuff.count, entry: stuff.entry, form: 0 },
})

const noCall = { form: 'buffers', op: -1, counts: [] } as const

export function drawBarrier(d: Draft, comm: Comm): void {
  const roles = comm.sides.flatMap(({ members }) => members.map(rank => roleOf(rank)))
  say(d, comm, { ...noCall, name: 'barrier' }, roles)
}

export function drawBcast(d: Draft, comm: Comm): void {
  const { side, root, named } = drawRoot(d, comm)
  const isValue = d.c.oneIn(4)
  const stuff = isValue ? { entry: byteEntry, count: d.c.below(400) } : drawStuff(d)
  const source = drawPart(d, stuff)
  const roles: Role[] = []
  comm.sides.forEach(({ members }, of) => {
    members.forEach((rank, r) => {
      const role = roleOf(rank, named(of, r))
      roles.push(role)
      if (of === side && r === root) role.recv = partWords(source)
      else if (of !== side || !isInter(comm)) {
        takes(role, isValue ? newPart(stuff) : drawPart(d, stuff), () => sent(source))
      }
    })
  })
  say(d, comm, { ...noCall, name: 'bcast', form: isValue ? 'values' : 'buffers' }, roles)
}

/** A new array is as long as what this rank gives, which the other group need not give. */
const drawForm = (d: Draft, comm: Comm): Call['form'] =>
  d.c.pick(isInter(comm) ? (['buffers', 'values'] as const) : (['buffers', 'buffers', 'new', 'values'] as const))

/** The side whose ranks send to a root on `side`, or get from it. */
const underRoot = (comm: Comm, side: number): number => (isInter(comm) ? 1 - side : 0)

/** gather, gatherv, scatter and scatterv. */
export function drawRooted(d: Draft, comm: Comm): void {
  const { c } = d
  const isGather = c.oneIn(2)
  const { side, root, named } = drawRoot(d, comm)
  const under = underRoot(comm, side)
  const { members } = comm.sides[under]!
  const n = members.length
  const form = drawForm(d, comm)
  const isRagged = form === 'values' || (form === 'buffers' && c.oneIn(2))
  const stuffs = drawShareStuffs(d, n, isRagged, form)
  // In place the root's own share stays where it is among the others.
  const isInPlace = form === 'buffers' && !isInter(comm) && c.oneIn(4)
  const { shares, words } = layOut(d, stuffs, form, isRagged, isGather)
  const given = stuffs.map(stuff => drawPart(d, stuff, 1, 0, form === 'buffers' ? undefined : stuff.entry))
  const roles: Role[] = []
  comm.sides.forEach((each, of) => {
    each.members.forEach((rank, r) => {
      const role = roleOf(rank, named(of, r))
      roles.push(role)
      const isRoot = of === side && r === root
      if (isGather) {
        if (of === under) role.send = isInPlace && isRoot ? 'inplace' : partWords(given[r])
        if (isRoot) {
          const isOwn = (i: number) => isInPlace && i === r
          takesShares(role, words, shares, i => (isOwn(i) ? undefined : sent(given[i])))
        }
      } else {
        if (isRoot) role.send = words
        if (of === under) {
          if (isInPlace && isRoot) role.recv = 'inplace'
          else takes(role, form === 'buffers' ? given[r] : newPart(stuffs[r]), () => shareSent(shares, r))
        }
      }
    })
  })
  const name = `${isGather ? 'gather' : 'scatter'}${isRagged ? 'v' : ''}`
  say(d, comm, { ...noCall, name, form }, roles)
}

function drawShareStuffs(d: Draft, n: number, isRagged: boolean, form: string): Stuff[] {
  if (form === 'values') return Array.from({ length: n }, () => ({ entry: byteEntry, count: d.c.below(120) }))
  if (!isRagged) {
    const entry = d.types[d.c.below(10)]
    const stuff = form === 'new' ? { entry, count: drawCount(d.c, entry.extent) } : drawStuff(d)
    // A share for each must lie beside the others.
    const fits = stuff.entry.kind === undefined ? { ...stuff, count: Math.min(stuff.count, 3) } : stuff
    const small = fits.entry.most < fits.count * n ? { entry, count: 3 } : fits
    return Array.from({ length: n }, () => small)
  }
  const entry = d.types[d.c.below(10)]
  return Array.from({ length: n }, () => ({ entry, count: d.c.oneIn(4) ? 0 : drawCount(d.c, 4 * entry.extent) }))
}

/** Of values the shares that come follow one another. */
function drawValueShares(d: Draft, stuffs: readonly Stuff[], form: string, isReceived: boolean): Shares {
  if (form !== 'values') return drawShares(d, stuffs, false)
  const counts = stuffs.map(({ count }) => count)
  const places = counts.map((_, i) => sum(counts.slice(0, i)))
  const entries = stuffs.map(() => byteEntry)
  const bytes = sum(counts)
  return { bytes, seed: isReceived ? 0 : d.seed(), from: 0, counts, places, entries, isTyped: false, form: 0 }
}

/** allgather and allgatherv: each side gets what the other gives, or its own. */
export function drawAllgather(d: Draft, comm: Comm): void {
  const { c } = d
  const form = drawForm(d, comm)
  const isRagged = form === 'values' || (form === 'buffers' && c.oneIn(2))
  const isInPlace = form === 'buffers' && !isInter(comm) && c.oneIn(3)
  const sides = comm.sides.map(({ members }) => {
    const stuffs = drawShareStuffs(d, members.length, isRagged, form)
    return {
      stuffs,
      given: stuffs.map(stuff => drawPart(d, stuff, 1, 0, form === 'buffers' ? undefined : stuff.entry)),
    }
  })
  const roles: Role[] = []
  comm.sides.forEach(({ members }, of) => {
    const { stuffs, given } = sides[isInter(comm) ? 1 - of : 0]
    // In place each has its share among the others: those of one rank are the same memory.
    const mine = members.map(() => layOut(d, stuffs, form, isRagged))
    members.forEach((rank, r) => {
      const role = roleOf(rank)
      roles.push(role)
      role.send = isInPlace ? 'inplace' : partWords(sides[of].given[r])
      const came = (i: number) => (isInPlace ? shareSent(mine[i].shares, i) : sent(given[i]))
      takesShares(role, mine[r].words, mine[r].shares, came)
    })
  })
  say(d, comm, { ...noCall, name: isRagged ? 'allgatherv' : 'allgather', form }, roles)
}

/** Where one rank has shares of all. */
function layOut(d: Draft, stuffs: readonly Stuff[], form: string, isRagged: boolean, isReceived = true) {
  const n = stuffs.length
  if (isRagged) {
    const shares = drawValueShares(d, stuffs, form, isReceived)
    return { shares, words: sharesWords(shares) }
  }
  if (form === 'new' && isReceived) {
    const part = newPart(stuffs[0])
    const all = { ...part, bytes: part.bytes * n }
    return { shares: asShares(all, n), words: partWords(all) }
  }
  const part = drawPart(d, stuffs[0], n, 0, form === 'buffers' ? undefined : stuffs[0].entry)
  return { shares: asShares(part, n), words: partWords(part) }
}

/** alltoall, alltoallv and alltoallw. */
export function drawAlltoall(d: Draft, comm: Comm): void {
  const { c } = d
  const form = c.pick(['buffers', 'buffers', 'buffers', 'new', 'values'] as const)
  const kind = form === 'values' ? 'v' : form === 'new' ? '' : c.pick(['', 'v', 'w'] as const)
  const isInPlace = form === 'buffers' && !isInter(comm) && c.oneIn(4)
  // Open MPI 4.1 takes displacements for extents there, and writes elsewhere.
  if (kind === 'w' && !isInter(comm) && comm.sides[0].members.length === 1) d.notForLibraries = 'alltoallw of one rank'
  const all = comm.sides.map(({ members }) => members)
  const [first, second] = isInter(comm) ? all : [all[0], all[0]]
  // What rank i of one side and rank j of the other exchange; each way its own but in place.
  const same = drawSmallStuff(d)
  const entry = d.types[c.below(10)]
  const drawOne = (): Stuff =>
    form === 'values'
      ? { entry: byteEntry, count: c.below(60) }
      : kind === ''
        ? same
        : kind === 'v'
          ? { entry, count: c.oneIn(3) ? 0 : drawCount(c, 8 * entry.extent) }
          : drawSmallStuff(d)
  const there = first.map(() => second.map(drawOne))
  const back = isInter(comm) ? second.map(() => first.map(drawOne)) : there
  if (isInPlace) for (let i = 0; i < first.length; i++) for (let j = 0; j < i; j++) there[i][j] = there[j][i]
  const stuffs = [there, back]
  const isRagged = kind !== ''
  const lay = (list: readonly Stuff[], isReceived: boolean) => {
    if (kind !== 'w') return layOut(d, list, form, isRagged, isReceived)
    const shares = drawShares(d, list, true)
    return { shares, words: sharesWords(shares) }
  }
  const outgoing = comm.sides.map((side, of) => side.members.map((_, r) => lay(stuffs[of][r], false)))
  const roles: Role[] = []
  comm.sides.forEach(({ members }, of) => {
    const from = isInter(comm) ? 1 - of : 0
    members.forEach((rank, r) => {
      const role = roleOf(rank)
      roles.push(role)
      role.send = isInPlace ? 'inplace' : outgoing[of][r].words
      const mine = isInPlace
        ? outgoing[of][r]
        : lay(
            stuffs[from].map(row => row[r]),
            true,
          )
      takesShares(role, mine.words, mine.shares, i => shareSent(outgoing[from][i].shares, r))
    })
  })
  say(d, comm, { ...noCall, name: `alltoall${kind}`, form }, roles)
}

function drawSmallStuff(d: Draft): Stuff {
  const entry = d.types[d.c.below(10)]
  return { entry, count: drawCount(d.c, (d.c.oneIn(5) ? 1 : 8) * entry.extent) }
}

/** reduce, allreduce, scan, exscan, reduceScatterBlock, reduceScatter. */
export function drawReduction(d: Draft, comm: Comm): void {
  const { c } = d
  const names = ['allreduce', 'reduce', 'scan', 'exscan', 'reduceScatterBlock', 'reduceScatter'] as const
  const name = c.pick(isInter(comm) ? names.slice(0, 2) : names)
  const op = drawOp(d)
  const isScatter = name.startsWith('reduceScatter')
  const form =
    isInter(comm) && name === 'reduce'
      ? 'buffers'
      : c.pick(
          op.isForValues && !isScatter
            ? (['values', 'buffers'] as const)
            : op.entry.index < 10
              ? (['buffers', 'buffers', 'new'] as const)
              : (['buffers'] as const),
        )
  const isInPlace = form === 'buffers' && !isInter(comm) && c.oneIn(3)
  const { side, root, named } = drawRoot(d, comm)
  const entry = op.entry
  const counts =
    name === 'reduceScatter'
      ? comm.sides[0].members.map(() => c.below(c.oneIn(4) ? 900 : 12))
      : comm.sides[0].members
          .map(() => 0)
          .fill(form === 'values' ? 1 : drawCount(c, entry.extent * (isScatter ? 4 : 1)))
  const total = isScatter ? sum(counts) : counts[0]
  const share = (r: number): Stuff => ({ entry, count: isScatter ? counts[r] : counts[0] })
  const given = comm.sides.map(({ members }) => members.map(() => drawPart(d, { entry, count: total }, 1, 0, entry)))
  const fold = (of: number, ranks: number) =>
    given[of]
      .slice(0, ranks)
      .map(sent)
      .reduce((a, b) => applyOp(op.number, entry, a, b))
  const results = comm.sides.map((_, of) => memo(() => fold(of, given[of].length)))
  const roles: Role[] = []
  comm.sides.forEach(({ members }, of) => {
    const under = underRoot(comm, side)
    members.forEach((rank, r) => {
      const role = roleOf(rank, name === 'reduce' ? named(of, r) : 0)
      roles.push(role)
      const isRoot = of === side && r === root
      const isSender = name !== 'reduce' || of === under
      const isHere = isInPlace && (name !== 'reduce' || isRoot)
      if (isSender) role.send = isHere ? 'inplace' : partWords(given[of][r])
      if (name === 'reduce' && !isRoot) return
      const stuff = share(r)
      const bytes = entry.type.size
      const before = isScatter ? sum(counts.slice(0, r)) * bytes : 0
      const came = (): Uint8Array => {
        if (name === 'scan') return fold(of, r + 1)
        if (name === 'exscan') return r === 0 ? new Uint8Array(0) : fold(of, r)
        const all = results[name === 'reduce' ? under : isInter(comm) ? 1 - of : 0]()
        return isScatter ? all.slice(before, before + stuff.count * bytes) : all
      }
      if (isHere && isScatter) {
        // The rest of what it was given may be anything then: its log has the result alone.
        role.recv = partWords(given[of][r])
        role.after = came
      } else {
        const part = isHere ? given[of][r] : form === 'buffers' ? drawPart(d, stuff, 1, 0, entry) : newPart(stuff)
        takes(role, part, came)
        // The first has nothing from an exscan; what a library leaves there is its own.
        if (name === 'exscan' && r === 0) role.after = undefined
      }
    })
  })
  const told = name === 'reduceScatter' || name === 'reduceScatterBlock' ? counts : []
  say(d, comm, { name, form, op: op.number, counts: told }, roles)
}

function memo<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** Between neighbours of a topology. */
export function drawNeighbors(d: Draft, comm: Comm): void {
  const { c } = d
  const edges = comm.edges!
  const { members } = comm.sides[0]
  const isAll = c.oneIn(2)
  const kind = isAll ? c.pick(['', 'v'] as const) : c.pick(['', 'v', 'w'] as const)
  const entry = d.types[c.below(10)]
  const same: Stuff = { entry, count: drawCount(c, 8 * entry.extent) }
  const drawOne = (): Stuff =>
    kind === ''
      ? same
      : kind === 'v'
        ? { entry, count: c.below(40) }
        : { entry: d.types[c.below(10)], count: c.below(20) }
  // By rank and edge to a neighbour; of an allgather each gives one thing to all.
  const out = members.map((_, r) => {
    const one = drawOne()
    return edges[r].destinations.map(() => (isAll ? one : drawOne()))
  })
  const ones = members.map((_, r) => out[r][0] ?? { ...same, count: kind === 'v' ? c.below(40) : same.count })
  const given = ones.map(stuff => drawPart(d, stuff))
  /** By rank: of each source, who it is and which of its edges meets this one. */
  const meets = members.map((_, r) =>
    edges[r].sources.map((source, i) => {
      if (source < 0) return undefined
      // On a grid what one sends up comes from below. On a graph the first edge from a rank meets its first one here.
      if (comm.isGrid) return { source, edge: i ^ 1 }
      const nth = edges[r].sources.slice(0, i).filter(s => s === source).length
      const edge = [...edges[source].destinations.keys()].filter(k => edges[source].destinations[k] === r)[nth]
      return { source, edge }
    }),
  )
  const nothing: Stuff = { entry, count: 0 }
  const incoming = members.map((_, r) =>
    meets[r].map(meet =>
      meet === undefined ? (kind === '' ? same : nothing) : isAll ? ones[meet.source] : out[meet.source][meet.edge],
    ),
  )
  const lay = (list: readonly Stuff[]) => {
    if (kind === '') {
      const part = drawPart(d, same, list.length)
      return { shares: asShares(part, list.length), words: partWords(part) }
    }
    const shares = drawShares(d, list, kind === 'w')
    return { shares, words: sharesWords(shares) }
  }
  const outgoing = isAll ? [] : members.map((_, r) => lay(out[r]))
  const roles = members.map((rank, r): Role => {
    const role = roleOf(rank)
    role.send = isAll ? partWords(given[r]) : outgoing[r].words
    const mine = lay(incoming[r])
    takesShares(role, mine.words, mine.shares, i => {
      const meet = meets[r][i]
      if (meet === undefined) return undefined
      return isAll ? sent(given[meet.source]) : shareSent(outgoing[meet.source].shares, meet.edge)
    })
    return role
  })
  say(d, comm, { ...noCall, name: `neighbor${isAll ? 'Allgather' : 'Alltoall'}${kind}` }, roles)
}
