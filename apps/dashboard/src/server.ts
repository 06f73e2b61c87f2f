/**
 * The web server of the dashboard: one page, a stream of what happens, and stories of tasks.
 *
 *     /              the page, all of it
 *     /events        the feed's messages, as server-sent events
 *     /story?task=7  what is known of a task
 *
 * It shows and changes nothing. On the loopback interface whoever is on the machine may look; elsewhere a token is needed with each
 * request. A request must name the host it came to, so that no web page that a browser has open can look in by a name of its own.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ArgumentError } from '@skein/base'
import { AddressError, TokenNeededError } from './errors.ts'
import { page } from './page.ts'
import type { Source } from './source.ts'

export interface ServeOptions {
  /** 0: any that is free. Default 0. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Must come with every request, as `?token=` or `Authorization: Bearer`. Needed on every host but loopback. */
  readonly token?: string
}

export interface Served {
  /** Where to look, the token included. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

const leastToken = 16
const mostFollowers = 32
/** A browser that has not taken so much is passed over until it has. */
const mostWaitingBytes = 1 << 20

const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host)

/**
 * Serves the dashboard. It keeps no program alive.
 *
 * @throws (rejects with) TokenNeededError; AddressError; ArgumentError
 */
export async function serve(source: Source, options: ServeOptions = {}): Promise<Served> {
  const { port = 0, host = '127.0.0.1', token } = options
  if (!(Number.isInteger(port) && port >= 0 && port < 65536)) {
    throw new ArgumentError('dashboard', 'port', 'a whole number from 0 to 65535', port)
  }
  const safe = token === undefined ? isLoopback(host) : token.length >= leastToken
  if (!safe) throw new TokenNeededError(host)
  const text = await page()
  const followers = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Referrer-Policy', 'no-referrer')
    response.setHeader('Cache-Control', 'no-store')
    const url = URL.parse(request.url ?? '/', 'http://dashboard')
    if (!url) return refuse(response, 400, 'That is no address.')
    const refusal = refusalOf(request, url, host, token)
    if (refusal) return refuse(response, ...refusal)
    switch (url.pathname) {
      case '/':
        response.setHeader('Content-Security-Policy', text.policy)
        response.setHeader('Content-Type', 'text/html; charset=utf-8')
        response.end(request.method === 'HEAD' ? undefined : text.html)
        return
      case '/events':
        if (followers.size >= mostFollowers) return refuse(response, 503, 'Too many pages look at this program.')
        return tell(source, response, followers)
      case '/story':
        return void tellStory(source, response, Number(url.searchParams.get('task')))
      default:
        return refuse(response, 404, `There is nothing at ${url.pathname}.`)
    }
  })
  // The sockets of a program that is looked at must not keep it alive.
  server.on('connection', socket => socket.unref())
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(new AddressError(host, port, error)))
    server.listen(port, host, resolve)
  })
  server.unref()
  const at = (server.address() as AddressInfo).port
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${at}/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`,
    port: at,
    close() {
      for (const response of followers) response.end()
      return new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

function refusalOf(
  request: IncomingMessage,
  url: URL,
  host: string,
  token: string | undefined,
): [status: number, message: string] | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return [405, 'The dashboard only shows: GET or HEAD.']
  if (token !== undefined) {
    const [, bearer] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    if (isSame(url.searchParams.get('token') ?? bearer ?? '', token)) return undefined
    return [401, 'The token is missing or wrong: open the address that was printed, with its ?token=.']
  }
  const asked = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (isLoopback(asked) || asked === host) return undefined
  return [403, `This dashboard is not at ${asked}.`]
}

/** In a time that says nothing about how much of it was right. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ error: message }))
}

function tell(source: Source, response: ServerResponse, followers: Set<ServerResponse>): void {
  response.setHeader('Content-Type', 'text/event-stream')
  response.flushHeaders()
  followers.add(response)
  const follower = {
    ready: () => response.writableLength < mostWaitingBytes,
    send: (message: string) => void response.write(`data: ${message}\n\n`),
  }
  const leave = source.follow(follower, () => response.end('event: ended\ndata: {}\n\n'))
  response.on('close', () => {
    followers.delete(response)
    leave()
  })
}

async function tellStory(source: Source, response: ServerResponse, task: number): Promise<void> {
  if (!Number.isSafeInteger(task) || task < 1) return refuse(response, 400, 'A task is named by its number, from 1.')
  const story = await source.story(task).catch(() => undefined)
  if (!story) return refuse(response, 404, `Nothing is kept of task ${task}: it is not over, or was so long ago.`)
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify(story))
}
