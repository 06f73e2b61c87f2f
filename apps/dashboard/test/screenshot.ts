// Takes docs/dashboard.png: `npx node apps/dashboard/test/screenshot.ts`.
import { fileURLToPath } from 'node:url'
import { openPage, startProgram } from './browser.ts'

const program = await startProgram('./demo.ts', ['--dashboard'])
const { browser, page } = await openPage(program.url)
await page.setViewportSize({ width: 1280, height: 1240 })
await page.locator('#failures').waitFor()
await page.waitForTimeout(6000)
await page.locator('#graph-summary', { hasText: /^([2-9]|1[0-5]) of 16/ }).waitFor()
await page.screenshot({ path: fileURLToPath(new URL('../../../docs/dashboard.png', import.meta.url)) })
await browser.close()
process.kill(program.pid)
