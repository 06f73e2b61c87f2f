/**
 * Whether other machines can be reached, asked before MPICH's launcher goes there: it starts a process on each by `ssh`, and when that fails it
 * waits for ever for the one that never came. (Open MPI's says so and ends.)
 */
import { execFile } from 'node:child_process'
import { findProgram } from '@skein/base'
import { CommandError } from '../errors.ts'
import type { Host } from './hosts.ts'

/** A host that does not answer is given up after so long. */
const mostSeconds = 10
/** Machines that are asked at the same time. */
const atOnce = 32

/** Another way than ssh is named, or a batch system that brings its own. */
const otherWays = /^(HYDRA_(LAUNCHER|BOOTSTRAP)|SLURM_|PBS_|LSB_|LOADL|COBALT_|PE_HOSTFILE)/

/**
 * What `ssh` says when nobody is there, or nobody who is known. A refused key is left to the launcher's own `ssh`, which may ask for a password.
 */
const nobody =
  /could not resolve hostname|connect to (host|address)|connection (closed|refused|reset|timed out)|no route/i

/** @throws CommandError naming each host that cannot be reached, and what `ssh` says */
export async function checkReached(hosts: readonly Host[]): Promise<void> {
  const isOurs = !Object.keys(process.env).some(name => otherWays.test(name))
  const ssh = isOurs ? findProgram(['ssh']) : undefined
  if (ssh === undefined) return
  const names = [...new Set(hosts.map(({ name }) => name))]
  const lost: string[] = []
  for (let from = 0; from < names.length; from += atOnce) {
    const some = names.slice(from, from + atOnce)
    const said = await Promise.all(some.map(name => problemOf(ssh, name)))
    for (const [i, problem] of said.entries()) if (problem !== undefined) lost.push(`${some[i]}: ${problem}`)
  }
  if (lost.length === 0) return
  const advice = `Try 'ssh ${lost[0].slice(0, lost[0].indexOf(':'))} true'`
  throw new CommandError('mpirun', `not all hosts can be reached:\n  ${lost.join('\n  ')}\n${advice}`)
}

/** What keeps `ssh` from a host; undefined: nothing, or what only its owner can tell. */
function problemOf(ssh: string, name: string): Promise<string | undefined> {
  const args = ['-x', '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${mostSeconds}`, name, 'true']
  return new Promise(done => {
    const child = execFile(ssh, args, { timeout: 2000 * mostSeconds }, (error, _stdout, stderr) => {
      if (error === null) return done(undefined)
      if (error.killed) return done(`no answer in ${2 * mostSeconds} s`)
      const line = stderr.split('\n').find(text => nobody.test(text))
      done(error.code === 255 ? line?.trim() : undefined)
    })
    child.stdin?.end()
  })
}
