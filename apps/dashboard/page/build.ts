/** Builds the page into one file, `dist/index.html`: script and style stand inside, and nothing is fetched from elsewhere. */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'

export async function buildPage(): Promise<void> {
  const result = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'warn',
    build: { write: false, modulePreload: false, target: 'es2024' },
  })
  if (!('output' in result)) throw new Error('vite gave something other than one build')
  const texts = new Map(result.output.map(file => [file.fileName, String('code' in file ? file.code : file.source)]))
  const textOf = (path: string): string => {
    const text = texts.get(path.replace(/^\//, ''))
    if (text === undefined) throw new Error(`the page names ${path}, which the build did not make`)
    return text
  }
  const html = textOf('index.html')
    .replace(/<script type="module"[^>]* src="([^"]+)"><\/script>/, '')
    .replace(/<link rel="stylesheet"[^>]* href="([^"]+)">/, (_, path) => `<style>${textOf(path)}</style>`)
    .replace(
      '</body>',
      () => `<script type="module">${scriptOf(texts).replaceAll('</script', '<\\/script')}</script></body>`,
    )
  const folder = join(import.meta.dirname, 'dist')
  mkdirSync(folder, { recursive: true })
  // Two programs may build at once: each reader finds a whole file.
  const part = join(folder, `index.${process.pid}.part`)
  writeFileSync(part, html)
  renameSync(part, join(folder, 'index.html'))
}

function scriptOf(texts: Map<string, string>): string {
  const scripts = [...texts].filter(([name]) => name.endsWith('.js'))
  if (scripts.length !== 1) throw new Error(`the page should have one script, not ${scripts.length}`)
  return scripts[0][1]
}

if (import.meta.main) await buildPage()
