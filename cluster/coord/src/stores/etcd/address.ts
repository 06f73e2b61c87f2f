// `etcd://[user:password@]host[:port][,host[:port]…][/prefix]`; `etcds://` is the same over TLS.
import { ArgumentError } from '@skein/base'

export interface EtcdAddress {
  /** As it was given, without a password. */
  readonly url: string
  readonly isTls: boolean
  /** `host:port`. */
  readonly endpoints: readonly string[]
  readonly user: string | undefined
  readonly password: string | undefined
  /** All keys begin with it, and it is not seen. */
  readonly prefix: string
}

const expected = 'etcd:// or etcds://, then [user:password@]host:port[,host:port…][/prefix]'

/** Throws ArgumentError. */
export const parseEtcdUrl = (url: string): EtcdAddress => {
  // What is wrong is told without a password that may be in it.
  const refuse = (): never => {
    throw new ArgumentError('open', 'url', expected, url.replace(/\/\/.*@/, '//…@'))
  }
  const [, scheme, credentials, hosts, path] =
    /^(etcds?):\/\/(?:([^@/]*)@)?([^/?#]*)(?:\/([^?#]*))?$/.exec(url) ?? refuse()
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text)
    } catch {
      return refuse()
    }
  }
  const endpoints = hosts.split(',').map(host => {
    const [, name, port = '2379'] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(host) ?? refuse()
    if (Number(port) < 1 || Number(port) > 65_535) refuse()
    return `${name}:${port}`
  })
  const colon = credentials?.indexOf(':') ?? -1
  const user = credentials && decoded(colon < 0 ? credentials : credentials.slice(0, colon))
  const password = credentials && colon >= 0 ? decoded(credentials.slice(colon + 1)) : undefined
  return {
    url: credentials === undefined ? url : url.replace(`//${credentials}@`, `//${encodeURIComponent(user!)}@`),
    isTls: scheme === 'etcds',
    endpoints: [...new Set(endpoints)],
    user: user || undefined,
    password,
    prefix: decoded(path ?? ''),
  }
}
