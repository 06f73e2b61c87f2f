/** The libraries by name, each loaded when it is asked for: most are not here without `npm run bench:setup`. */
import type { Library } from './service.ts'

export const libraries = {
  skein: async () => (await import('./libraries/skein.ts')).skein,
  capnweb: async () => (await import('./libraries/capnweb.ts')).capnweb,
  dnode: async () => (await import('./libraries/dnode.ts')).dnode,
  grpc: async () => (await import('./libraries/grpc.ts')).grpc,
  http: async () => (await import('./libraries/http.ts')).http,
  moleculer: async () => (await import('./libraries/moleculer.ts')).moleculer,
  lines: async () => (await import('./libraries/lines.ts')).lines,
  socket: async () => (await import('./libraries/socket.ts')).socket,
} satisfies Record<string, () => Promise<Library>>

export type LibraryName = keyof typeof libraries
