// Checks for what is known of a workload without any order of its operations.
import type { Operation } from './history.ts'

/** What is wrong, in words; none: nothing. */
export type Faults = readonly string[]

export interface BankInput {
  readonly op: 'read' | 'transfer'
}
/** Of a read the balance of each account. */
export type Balances = Readonly<Record<string, number>>

/** Money is moved between accounts: every read has the same accounts and the same sum, and none below zero unless that is allowed. */
export const checkBank = (reads: readonly Balances[], options: { total?: number; negative?: boolean } = {}): Faults => {
  const faults: string[] = []
  const first = reads[0] ?? {}
  const sum = (balances: Balances): number => Object.values(balances).reduce((a, b) => a + b, 0)
  const total = options.total ?? sum(first)
  const accounts = Object.keys(first).sort().join()
  for (const [i, balances] of reads.entries()) {
    if (Object.keys(balances).sort().join() !== accounts)
      faults.push(`read ${i} has accounts ${Object.keys(balances)}, not ${accounts}`)
    if (sum(balances) !== total) faults.push(`read ${i} sums to ${sum(balances)}, not ${total}`)
    if (!options.negative)
      for (const [account, balance] of Object.entries(balances))
        if (balance < 0) faults.push(`read ${i} has ${balance} on account ${account}`)
  }
  return faults
}

export type CounterInput = { readonly op: 'add'; readonly by: number } | { readonly op: 'read' }

/** A counter that is added to: a read lies between the sum of what had surely been added when it began, and of what may have been when it ended. */
export const checkCounter = (history: readonly Operation<CounterInput, number>[]): Faults => {
  const faults: string[] = []
  const adds = history.flatMap(({ input, begin, end }) => (input.op === 'add' ? [{ by: input.by, begin, end }] : []))
  for (const { input, output, begin, end } of history) {
    if (input.op !== 'read' || output === undefined) continue
    let [least, most] = [0, 0]
    for (const add of adds) {
      const [surely, possibly] = [add.end < begin, add.begin < end]
      if (add.by > 0 ? surely : possibly) least += add.by
      if (add.by > 0 ? possibly : surely) most += add.by
    }
    if (output < least || output > most) faults.push(`a read of ${output} is not between ${least} and ${most}`)
  }
  return faults
}

/** What was added must be in the last read, and nothing else but what may have been. */
export const checkFinalSet = (
  history: readonly Operation<
    { readonly op: 'add'; readonly value: unknown } | { readonly op: 'read' },
    readonly unknown[] | boolean
  >[],
): Faults => {
  const last = history.filter(({ input, output }) => input.op === 'read' && Array.isArray(output)).at(-1)
  if (!last) return ['the set was never read']
  const members = new Set((last.output as readonly unknown[]).map(value => JSON.stringify(value)))
  const faults: string[] = []
  const attempted = new Set<string>()
  for (const { input, end } of history) {
    if (input.op !== 'add') continue
    const value = JSON.stringify(input.value)
    attempted.add(value)
    if (end < last.begin && !members.has(value)) faults.push(`${value} was added, and is lost`)
  }
  for (const value of members) if (!attempted.has(value)) faults.push(`${value} is there, and was never added`)
  return faults
}

/**
 * Keys that are each written once, and read in groups: of two reads one must have seen all that the other has. Else they saw the writes in different
 * orders (G-nonadjacent, a long fork).
 */
export const checkLongFork = (reads: readonly Readonly<Record<string, unknown>>[]): Faults => {
  const faults: string[] = []
  const saw = (read: Readonly<Record<string, unknown>>, key: string): boolean =>
    read[key] !== null && read[key] !== undefined
  for (const [i, a] of reads.entries())
    for (const [j, b] of reads.slice(0, i).entries()) {
      const keys = Object.keys(a).filter(key => key in b)
      const onlyA = keys.find(key => saw(a, key) && !saw(b, key))
      const onlyB = keys.find(key => saw(b, key) && !saw(a, key))
      if (onlyA !== undefined && onlyB !== undefined)
        faults.push(`read ${j} saw ${onlyB} and not ${onlyA}, read ${i} saw ${onlyA} and not ${onlyB}`)
    }
  return faults
}
