// Memory for what is long.
import { newBytes } from '@skein/values'
import { attachedBytes } from './format.ts'

/** To be written all over before anybody reads it. To fill a long array with zeros first takes as long as to copy it. */
export const unfilled = (bytes: number): Uint8Array =>
  bytes >= attachedBytes ? newBytes(bytes) : new Uint8Array(bytes)

/** In memory of its own. */
export const copyOf = (bytes: Uint8Array): Uint8Array => {
  const copy = unfilled(bytes.length)
  copy.set(bytes)
  return copy
}
