import { ArgumentError } from '@skein/base'

export type Address = { readonly path: string } | { readonly host: string; readonly port: number }

/** `host:port`, `[::1]:port` or `unix:path`, in parts. Throws ArgumentError. */
export const parseAddress = (call: string, address: string): Address => {
  if (typeof address === 'string') {
    if (address.startsWith('unix:') && address.length > 5) return { path: address.slice(5) }
    const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address)
    if (parts && Number(parts[3]) < 65536) return { host: parts[1] ?? parts[2], port: Number(parts[3]) }
  }
  throw new ArgumentError(call, 'address', 'host:port with a port below 65536, or unix:path', address)
}
