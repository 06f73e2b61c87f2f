// Histories as others write them.
import { parseEDNString } from 'edn-data'
import type { MicroOperation, Transaction } from './anomalies.ts'
import type { HistoryEvent } from './history.ts'
import type { RegisterInput, RegisterOutput } from './models.ts'

/** An operation map of Jepsen and its kin. */
export interface RawOperation {
  readonly process?: number | string
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly f?: string
  readonly value?: any
  readonly key?: string
  readonly time?: number
  readonly index?: number
}

/** Operation maps in EDN: one list or vector of them, or one after another. */
export const readEdn = (text: string): RawOperation[] => {
  const whole = parseEDNString(`[${text}\n]`, {
    mapAs: 'object',
    keywordAs: 'string',
    setAs: 'array',
    listAs: 'array',
  }) as unknown[]
  return (whole.length === 1 && Array.isArray(whole[0]) ? whole[0] : whole) as RawOperation[]
}

/** Operation maps in JSON: an array of them, or a line each. */
export const readJson = (text: string): RawOperation[] =>
  text.trimStart().startsWith('[')
    ? JSON.parse(text)
    : text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))

/** Lines of Jepsen's log: `INFO  jepsen.util - 4	:invoke	:cas	[1 2]`. */
export const readJepsenLog = (text: string): RawOperation[] =>
  text.split('\n').flatMap(line => {
    const found = /jepsen\.util - (\S+)\s+:(invoke|ok|fail|info)\s+:(\w+)\s+(.*?)\s*$/.exec(line)
    if (!found) return []
    const [, process, type, f, value] = found
    const isWord = value.startsWith(':')
    return [
      {
        process,
        type: type as RawOperation['type'],
        f,
        value: isWord ? value : parseEDNString(value, { listAs: 'array' }),
      },
    ]
  })

/** What operation maps say about a register. A read of nil before its answer says nothing; `unknownNil`: after it neither. */
export const registerEvents = (
  raw: readonly RawOperation[],
  options: { unknownNil?: boolean } = {},
): HistoryEvent<RegisterInput, RegisterOutput>[] =>
  raw
    .filter(({ process, f }) => process !== undefined && (f === 'read' || f === 'write' || f === 'cas'))
    .map(({ process, type, f, value }) => {
      if (f === 'read') {
        const output = value === null && options.unknownNil ? undefined : value
        return { process: process!, type, input: { op: 'read' }, output }
      }
      if (f === 'write') return { process: process!, type, input: { op: 'write', value }, output: true }
      // Only the call names both values for certain.
      const input: RegisterInput | undefined =
        type === 'invoke' ? { op: 'cas', from: value[0], to: value[1] } : undefined
      return { process: process!, type, input, output: type === 'ok' ? true : type === 'fail' ? false : undefined }
    })

/** Transactions of operation maps whose values are lists of `[:append k v]`, `[:r k v]` and `[:w k v]`. */
export const transactionsOf = (raw: readonly RawOperation[]): Transaction[] => {
  const open = new Map<number | string, { begin: number; value: readonly RawMicro[] }>()
  const transactions: Transaction[] = []
  const close = (
    process: number | string,
    end: number,
    status: Transaction['status'],
    value?: readonly RawMicro[],
  ): void => {
    const asked = open.get(process)
    open.delete(process)
    const begin = asked?.begin ?? end
    transactions.push({ process, operations: (value ?? asked?.value ?? []).map(microOf), status, begin, end })
  }
  // Where no processes are named each call stands before its answer.
  let nameless = 0
  for (const [at, operation] of raw.entries()) {
    const { type, value } = operation
    const process = operation.process ?? `${type === 'invoke' ? ++nameless : nameless}`
    if (type === 'invoke') open.set(process, { begin: at, value })
    else if (type === 'ok') close(process, at, 'committed', value)
    else close(process, type === 'fail' ? at : Number.POSITIVE_INFINITY, type === 'fail' ? 'aborted' : 'unknown')
  }
  for (const process of [...open.keys()]) close(process, Number.POSITIVE_INFINITY, 'unknown')
  return transactions
}

type RawMicro = readonly [f: string, key: string | number, value: any]

const microOf = ([f, key, value]: RawMicro): MicroOperation => {
  const op = f.replace(/^:/, '')
  if (op === 'append') return { op: 'append', key, value }
  if (op === 'w' || op === 'write') return { op: 'write', key, value }
  return { op: 'read', key, value: value ?? null }
}

/** A line for each operation, `r(key,value,session,transaction)` or `w(…)`; those of a transaction in order. A value of 0 is what was there at first. */
export const readTransactionLines = (text: string): Transaction[] => {
  const transactions = new Map<string, { process: string; operations: MicroOperation[] }>()
  for (const line of text.split('\n')) {
    const found = /^([rw])\((\d+),(\d+),(\d+),(\d+)\)/.exec(line)
    if (!found) continue
    const [, op, key, value, process, name] = found
    const transaction = transactions.get(name) ?? { process, operations: [] }
    transactions.set(name, transaction)
    const number = Number(value)
    transaction.operations.push(
      op === 'r' ? { op: 'read', key, value: number === 0 ? null : number } : { op: 'write', key, value: number },
    )
  }
  // Nothing is told of times: all are taken to overlap, but for those of a session.
  return [...transactions.values()].map(({ process, operations }, i) => ({
    process,
    operations,
    status: 'committed' as const,
    begin: i,
    end: transactions.size + i,
  }))
}
