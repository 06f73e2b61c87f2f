/** Colours, for terminals only. `NO_COLOR` turns them off there, `FORCE_COLOR` on everywhere, as in other programs. */
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

type Look = Parameters<typeof styleText>[0]

/** Whether a stream shows colours. */
export function hasColours(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR: force } = env
  if (env.NO_COLOR) return false
  if (force !== undefined) return force !== '0' && force !== 'false'
  return stream.isTTY === true && (stream as WriteStream).hasColors(env)
}

/** Text as it goes to a stream: dressed if that shows colours, else as it is. */
export function styleFor(stream: NodeJS.WriteStream): (look: Look, text: string) => string {
  // Not styleText's own look at the stream: it came late in Node 22.
  return hasColours(stream) ? (look, text) => styleText(look, text, { validateStream: false }) : (_, text) => text
}
