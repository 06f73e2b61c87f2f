/** The page in a browser, against a program that runs: its numbers are the program's. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { needs } from '@skein/testing'
import type { Browser, Page } from 'playwright-core'
import { bytes } from '../src/words.ts'
import { openPage, type Running, startProgram } from './browser.ts'

describe('the page', { skip: needs('chromium') }, () => {
  let program: Running | undefined
  let browser: Browser | undefined
  let page: Page
  let complaints: string[] = []
  const folder = mkdtempSync(join(tmpdir(), 'skein-page-'))
  const report = join(folder, 'report.html')
  after(async () => {
    await browser?.close()
    await program?.end()
    rmSync(folder, { recursive: true })
  })
  const stat = (name: string) => page.locator(`[data-stat="${name}"]`)
  /** Waits until the page says so. */
  const reads = (selector: string, text: string | RegExp) =>
    page.locator(selector, { hasText: text }).first().waitFor({ timeout: 30_000 })

  it('shows what the program counts', async () => {
    program = await startProgram('./program.ts', ['--dashboard', '--report', report])
    const stats = await program.stats()
    ;({ browser, page, complaints } = await openPage(program.url))
    await reads('#state', 'live')
    await reads('[data-stat="done"]', String(stats.done))
    assert.equal(await stat('failed').innerText(), String(stats.failed))
    assert.equal(await stat('workers').innerText(), String(stats.workers))
    assert.equal(await stat('running').innerText(), '0')
    const cell = (name: string, column: string) =>
      page.locator(`[data-function="${name}"] [data-column="${column}"]`).innerText()
    assert.deepEqual(
      [await cell('crunch', 'done'), await cell('rest', 'done'), await cell('breaks', 'failed')],
      ['150', '50', '3'],
    )
    assert.equal(await cell('Store.set', 'done'), '2')
    assert.match(await page.locator('#actors tbody').innerText(), /Store\s+prices/)
    assert.match(await page.locator('[data-label="the grid"]').innerText(), /1\s+1\.0 MiB/)
    assert.match(await page.locator('#logs').innerText(), /\d one\n[\s\S]*\d two|\d two\n[\s\S]*\d one/)
  })

  it('shows objects by owner and call, in memory and on disk', async () => {
    const { objects } = await program!.stats(0)
    const layers = objects.holders.find(({ owner }) => owner === 'layer')!
    assert(layers.diskBytes > 0 && layers.bytes > 0 && layers.site !== '', JSON.stringify(layers))
    const cells = (owner: string) => page.locator(`#objects [data-owner="${owner}"] > *`).allInnerTexts()
    for (const { owner, site, count, bytes: held, diskBytes } of objects.holders)
      assert.deepEqual(await cells(owner), [owner, site, String(count), bytes(held), bytes(diskBytes)])
    assert.match((await cells('put'))[1], /program\.ts:\d+/)
    const summary = `${objects.count}: ${bytes(objects.bytes)} in memory, ${bytes(objects.diskBytes)} on disk; ${objects.spilled} written`
    assert((await page.locator('#objects-summary').innerText()).startsWith(summary))
  })

  it('shows what it costs to bring values from thread to thread', async () => {
    const cell = (row: string, column: string) =>
      page.locator(`[data-moved="${row}"] [data-column="${column}"]`).innerText()
    const row = async (name: string, ...columns: string[]) => {
      const found: string[] = []
      for (const column of columns) found.push(await cell(name, column))
      return found
    }
    // 20 layers and 10 arrays were copied, one of 1 MiB was given five times as it lies.
    const columns = ['packed', 'copied', 'copiedBytes', 'shared', 'sharedBytes']
    assert.deepEqual(await row('main program', ...columns), ['60', '30', '21.3 MiB', '5', '5.0 MiB'])
    assert.deepEqual(await row('measures', 'packed', 'unpacked', 'copied', 'copiedBytes'), ['10', '0', '10', '1.3 MiB'])
    assert.deepEqual(await row('reads', 'packed', 'unpacked', 'copied'), ['30', '30', '0'])
    const there = await Promise.all([1, 2].map(async n => Number(await cell(`worker ${n}`, 'unpacked'))))
    assert.equal(there[0] + there[1], 40)
  })

  it('tells the story of a failed task, its stacks joined', async () => {
    await page.locator('#failures button').first().click()
    await reads('#story', 'cannot')
    const story = await page.locator('#story').innerText()
    assert.match(story, /TaskError: Task 'breaks' failed on worker/)
    assert.match(story, /RangeError: cannot (go on|stop|wait)[\s\S]*jobs\.ts/)
    assert.match(story, /program\.ts/)
  })

  it('obeys the keyboard', async () => {
    const canvas = page.locator('canvas[role="application"]')
    await canvas.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press(',')
    const title = page.locator('#task-title')
    await reads('#task-title', /Task \d+/)
    const first = await title.innerText()
    await page.keyboard.press(',')
    await page.locator('#task-title', { hasNotText: first }).waitFor()
    await page.keyboard.press('+')
    await page.keyboard.press('ArrowLeft')
    assert.equal(await page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'false')
    await page.keyboard.press('End')
    assert.equal(await page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'true')
    // Everything that can be clicked can be reached.
    assert.equal(await page.locator('[onclick]:not(button), div[tabindex="-1"]').count(), 0)
    await page.getByRole('button', { name: 'crunch' }).press('Enter')
    assert.equal(await page.getByRole('button', { name: 'crunch' }).getAttribute('aria-pressed'), 'true')
  })

  it('draws what workers ran, in light and in dark', async () => {
    await page.locator('canvas[role="application"]').press('Home')
    // It is drawn with the next frame.
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('canvas[role="application"]')!
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Set<number>()
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
      }
      return seen.size > 3
    })
    const back = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await back()
    await page.getByRole('button', { name: 'Change to dark colours' }).click()
    assert.notEqual(await back(), light)
  })

  it('shows a graph as it runs, and a bag by its stages', async () => {
    const box = (label: string) => page.locator(`[data-box="${label}"]`)
    const says = (label: string, text: string | RegExp) =>
      page.locator(`[data-box="${label}"] .state`, { hasText: text }).waitFor({ timeout: 30_000 })
    program!.tell('graph')
    await says('rest(1) → crunch(·) → opens(Int32Array(1), ·)', 'running')
    await says('sum(#1, #2, #3)', 'waiting')
    await says("breaks('go on')", 'failed')
    await reads('#graph-summary', '2 of 5 tasks done, 1 running, 1 failed')
    await box("breaks('go on')").press('Enter')
    await reads('#story', 'cannot go on')
    const { failed } = await program!.stats('open')
    await reads('[data-stat="failed"]', String(failed))
    await says('range → map → by count', '10 of 10')
    await says('merged → best', '3 of 3')
    await says('best', 'done')
    await reads('#graph-summary', '14 of 14 tasks done; in')
    assert.equal(await page.locator('.graph .arrow').count(), 2)
    await page.locator('#graphs').selectOption({ index: 0 })
    await says('sum(#1, #2, #3)', 'done')
    await reads('#graph-summary', '4 of 5 tasks done, 1 failed')
  })

  it('stays live with a hundred thousand tasks', async () => {
    const stats = await program!.stats(100_000)
    await reads('[data-stat="done"]', stats.done.toLocaleString('en'))
    await reads('[data-function="nothing"] [data-column="done"]', '100,000')
    await page.getByRole('button', { name: 'All' }).click()
    assert.equal(await page.locator('#state').innerText(), 'live')
  })

  it('says when the program has ended, and keeps what it showed', async () => {
    await program!.end()
    await reads('#state', 'the program has ended')
    assert.equal(await page.locator('[data-function="crunch"] [data-column="done"]').innerText(), '150')
    assert.deepEqual(complaints, [])
    // What the page says of values on their way, the report says as well.
    const html = readFileSync(report, 'utf8')
    const moved = (name: string, column: string) =>
      page.locator(`[data-moved="${name}"] [data-column="${column}"]`).innerText()
    for (const name of ['main program', 'worker 1', 'worker 2', 'measures', 'reads']) {
      const row = html.match(`<tr><td>${name}</td>(?=<td>[^<]* (?:%|ms|µs|s)<)(.*?: .*?)</tr>`)![1]
      for (const column of ['packed', 'unpacked', 'copied']) {
        const [times, size] = [await moved(name, column), await moved(name, `${column}Bytes`)]
        assert(row.includes(`<td>${times}: ${size}</td>`), `${name}: ${times} ${size} in ${row}`)
      }
    }
  })
})
