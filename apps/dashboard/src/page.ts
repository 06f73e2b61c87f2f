/**
 * The page as it is sent: one file without anything from elsewhere. Published packages bring it along; in a checkout it is
 * built from `page/` when it is first needed, and again whenever a file there is newer.
 */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Page {
  readonly html: string
  /** What the page may do: run its own script, and ask its own server. */
  readonly policy: string
}

const folder = new URL('../page/', import.meta.url)
const built = new URL('dist/index.html', folder)
const builder = new URL('build.ts', folder)

export async function page(): Promise<Page> {
  if (existsSync(builder) && !isFresh()) {
    const { buildPage } = (await import(builder.href)) as { buildPage(): Promise<void> }
    await buildPage()
  }
  const html = readFileSync(built, 'utf8')
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, 'g'))].map(([, text]) => hash(text)).join(' ')
  const policy = [
    "default-src 'none'",
    `script-src ${hashes('script')}`,
    `style-src ${hashes('style')}`,
    // The parts of charts are placed by attributes.
    "style-src-attr 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return { html, policy: policy.join('; ') }
}

function isFresh(): boolean {
  const made = statSync(built, { throwIfNoEntry: false })
  if (!made) return false
  const sources = readdirSync(fileURLToPath(folder)).filter(name => /\.(tsx?|css|html)$/.test(name))
  return sources.every(name => statSync(new URL(name, folder)).mtimeMs <= made.mtimeMs)
}
