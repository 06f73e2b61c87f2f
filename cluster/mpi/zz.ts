import { pool, world } from '@skein/mpi'

const t0 = performance.now()
const p = await pool()
if (p) {
  const t = (name: string) => console.log(name, (performance.now() - t0).toFixed(1))
  await p.ready()
  t('ready')
  await p.submit((x: number) => x, 1)
  t('one')
  await Array.fromAsync(
    p.map(
      (x: number) => x,
      Array.from({ length: 40 }, (_, i) => i),
    ),
  )
  t('40')
  await p.submit((x: Float64Array) => x.map(v => v + 1), new Float64Array(50000))
  t('long')
  await p.shutdown()
  t('shutdown')
}
world.barrier()
if (p) console.log('barrier', performance.now() - t0)
