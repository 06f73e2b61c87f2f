/** Who may look at a program, and what the server tells them. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, describe, it } from 'node:test'
import type { Follower } from '@skein/tasks/observe'
import {
  AddressError,
  NoProgramError,
  programAt,
  type Served,
  type Source,
  serve,
  TokenNeededError,
} from '../src/index.ts'
import { startProgram } from './browser.ts'

/** A source that tells what it is made to. */
class Told implements Source {
  readonly followers: Follower[] = []
  left = 0
  follow(follower: Follower): () => void {
    this.followers.push(follower)
    return () => this.left++
  }
  async story() {
    return undefined
  }
}

const open: Served[] = []
after(() => Promise.all(open.map(served => served.close())))
const served = async (options: Parameters<typeof serve>[1], source: Source = new Told()) => {
  const one = await serve(source, options)
  open.push(one)
  return one
}

/** @returns the status of an answer to a request with these headers */
const statusOf = (url: string, headers: { [name: string]: string } = {}, method = 'GET'): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { headers, method }, response => {
      response.resume()
      response.destroy()
      resolve(response.statusCode!)
    })
    asked.on('error', reject)
    asked.end()
  })

describe('who may look', () => {
  it('is on this machine, unless there is a token', async () => {
    const { url, port } = await served({})
    assert.equal(url, `http://127.0.0.1:${port}/`)
    assert.equal(await statusOf(url), 200)
    for (const address of Object.values(networkInterfaces()).flat()) {
      if (address === undefined || address.internal || address.family !== 'IPv4') continue
      await assert.rejects(statusOf(`http://${address.address}:${port}/`), { code: 'ECONNREFUSED' })
    }
    for (const host of ['0.0.0.0', '::', 'example.org']) {
      await assert.rejects(serve(new Told(), { host }), TokenNeededError)
      await assert.rejects(serve(new Told(), { host, token: 'short' }), TokenNeededError)
    }
  })

  it('has the token, with each request', async () => {
    const token = '0123456789abcdef/&'
    const { url, port } = await served({ host: '0.0.0.0', token })
    const at = `http://127.0.0.1:${port}`
    assert.equal(await statusOf(url), 200)
    assert.equal(await statusOf(`${at}/`, { authorization: `Bearer ${token}` }), 200)
    for (const path of ['/', '/events', '/story?task=1', '/?token=', `/?token=${token}x`, '/?token=0123456789abcdef']) {
      assert.equal(await statusOf(at + path), 401, path)
    }
  })

  it('came by the address of this machine', async () => {
    const { url } = await served({})
    const table: [host: string, status: number][] = [
      ['localhost', 200],
      ['127.0.0.1:1', 200],
      ['[::1]:4180', 200],
      ['rebound.example', 403],
      ['127.0.0.1.example', 403],
    ]
    for (const [host, status] of table) assert.equal(await statusOf(url, { host }), status, host)
    assert.equal(await statusOf(url, {}, 'POST'), 405)
    assert.equal(await statusOf(url, {}, 'HEAD'), 200)
    assert.equal(await statusOf(`${url}nothing`), 404)
    for (const task of ['', '0', '-1', '1.5', 'x', '1e99'])
      assert.equal(await statusOf(`${url}story?task=${task}`), 400, task)
    assert.equal(await statusOf(`${url}story?task=5`), 404)
  })
})

it('an address that is taken is an error with its name', async () => {
  const { port } = await served({})
  await assert.rejects(serve(new Told(), { port }), (e: unknown) => e instanceof AddressError && e.port === port)
  await assert.rejects(serve(new Told(), { port: 1e6 }), /port must be/)
})

it('a page that takes nothing holds up no one, and is left when it goes', async () => {
  const source = new Told()
  const { port } = await served({}, source)
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  while (source.followers.length === 0) await new Promise(resolve => setImmediate(resolve))
  const [follower] = source.followers
  let sent = 0
  while (follower.ready()) {
    follower.send('x'.repeat(100_000))
    sent += 100_000
    assert(sent < 1e8, 'it is never told to wait')
    await new Promise(resolve => setImmediate(resolve))
  }
  socket.destroy()
  while (source.left === 0) await new Promise(resolve => setImmediate(resolve))
})

it('a program is looked at through its door', {
  skip: process.platform === 'win32' && 'there are no doors',
}, async () => {
  const program = await startProgram('./program.ts', ['--dashboard'])
  const { done } = await program.stats()
  const source = await programAt(program.pid)
  const heard: string[] = []
  let ended = () => {}
  const over = new Promise<void>(resolve => (ended = resolve))
  await new Promise<void>(resolve => {
    const send = (text: string) => {
      heard.push(text)
      if (JSON.parse(text).stats?.done === done) resolve()
    }
    source.follow({ ready: () => true, send }, ended)
  })
  assert.equal(JSON.parse(heard[0]).pid, program.pid)
  const story = await source.story(201)
  assert.equal(story?.attempts[0].name, 'breaks')
  assert.equal(await source.story(1e6), undefined)
  await program.end()
  await over
  await assert.rejects(programAt(program.pid), NoProgramError)
})
