import { after, before, describe, test } from 'node:test'
import { EtcdCluster, needs } from '@skein/testing'
import { realClock, sleep } from '@skein/world'
import { open } from '../src/index.ts'
import { cases } from './conformance.ts'

const skip = needs('etcd')

describe('etcd', { skip }, () => {
  let cluster: EtcdCluster
  before(async () => {
    cluster = await EtcdCluster.start()
  })
  after(() => cluster.stop())

  let number = 0
  for (const [name, run] of Object.entries(cases))
    test(name, async () => {
      // Cases want a store that is empty.
      await using store = await open(`${cluster.url}/case-${number++}/`)
      await run({ store, ttlMs: 1000, sleep: ms => sleep(realClock, ms) })
    })
})
