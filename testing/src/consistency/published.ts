// The histories of `testing/histories`, with the verdicts that were published with them: each format and model as a history that can be checked.
import { readFileSync } from 'node:fs'
import { operationsOf } from './history.ts'
import { checkLinearizable, type Verdict } from './linearizable.ts'
import { type AppendInput, type LockInput, lock, type RegisterInput, register, texts } from './models.ts'
import { type RawOperation, readEdn, readJepsenLog, registerEvents } from './readers.ts'

const root = new URL('../../histories/', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8')

export interface Published {
  file: string
  format?: string
  model: string
  /** Undefined: what was published is about something else. */
  linearizable?: boolean
}

export const published = (): Published[] => JSON.parse(read('verdicts.json'))

export const checkPublished = ({ file, format, model }: Published): Verdict => {
  const raw = format === 'jepsen-log' ? readJepsenLog(read(file)) : readEdn(read(file))
  if (format === 'jepsen-log') {
    // A compare-and-set that failed has seen another value; a read that failed has seen nothing.
    const failed = (input: RegisterInput) => (input.op === 'cas' ? false : undefined)
    return checkLinearizable(register(null), operationsOf(registerEvents(raw), failed))
  }
  if (format === 'kv-edn-lines') {
    const events = raw.map(({ process, type, f, key, value }) => {
      const input = { op: f, key, value } as AppendInput
      return { process: process!, type, input, output: f === 'get' ? (value ?? '') : '' }
    })
    return checkLinearizable(texts, operationsOf<AppendInput, string>(events))
  }
  if (model === 'mutex') {
    const isCall = ({ f }: RawOperation) => f === 'acquire' || f === 'release'
    const events = raw.filter(isCall).map(({ process, type, f }) => {
      return { process: process!, type, input: { op: f } as LockInput, output: true }
    })
    return checkLinearizable(lock, operationsOf(events))
  }
  return checkLinearizable(register(0), operationsOf(registerEvents(raw, { unknownNil: true })))
}
