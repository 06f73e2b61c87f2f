/** A program under `skein run --dashboard`, and its page in a browser of this machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { EngineStats } from '@skein/tasks'
import { type Browser, chromium as launcher, type Page } from 'playwright-core'
import { chromium } from '../../../scripts/components.mjs'

const bin = fileURLToPath(new URL('../../../skein/src/bin.mjs', import.meta.url))

export interface Stats {
  readonly done: number
  readonly failed: number
  readonly workers: number
  readonly objects: EngineStats['objects']
}

export interface Running {
  readonly pid: number
  readonly url: string
  /** What it says of itself, after its own tasks, or after so many more, or what else it was asked for. */
  stats(more?: number | string): Promise<Stats>
  tell(line: string): void
  end(): Promise<void>
}

/** @param flags of `skein run` */
export async function startProgram(program: string, flags: string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  const file = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, [bin, 'run', ...flags, file], { env: { ...own, ...env } })
  const ended = once(child, 'exit')
  let errors = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', piece => {
      errors += piece
      const found = /dashboard at (\S+)/.exec(errors)
      if (found) resolve(found[1])
    })
    ended.then(() => reject(new Error(`it ended: ${errors}`)))
  })
  const tell = (line: string) => void child.stdin.write(`${line}\n`)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid!,
    url,
    tell,
    async stats(more) {
      if (more !== undefined) tell(String(more))
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`it ended: ${errors}`)
        if (value.startsWith('{')) return JSON.parse(value) as Stats
      }
    },
    async end() {
      child.stdin.end()
      await ended
    },
  }
}

/** A page that fails the test when it logs an error, or asks for anything from elsewhere. */
export async function openPage(
  url: string,
  scheme: 'light' | 'dark' = 'light',
): Promise<{ browser: Browser; page: Page; complaints: string[] }> {
  const browser = await launcher.launch({ executablePath: chromium(), args: ['--no-sandbox', '--disable-gpu'] })
  const page = await browser.newPage({ viewport: { width: 1280, height: 1400 }, colorScheme: scheme })
  const complaints: string[] = []
  page.on('console', message => {
    // The program's end is no complaint: then the page asks in vain.
    if (message.type() === 'error' && !message.text().includes('ERR_')) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith('data:'))
      complaints.push(request.url())
  })
  await page.goto(url)
  return { browser, page, complaints }
}
