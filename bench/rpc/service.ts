/** What is served, and what a library has to offer to be asked for it. */
import { setTimeout as rest } from 'node:timers/promises'

export interface Message {
  id: number
  name: string
  values: number[]
}

export interface Item {
  id: number
  value: number
}

export const message: Message = { id: 7, name: 'hello world', values: [1.5, 2.5, 3.5] }

export const nameOf = (user: number, friend: number): string => `friend ${friend} of user ${user}`

export function* items(n: number): Generator<Item> {
  for (let id = 0; id < n; id++) yield { id, value: id + 0.5 }
}

/** What is answered to an array that does not come back. */
export const tokenOf = (x: Float64Array): number => x.length + x[x.length - 1]

/** One connection, from the side that asks. A method is left out where the library has no such thing. */
export interface Client {
  /** The message comes back. */
  echo?(message: Message): PromiseLike<Message>
  /** The other side calls `f` with `x`, and answers what that gives. */
  apply?(f: (x: number) => number, x: number): PromiseLike<number>
  /** A call of what a call of what a call gives: `user(user).friend(friend).name()`. */
  nameOfFriend?(user: number, friend: number): PromiseLike<string>
  /** The array comes back. */
  exchange?(x: Float64Array): PromiseLike<Float64Array>
  /** Its token comes back. */
  put?(x: Float64Array): PromiseLike<number>
  /** The sum of the values of the items. */
  sumOfItems?(n: number): PromiseLike<number>
  /** Functions that this side and the other know of each other, when garbage has been collected. */
  known?(): PromiseLike<number>
  /** Of how many calls at most that is asked, where more take too long. */
  mostKnown?: number
  /** Connects anew, where what earlier calls have left makes later ones slower. */
  renew?(): Promise<void>
  close(): void
}

/** A library on both sides of a connection. */
export interface Library {
  /** Name and version. */
  who: string
  /** Returns the address, and processes of its own that work along. */
  listen(): Promise<{ address: string; pids?: number[] }>
  connect(address: string): Promise<Client>
}

/** What libraries offer that have objects: its methods. */
export const service = {
  echo: (message: Message): Message => message,
  apply: (f: (x: number) => number | PromiseLike<number>, x: number) => f(x),
  user: (user: number) => ({ friend: (friend: number) => ({ name: () => nameOf(user, friend) }) }),
  exchange: (x: Float64Array): Float64Array => x,
  put: tokenOf,
  items,
}

/** Collects garbage until those who registered for it have been told. */
export async function collect(): Promise<void> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('garbage is only collected with node --expose-gc')
  for (let i = 0; i < 4; i++) {
    gc()
    await rest(10)
  }
}
