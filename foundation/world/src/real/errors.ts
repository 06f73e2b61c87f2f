import { ArgumentError } from '@skein/base'
import { WorldError, type WorldErrorKind } from '../errors.ts'

const kinds: Record<string, WorldErrorKind> = {
  EADDRINUSE: 'address in use',
  EADDRNOTAVAIL: 'no such host',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ECONNREFUSED: 'refused',
  ENOENT: 'no such file',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'unreachable',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  EACCES: 'not permitted',
  EPERM: 'not permitted',
  EROFS: 'not permitted',
  ENOSPC: 'disk full',
  EDQUOT: 'disk full',
  EFBIG: 'disk full',
  EIO: 'disk failed',
  EBADF: 'closed',
}

/** An error of the operating system in the world's words. Those it has no words for, and what was asked wrongly, stay what they are. */
export const worldError = (error: unknown, asked: string, missing: WorldErrorKind = 'no such file'): WorldError => {
  if (error instanceof ArgumentError) throw error
  if (error instanceof WorldError) return error
  const { code = 'unknown', message } = error as NodeJS.ErrnoException
  const kind = code === 'ENOENT' ? missing : kinds[code]
  return new WorldError(kind ?? 'disk failed', asked, { cause: error, found: kind ? code : message })
}
