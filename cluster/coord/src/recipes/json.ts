// Values as recipes keep them: JSON, as UTF-8.
import { ArgumentError } from '@skein/base'
import { StoredValueError } from '../errors.ts'
import type { Entry } from '../store.ts'

/** Throws ArgumentError for what has no JSON. */
export const encode = (call: string, value: unknown): string => {
  const asked = 'what JSON can say: texts, numbers, booleans, null, arrays and plain objects'
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new ArgumentError(call, 'value', asked, value, (cause as Error).message, { cause })
  }
  if (text === undefined) throw new ArgumentError(call, 'value', asked, value)
  return text
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Throws StoredValueError. */
export const decode = <T>({ key, value }: Pick<Entry, 'key' | 'value'>): T => {
  try {
    return JSON.parse(decoder.decode(value))
  } catch (cause) {
    throw new StoredValueError(key, (cause as Error).message, { cause })
  }
}
