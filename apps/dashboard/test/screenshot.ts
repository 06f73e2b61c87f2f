// Takes docs/dashboard.png: `npx node apps/dashboard/test/screenshot.ts`.
import { fileURLToPath } from 'node:url'
import { openPage, startProgram } from './browser.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))
const program = await startProgram('./demo.ts', ['--dashboard'])
const { browser, page } = await openPage(program.url)
try {
  await page.setViewportSize({ width: 1280, height: 1240 })
  await page.locator('#failures').waitFor()
  await page.waitForTimeout(6000)
  const summary = page.locator('#graph-summary')
  const isUnderWay = /^([4-9]|1[0-2]) of 16 tasks done, \d running/
  // The program is halted when the page shows a graph in the middle; what was on its way by then may show its end.
  do {
    process.kill(program.pid, 'SIGCONT')
    await summary.filter({ hasText: isUnderWay }).waitFor()
    process.kill(program.pid, 'SIGSTOP')
    await page.waitForTimeout(500)
  } while (!isUnderWay.test(await summary.innerText()))
  // Calls are told by their file: the picture is the same wherever the repository lies.
  await page.locator('#objects').evaluate((table, folder) => {
    for (const cell of table.querySelectorAll('td'))
      cell.textContent = cell.textContent!.replace(folder, '/home/me/skein/')
  }, repository)
  await page.screenshot({ path: `${repository}docs/dashboard.png`, fullPage: true })
} finally {
  await browser.close()
  process.kill(program.pid, 'SIGKILL')
}
