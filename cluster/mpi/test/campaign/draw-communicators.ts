/** Communicators made of others, and freed. */

import { Grid } from '../../src/comm/grid.ts'
import { type Comm, type Draft, isInter, shuffled } from './draft.ts'

const add = (d: Draft, comm: Omit<Comm, 'isGrid'> & { isGrid?: boolean }): void => {
  const made = { isGrid: false, ...comm }
  d.comms.push(made)
  // Each says who it is there.
  made.sides.forEach((side, of) => {
    const remote = made.sides.length === 2 ? made.sides[1 - of].members.length : 0
    side.members.forEach((rank, r) => {
      const label = d.number()
      d.say(rank, `who ${label} ${comm.id}`)
      d.expect(rank, label, `${r} ${side.members.length} ${remote}`)
    })
  })
}

const intra = (members: readonly number[]): Comm['sides'] => [{ members, peers: members }]

export function drawDup(d: Draft, comm: Comm): void {
  const id = d.number()
  for (const { members } of comm.sides) for (const rank of members) d.say(rank, `dup ${comm.id} ${id}`)
  add(d, { ...comm, id })
}

/** By color and key; some are in none. */
export function drawSplit(d: Draft, comm: Comm): void {
  const { c } = d
  const { members } = comm.sides[0]
  const ids = [d.number(), d.number(), d.number()]
  const told = members.map(rank => ({ rank, color: c.oneIn(8) ? -1 : c.below(3), key: c.below(5) - 2 }))
  for (const { rank, color, key } of told)
    d.say(rank, `split ${comm.id} ${color < 0 ? -1 : ids[color]} ${color} ${key}`)
  ids.forEach((id, color) => {
    const group = told
      .filter(each => each.color === color)
      .sort((a, b) => a.key - b.key || members.indexOf(a.rank) - members.indexOf(b.rank))
      .map(({ rank }) => rank)
    if (group.length > 0) add(d, { id, sides: intra(group) })
  })
}

/** Of some ranks in any order; only they call createGroup, and all call create. */
export function drawCreate(d: Draft, comm: Comm): void {
  const { c } = d
  const { members } = comm.sides[0]
  const ranks = shuffled(c, [...members.keys()]).slice(0, 1 + c.below(members.length))
  const id = d.number()
  const isGroup = c.oneIn(2)
  const tag = c.below(4)
  for (const [r, rank] of members.entries()) {
    const isIn = ranks.includes(r)
    if (isIn || !isGroup)
      d.say(rank, isGroup ? 'createGroup' : 'create', comm.id, isIn ? id : -1, tag, ranks.length, ...ranks)
  }
  add(d, { id, sides: intra(ranks.map(r => members[r])) })
}

/** Two groups, which some of a communicator belong to. */
export function drawIntercomm(d: Draft, comm: Comm): void {
  const { c } = d
  const { members } = comm.sides[0]
  if (members.length < 2) return drawDup(d, comm)
  const order = shuffled(c, members)
  const cut = 1 + c.below(members.length - 1)
  const isFirst = (rank: number) => order.indexOf(rank) < cut
  const ids = [d.number(), d.number()]
  const id = d.number()
  const tag = c.below(5)
  const groups = [members.filter(isFirst), members.filter(rank => !isFirst(rank))]
  const leaders = groups.map(group => c.below(group.length))
  for (const rank of members) {
    const g = isFirst(rank) ? 0 : 1
    d.say(rank, `split ${comm.id} ${ids[g]} ${g} 0`)
    const remote = members.indexOf(groups[1 - g][leaders[1 - g]])
    d.say(rank, `intercomm ${ids[g]} ${id} ${leaders[g]} ${comm.id} ${remote} ${tag}`)
    d.say(rank, `free ${ids[g]}`)
  }
  add(d, {
    id,
    sides: [
      { members: groups[0], peers: groups[1] },
      { members: groups[1], peers: groups[0] },
    ],
  })
}

export function drawMerge(d: Draft, comm: Comm): void {
  const high = d.c.below(2)
  const id = d.number()
  comm.sides.forEach(({ members }, of) => {
    for (const rank of members) d.say(rank, `merge ${comm.id} ${id} ${of === high ? 1 : 0}`)
  })
  const members = [...comm.sides[1 - high]!.members, ...comm.sides[high]!.members]
  add(d, { id, sides: intra(members) })
}

export function drawCart(d: Draft, comm: Comm): void {
  const { c } = d
  const { members } = comm.sides[0]
  const first = 1 + c.below(members.length)
  const second = 1 + c.below(Math.floor(members.length / first))
  const dims = c.oneIn(2) ? [first, second] : [first * second]
  const periods = dims.map(() => c.oneIn(2))
  // Open MPI 4.1 mixes up the two ways round a ring in which both lead to the same rank.
  if (dims.some((dim, i) => periods[i] && dim <= 2)) d.notForLibraries = 'a ring of one or two'
  const id = d.number()
  const group = members.slice(0, first * second)
  members.forEach((rank, r) => {
    d.say(rank, 'cart', comm.id, r < group.length ? id : -1, dims.length, ...dims, ...periods.map(Number))
  })
  const grid = new Grid(dims, periods)
  const edges = group.map((_, r) => {
    const neighbors = [...grid.neighbors(r)]
    return { sources: neighbors, destinations: neighbors }
  })
  add(d, { id, sides: intra(group), edges, isGrid: true })
}

export function drawGraph(d: Draft, comm: Comm): void {
  const { c } = d
  const { members } = comm.sides[0]
  const n = members.length
  const edges = members.map(() => ({ sources: [] as number[], destinations: [] as number[] }))
  for (let k = c.below(3 * n + 1); k > 0; k--) {
    const [from, to] = [c.below(n), c.below(n)]
    edges[from].destinations.push(to)
    edges[to].sources.push(from)
  }
  const id = d.number()
  members.forEach((rank, r) => {
    const { sources, destinations } = edges[r]
    d.say(rank, 'graph', comm.id, id, sources.length, ...sources, destinations.length, ...destinations)
  })
  add(d, { id, sides: intra(members), edges })
}

/** Nobody uses it any more; what is under way on it is delivered. */
export function drawFree(d: Draft, comm: Comm): void {
  d.comms.splice(d.comms.indexOf(comm), 1)
  for (const { members } of comm.sides) for (const rank of members) d.say(rank, `free ${comm.id}`)
}

export function drawCommunicator(d: Draft): void {
  const { c } = d
  const comm = c.pick(d.comms)
  if (d.comms.length > 8) return drawFree(d, d.comms[1 + c.below(d.comms.length - 1)])
  if (isInter(comm)) return c.pick([drawMerge, drawMerge, drawDup])(d, comm)
  c.pick([drawDup, drawSplit, drawCreate, drawIntercomm, drawCart, drawGraph])(d, comm)
}
