// A hub, or one who serves a role by it. Prints a line when it is there, and stays until it is ended.
import { connectRegistry, open, roles, serveRegistry } from '../../src/index.ts'

const [what, where, more] = process.argv.slice(2)
if (what === 'hub') {
  const hub = await serveRegistry(await open(`file:${where}`), { listen: more })
  console.log(hub.address)
} else {
  const { listen } = roles(connectRegistry(where, { ttlMs: 1500 }))
  let sum = 0
  const add = (n: number): number | Promise<number> => (n < 0 ? new Promise(() => {}) : (sum += n))
  await listen('mul@1.4.0', { who: () => more, add })
  console.log('serves')
}
