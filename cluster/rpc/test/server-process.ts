// A server in a process of its own: node server-process.ts <address> [<address of the next>]. Says its address when it listens.
import { appendFileSync } from 'node:fs'
import { callContext, connect, listen } from '../src/index.ts'

const [address, next] = process.argv.slice(2)
const onward = next === undefined ? undefined : (await connect(next)).remote
const server = await listen(address, {
  /** Is remembered in a file before it is answered. */
  run: (n: number, file: string) => {
    appendFileSync(file, `${n}\n`)
    return n
  },
  traces: async () => [callContext().trace, ...((await onward?.traces()) ?? [])],
})
process.send!(server.address)
