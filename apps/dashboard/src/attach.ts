/**
 * Imported before a program that runs under `skein run --dashboard`: serves the dashboard from its first line to its end, and says
 * where on standard error.
 */

import { isMainThread } from 'node:worker_threads'

const { SKEIN_DASHBOARD: asked, SKEIN_DASHBOARD_HOST: host, SKEIN_DASHBOARD_TOKEN: token } = process.env
// Threads import what their process was started with, and so do processes that the program forks.
if (isMainThread && asked !== undefined) {
  delete process.env.SKEIN_DASHBOARD
  delete process.env.SKEIN_DASHBOARD_HOST
  delete process.env.SKEIN_DASHBOARD_TOKEN
  const { feed } = await import('@skein/tasks/observe')
  // From the start, whether or not a page is open: what it shows later is the whole story.
  feed().hold()
  try {
    const [{ serve }, { here }] = await Promise.all([import('./server.ts'), import('./source.ts')])
    const { url } = await serve(here, { port: Number(asked), ...(host && { host }), ...(token && { token }) })
    console.error(`skein: dashboard at ${url}`)
  } catch (error) {
    console.error(`skein run: ${(error as Error).message}`)
    process.exit(1)
  }
}
