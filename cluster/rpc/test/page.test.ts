// The same import in a browser: as modules, types dropped and nothing else done to them, and as one file that a bundler makes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needs } from '@skein/testing'
import { build } from 'esbuild'
import { type Browser, chromium as launcher, type Page } from 'playwright-core'
import { chromium } from '../../../scripts/components.mjs'
import { listen } from '../src/index.ts'
import type { Found } from './page/calls.ts'
import { offer } from './page/offer.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = fileURLToPath(new URL('./page/', import.meta.url))

/** Rooms by the names of their packages. */
const rooms = new Map(
  globSync('{foundation,cluster}/*/package.json', { cwd: root }).map(file => {
    const { name, exports } = JSON.parse(readFileSync(join(root, file), 'utf8'))
    return [name as string, `/${join(dirname(file), exports['.'])}`]
  }),
)

/** Where a worker's imports lead no import map may say, so they are written out. */
const moduleText = (file: string): string =>
  stripTypeScriptTypes(readFileSync(join(root, file), 'utf8')).replaceAll(
    /(from|import) '(@skein\/[\w-]+)'/g,
    (_, word, name) => `${word} '${rooms.get(name)}'`,
  )

const bundled = async (name: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [join(folder, name)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    logLevel: 'silent',
  })
  return outputFiles[0].text
}

const expected: Found = {
  again: 7,
  isSkein: true,
  sum: 3,
  called: 18,
  items: 40,
  doubled: true,
  texts: ['grüß', '\u{1F980} \ud800', 'x'.repeat(20_000), 'ж'.repeat(300)],
  values:
    "{ map: Map(1) { 1 => Set(1) { 'a' } }, date: 1970-01-01T00:00:00.007Z, pattern: /a/g, big: 1180591620717411303424n, bytes: Uint8Array(3) [ 1, 2, 3 ], boxed: [Number: 5], holes: [ 1, <1 empty item>, 3 ] }",
  error: 'too far',
  isAsked: true,
  noPlace: 'NotSupportedError',
  nobody: 'WorldError',
}

describe('in a page', { skip: needs('chromium') }, () => {
  const server = http.createServer(async (request, response) => {
    const path = request.url!
    try {
      const text =
        path === '/'
          ? '<!doctype html>'
          : path.startsWith('/bundled/')
            ? await bundled(path.slice(9))
            : moduleText(path)
      response.writeHead(200, { 'content-type': path === '/' ? 'text/html' : 'text/javascript' }).end(text)
    } catch (error) {
      response.writeHead(404).end(String(error))
    }
  })
  let browser: Browser | undefined
  let page: Page
  let host = ''
  const complaints: string[] = []
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    await listen({ server, path: '/rpc' }, offer)
    browser = await launcher.launch({ executablePath: chromium(), args: ['--no-sandbox', '--disable-gpu'] })
    page = await browser.newPage()
    page.on('pageerror', error => complaints.push(String(error)))
    await page.goto(`http://${host}/`)
  })
  after(async () => {
    await browser?.close()
    server.closeAllConnections()
    server.close()
  })

  for (const [name, file] of [
    ['modules as they are', '/cluster/rpc/test/page/'],
    ['bundled', '/bundled/'],
  ]) {
    test(name, async () => {
      const found = await page.evaluate(
        async ([file, address]) => (await import(`${file}calls.ts`)).calls(address),
        [file, `ws://${host}/rpc`],
      )
      assert.deepEqual(found, expected)
    })

    test(`${name}, in a worker`, async () => {
      const found = await page.evaluate(
        ([file, address]) =>
          new Promise((resolve, reject) => {
            const worker = new Worker(`${file}worker.ts`, { type: 'module' })
            worker.onmessage = ({ data }) => resolve(data)
            worker.onerror = event => reject(new Error(event.message))
            worker.postMessage(address)
          }),
        [file, `ws://${host}/rpc`],
      )
      assert.deepEqual(found, expected)
    })
  }

  test('nothing else complains', () => assert.deepEqual(complaints, []))

  test('a page of another origin may not', async () => {
    await using other = await listen('ws://127.0.0.1:0/rpc', offer)
    const [file, address] = ['/cluster/rpc/test/page/', other.address]
    const failed = page.evaluate(
      async ([file, address]) => (await import(`${file}calls.ts`)).calls(address),
      [file, address],
    )
    await assert.rejects(failed, /WorldError/)
  })
})
