import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EtcdCluster, needs } from '../src/index.ts'

const skip = needs('etcd')

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a cluster of three stands, loses its leader, finds another, and leaves nothing', { skip }, async () => {
  const cluster = await EtcdCluster.start({ nodes: 3 })
  const pids = [0, 1, 2].map(node => cluster.pid(node)!)
  const put = async (node: number): Promise<number> => {
    const body = JSON.stringify({ key: 'aw==', value: 'dg==' })
    return (await fetch(`${cluster.clientUrls[node]}/v3/kv/put`, { method: 'POST', body })).status
  }
  const leader = await cluster.leader()
  await cluster.kill(leader)
  assert.equal(cluster.pid(leader), undefined)
  await cluster.healthy()
  const next = await cluster.leader()
  assert.notEqual(next, leader)
  assert.equal(await put(next), 200)
  assert.equal(
    await cluster.metric(
      next,
      'grpc_server_handled_total{grpc_code="OK",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}',
    ),
    1,
  )
  await cluster.restart(leader)
  cluster.pause(next)
  await cluster.healthy()
  cluster.resume(next)
  await cluster.healthy([0, 1, 2])
  await cluster.stop()
  assert.deepEqual(pids.map(isThere), [false, false, false])
  assert.equal(existsSync(cluster.folder), false)
})

test('nodes end with the process that started them, even one that is killed, and even if they are paused', {
  skip,
}, async () => {
  const program = `import { EtcdCluster } from ${JSON.stringify(import.meta.resolve('../src/index.ts'))}
    const cluster = await EtcdCluster.start()
    cluster.pause(0)
    console.log(JSON.stringify([cluster.pid(0), cluster.folder]))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [text] = await once(child.stdout, 'data')
  const [pid, folder] = JSON.parse(text)
  assert.ok(isThere(pid))
  child.kill('SIGKILL')
  while (isThere(pid) || existsSync(folder)) await sleep(20)
})
