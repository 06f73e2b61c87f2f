// One of several processes with a registry in a file. Prints what it has as lines of JSON, and stays until it is ended.
import { createServer } from 'node:net'
import { open, registry } from '../../src/index.ts'

const [path, what, ...more] = process.argv.slice(2)
const store = await open(`file:${path}`)
const services = registry(store, { ttlMs: 2000, ports: [21_000, 21_063] })
if (what === 'ports') {
  // Each is listened at, so that one that was given out twice would be noticed here too.
  for (let i = 0; i < Number(more[0]); i++) {
    const { port } = await services.takePort()
    await new Promise<void>((resolve, reject) => createServer().once('error', reject).listen(port, resolve))
    console.log(port)
  }
} else {
  const { id } = await services.register(what, { metadata: { pid: process.pid } })
  console.log(JSON.stringify(id))
}
console.log('"done"')
setInterval(() => {}, 1000)
