/**
 * Messages between two ranks. In a step each rank first starts what does not block, then does what blocks in the order of messages, so that no step waits for
 * another. Which message a receive gets is found by playing the step through with the rules of matching; where a receive of any rank could get
 * messages of two, none is drawn.
 */

import {
  type Comm,
  type Draft,
  drawPart,
  drawStuff,
  isInter,
  type Open,
  partWords,
  type Side,
  type Stuff,
  shuffled,
  whole,
} from './draft.ts'
import { fill, hash, type Part, sent } from './memory.ts'
import { byteEntry } from './types.ts'

const modes = ['standard', 'synchronous', 'buffered', 'ready'] as const

/** How a send and a receive are made, in the words of the interpreters. Those before `first…` block. */
const sendHows = ['now', 'start', 'persistent'] as const
const recvHows = ['now', 'probe', 'iprobe', 'mprobe', 'improbe', 'start', 'persistent', 'imrecv'] as const

interface Message {
  readonly from: Side
  readonly source: number
  readonly to: Side
  readonly dest: number
  readonly tag: number
  readonly isValue: boolean
  readonly stuff: Stuff
  readonly mode: number
  readonly sendHow: (typeof sendHows)[number]
  recvHow: (typeof recvHows)[number]
  anySource: boolean
  anyTag: boolean
}

const isBlocking = (how: string): boolean => how !== 'start' && how !== 'persistent'
/** `imrecv` blocks until the message is there. */
const isOpen = (how: string): boolean => how === 'start' || how === 'persistent' || how === 'imrecv'

/** Of one rank, in its order. */
interface Turn {
  readonly is: 'send' | 'recv'
  readonly message: Message
}

export function drawExchange(d: Draft, comm: Comm): void {
  const { c } = d
  const isReady = !isInter(comm) && c.oneIn(6)
  const messages = Array.from({ length: 1 + c.below(7) }, () => drawMessage(d, comm, isReady))
  const turns = turnsOf(d, messages)
  let matched = play(turns)
  if (matched === undefined) {
    // A receive is left over, or all wait: all receives are posted first, and name their tags.
    for (const message of messages) {
      message.anyTag = false
      if (isBlocking(message.recvHow)) message.recvHow = 'start'
    }
    const plain = new Map([...turns].map(([rank, list]) => [rank, inOrder(list, messages)]))
    matched = play(plain)
    if (matched === undefined) throw new Error('a plain exchange does not end')
    return emit(d, comm, plain, matched, isReady)
  }
  emit(d, comm, turns, matched, isReady)
}

function drawMessage(d: Draft, comm: Comm, isReady: boolean): Message {
  const { c } = d
  const way = isInter(comm) ? c.below(2) : 0
  const from = comm.sides[way]!
  const to = isInter(comm) ? comm.sides[1 - way]! : from
  const isValue = c.oneIn(4)
  // A tag that no other message has may come from any rank: nobody else's can be meant.
  const isAlone = isValue || c.oneIn(3)
  const hows = isReady ? (['start', 'persistent'] as const) : recvHows
  const recvHow = c.pick(hows)
  const source = c.below(from.members.length)
  const dest = c.below(to.members.length)
  return {
    from,
    source,
    to,
    dest,
    tag: isAlone ? 1000 + d.number() : c.below(3),
    isValue,
    stuff: isValue ? { entry: byteEntry, count: c.below(200) } : drawStuff(d),
    mode: c.below(isReady ? 4 : 3),
    sendHow: c.pick(sendHows),
    // How long a value is, a probe does not tell.
    recvHow: isValue && isBlocking(recvHow) ? c.pick(['now', 'mprobe'] as const) : recvHow,
    anySource: isAlone && c.oneIn(2),
    anyTag: !isAlone && c.oneIn(5),
  }
}

/** By rank of the world. */
function turnsOf(d: Draft, messages: readonly Message[]): Map<number, Turn[]> {
  const turns = new Map<number, Turn[]>()
  const add = (rank: number, turn: Turn, begins: boolean) => {
    const list = turns.get(rank) ?? []
    turns.set(rank, list)
    // What does not block stands before all that does, in any order.
    const open = list.findIndex(({ is, message }) => isBlocking(is === 'send' ? message.sendHow : message.recvHow))
    if (!begins) list.push(turn)
    else list.splice(d.c.below((open < 0 ? list.length : open) + 1), 0, turn)
  }
  for (const message of messages) {
    const { from, source, to, dest } = message
    add(from.members[source], { is: 'send', message }, !isBlocking(message.sendHow))
    add(to.members[dest], { is: 'recv', message }, !isBlocking(message.recvHow))
  }
  return turns
}

/** Receives first, then sends, in the order of messages; those that block last. */
function inOrder(list: readonly Turn[], messages: readonly Message[]): Turn[] {
  const key = ({ is, message }: Turn) =>
    is === 'recv' ? (isBlocking(message.recvHow) ? 3 : 0) : isBlocking(message.sendHow) ? 2 : 1
  const at = ({ message }: Turn) => messages.indexOf(message)
  return list.toSorted((a, b) => (key(a) >= 2 && key(b) >= 2 ? 0 : key(a) - key(b)) || at(a) - at(b))
}

/** Whose message each receive gets; undefined: it does not end, as if no send were buffered, or a receive gets what it does not take. */
function play(turns: ReadonlyMap<number, readonly Turn[]>): Map<Message, Message> | undefined {
  const matched = new Map<Message, Message>()
  const done = new Set<Message>()
  const at = new Map([...turns.keys()].map(rank => [rank, 0]))
  const sends: Message[] = []
  const receives: Message[] = []
  const meet = (): void => {
    for (const receive of receives) {
      if (matched.has(receive)) continue
      const found = sends.find(
        send =>
          !done.has(send) &&
          send.from === receive.from &&
          send.source === receive.source &&
          send.dest === receive.dest &&
          (receive.anyTag || send.tag === receive.tag),
      )
      if (found === undefined) continue
      matched.set(receive, found)
      done.add(found)
    }
  }
  const begun = new Set<Turn>()
  for (let moves = true; moves; ) {
    moves = false
    for (const [rank, list] of turns) {
      for (let i = at.get(rank)!; i < list.length; i++) {
        const { is, message } = list[i]
        if (!begun.has(list[i])) {
          begun.add(list[i])
          ;(is === 'send' ? sends : receives).push(message)
          meet()
          moves = true
        }
        const isThrough = is === 'send' ? done.has(message) : matched.has(message)
        if (isBlocking(is === 'send' ? message.sendHow : message.recvHow) && !isThrough) break
        at.set(rank, i + 1)
        moves = true
      }
    }
    const isOver = [...turns].every(([rank, list]) => at.get(rank) === list.length)
    if (isOver) break
  }
  const total = [...turns.values()].flat().filter(({ is }) => is === 'recv').length
  const isRight = [...matched].every(([receive, send]) => receive.isValue === send.isValue)
  return matched.size === total && isRight ? matched : undefined
}

function emit(
  d: Draft,
  comm: Comm,
  turns: ReadonlyMap<number, readonly Turn[]>,
  matched: ReadonlyMap<Message, Message>,
  isReady: boolean,
): void {
  const parts = new Map<Message, Part>()
  for (const list of turns.values()) {
    for (const { is, message } of list) if (is === 'send') parts.set(message, drawPart(d, message.stuff))
  }
  const opened = new Map<number, Open[]>([...turns.keys()].map(rank => [rank, []]))
  const say = (rank: number, turn: Turn) =>
    turn.is === 'send'
      ? send(d, comm, rank, turn.message, parts.get(turn.message)!, opened.get(rank)!)
      : recv(d, comm, rank, turn.message, matched.get(turn.message)!, parts, opened.get(rank)!)
  if (isReady) {
    for (const [rank, list] of turns) for (const turn of list) if (turn.is === 'recv') say(rank, turn)
    for (const rank of comm.sides[0].members) d.say(rank, `barrier ${comm.id}`)
    for (const [rank, list] of turns) for (const turn of list) if (turn.is === 'send') say(rank, turn)
  } else {
    for (const [rank, list] of turns) for (const turn of list) say(rank, turn)
  }
  for (const [rank, list] of opened) later(d, rank, list)
}

function send(d: Draft, comm: Comm, rank: number, message: Message, part: Part, opened: Open[]): void {
  const { sendHow, mode, dest, tag, isValue } = message
  const id = isBlocking(sendHow) ? -1 : d.number()
  d.say(rank, 'send', sendHow, modes[mode], id, comm.id, dest, tag, isValue ? 1 : 0, partWords(part))
  if (id >= 0) opened.push({ id, log: [] })
}

function recv(
  d: Draft,
  comm: Comm,
  rank: number,
  message: Message,
  from: Message,
  parts: ReadonlyMap<Message, Part>,
  opened: Open[],
): void {
  const came = sent(parts.get(from)!)
  const { recvHow, source, tag, isValue, anySource, anyTag } = message
  const label = d.number()
  const part = isValue ? parts.get(from)! : drawPart(d, from.stuff, 1, d.c.oneIn(3) ? 1 + d.c.below(3) : 0)
  const { size } = part.entry.type
  const count = came.length % size === 0 ? came.length / size : -1
  const text = isValue
    ? `${from.source} ${from.tag} ${hash(came)}`
    : `${from.source} ${from.tag} ${came.length} ${count} ${whole(part, came)}`
  const id = isOpen(recvHow) ? d.number() : -1
  d.say(
    rank,
    ...['recv', recvHow, id, label, comm.id, anySource ? -1 : source, anyTag ? -1 : tag, isValue ? 1 : 0],
    partWords(part),
  )
  if (id >= 0) opened.push({ id, log: [[label, text]] })
  else d.expect(rank, label, text)
}

/** Calls under way are completed now or with a later step. */
export function later(d: Draft, rank: number, opened: readonly Open[]): void {
  const now = opened.filter(() => !d.c.oneIn(3))
  d.open[rank].push(...opened.filter(open => !now.includes(open)))
  complete(d, rank, now)
}

const completions = [
  'wait',
  'waitAll',
  'waitAny',
  'waitSome',
  'test',
  'testAll',
  'testAny',
  'testSome',
  'await',
] as const

export function complete(d: Draft, rank: number, opened: readonly Open[]): void {
  if (opened.length === 0) return
  const order = shuffled(d.c, opened)
  d.say(rank, 'complete', d.c.pick(completions), order.length, ...order.map(({ id }) => id))
  for (const { log } of order) for (const [label, text] of log) d.expect(rank, label, text)
}

/** Some of what is under way on some ranks. */
export function drawCompletions(d: Draft): void {
  for (let rank = 0; rank < d.size; rank++) {
    if (d.open[rank].length === 0 || !d.c.oneIn(3)) continue
    const some = d.open[rank].filter(() => !d.c.oneIn(3))
    d.open[rank] = d.open[rank].filter(open => !some.includes(open))
    complete(d, rank, some)
  }
}

/** All send to one that takes them from anyone, as they come: who sent what is sorted before it is logged. */
export function drawFlood(d: Draft, comm: Comm): void {
  const { c } = d
  const [to, from] = isInter(comm) ? [comm.sides[1]!, comm.sides[0]] : [comm.sides[0], comm.sides[0]]
  const dest = c.below(to.members.length)
  const target = to.members[dest]
  const most = 1 + c.below(300)
  const lines: string[] = []
  const label = d.number()
  from.members.forEach((rank, source) => {
    if (rank === target) return
    for (let n = 1 + c.below(3); n > 0; n--) {
      const part = drawPart(d, { entry: byteEntry, count: c.below(most + 1) })
      const tag = c.below(3)
      d.say(rank, 'send', 'now', modes[c.below(3)], -1, comm.id, dest, tag, 0, partWords(part))
      const came = sent(part)
      const buffer = fill(most, label)
      buffer.set(came)
      lines.push(`${source} ${tag} ${came.length} ${hash(buffer)}`)
    }
  })
  if (lines.length === 0) return
  d.say(target, 'flood', c.below(3), label, comm.id, lines.length, most)
  d.expect(target, label, lines.join('; '))
  // Until all have come, nobody may send it anything else.
  for (const side of comm.sides) for (const rank of side.members) d.say(rank, `barrier ${comm.id}`)
}

/** Everyone sends to the next but some, and receives from the one before, at the same time; at the ends of a line to nobody. */
export function drawShift(d: Draft, comm: Comm): void {
  const { c } = d
  if (isInter(comm)) return drawExchange(d, comm)
  const { members } = comm.sides[0]
  const size = members.length
  const by = c.below(size)
  const isRing = !c.oneIn(3)
  const how = c.pick(['sendrecv', 'isendrecv', 'replace', 'values'] as const)
  const tag = 1000 + d.number()
  const stuff = how === 'values' ? { entry: byteEntry, count: 1 + c.below(100) } : drawStuff(d)
  const parts = members.map(() => drawPart(d, stuff))
  members.forEach((rank, r) => {
    const dest = isRing ? (r + by) % size : r + by < size ? r + by : -2
    const source = isRing ? (r - by + size) % size : r - by >= 0 ? r - by : -2
    const label = d.number()
    const id = how === 'isendrecv' ? d.number() : -1
    const part =
      how === 'replace' ? parts[r] : how === 'values' ? parts[Math.max(0, source)] : drawPart(d, stuff, 1, c.below(2))
    d.say(rank, 'sendrecv', how, id, label, comm.id, dest, tag, source, tag, partWords(parts[r]), partWords(part))
    const came = source < 0 ? new Uint8Array(0) : sent(parts[source])
    const count = source < 0 ? 0 : came.length % part.entry.type.size === 0 ? came.length / part.entry.type.size : -1
    const text =
      how === 'values'
        ? source < 0
          ? 'nothing'
          : `${source} ${tag} ${hash(came)}`
        : `${source} ${source < 0 ? -1 : tag} ${came.length} ${count} ${whole(part, came)}`
    if (id < 0) d.expect(rank, label, text)
    else later(d, rank, [{ id, log: [[label, text]] }])
  })
}

/** In equal partitions, which become ready in any order; a library that has none gets them as a whole. */
export function drawPartitioned(d: Draft, comm: Comm): void {
  const { c } = d
  const from = comm.sides[0]
  const to = comm.sides.at(-1)!
  const partitions = 1 + c.below(5)
  const entry = d.types[c.below(10)]
  const stuff = { entry, count: partitions * (1 + c.below(c.oneIn(4) ? 9000 : 30)) }
  const source = c.below(from.members.length)
  const dest = c.below(to.members.length)
  const tag = 1000 + d.number()
  const out = drawPart(d, stuff, 1, 0, entry)
  const part = drawPart(d, stuff, 1, 0, entry)
  const [sender, receiver] = [from.members[source], to.members[dest]]
  const [sending, receiving] = [d.number(), d.number()]
  const label = d.number()
  const order = shuffled(c, [...Array(partitions).keys()])
  d.say(receiver, 'precv', receiving, label, comm.id, source, tag, partitions, partWords(part))
  d.say(sender, 'psend', sending, comm.id, dest, tag, partitions, ...order, partWords(out))
  const came = sent(out)
  const text = `${source} ${tag} ${came.length} ${came.length / entry.type.size} ${whole(part, came)}`
  later(d, sender, [{ id: sending, log: [] }])
  later(d, receiver, [{ id: receiving, log: [[label, text]] }])
}
