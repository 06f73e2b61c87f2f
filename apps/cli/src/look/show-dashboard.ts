/** Serving the page of another program until that ends. */
import { randomBytes } from 'node:crypto'
import { programAt, serve } from '@skein/dashboard'
import { exitCode } from '../errors.ts'
import { chooseProgram } from './programs.ts'

export interface DashboardSettings {
  readonly port?: number
  readonly host?: string
}

export async function showDashboard(pid: number | undefined, settings: DashboardSettings): Promise<number> {
  const program = chooseProgram('dashboard', pid)
  const source = await programAt(program)
  const { port = 0, host } = settings
  const token = process.env.SKEIN_DASHBOARD_TOKEN ?? (host === undefined ? undefined : randomBytes(16).toString('hex'))
  const { url, close } = await serve(source, { port, ...(host !== undefined && { host }), ...(token && { token }) })
  console.log(`Dashboard of process ${program}: ${url}`)
  // Following keeps this command alive for as long as the program is there.
  const alive = setInterval(() => {}, 2 ** 30)
  await new Promise<void>(ended => source.follow({ ready: () => true, send: () => {} }, ended))
  clearInterval(alive)
  console.log(`Process ${program} has ended.`)
  await close()
  return exitCode.ok
}
