import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs } from '@skein/testing'
import { judgeEtcd, judgeFile } from './campaign/main.ts'
import type { TrialOutcome } from './campaign/nemesis.ts'

// 20 s and more seeds: npm run fuzz -- coord file
test('processes on a file that are killed and stopped: no acknowledged write is lost, no two hold a lock, no watch misses anything', async () => {
  const { operations, held, told, done } = (await judgeFile(Date.now() % 1e6, 5000)) as TrialOutcome
  assert.ok(
    operations > 50 && held > 5 && told > 50 && done.size > 0,
    `${operations} calls, ${held} held, ${told} told`,
  )
})

// 30 s and more seeds: npm run fuzz -- coord etcd
test('three nodes of etcd that are killed, stopped and cut off: the same', { skip: needs('etcd') }, async () => {
  const { operations, held, told, done } = (await judgeEtcd(Date.now() % 1e6, 8000)) as TrialOutcome
  assert.ok(
    operations > 50 && held > 5 && told > 50 && done.size > 0,
    `${operations} calls, ${held} held, ${told} told`,
  )
})
