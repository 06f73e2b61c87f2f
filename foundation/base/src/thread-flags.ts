/**
 * A thread inherits the flags of the process, so that loaders a program was started with also see its modules. Only those that go with code on the command line
 * (`--input-type`, `-e`) a thread that is started from a file refuses: then the flags that matter to modules are picked out, for its `execArgv`. Undefined: it inherits all.
 */
export const inheritedFlags = (): string[] | undefined => {
  const flags = process.execArgv
  if (!flags.some(flag => flag.startsWith('--input-type') || flag === '-e' || flag === '--eval')) return undefined
  const moduleFlag = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)(=|$)/
  return flags.flatMap((flag, i) => (!moduleFlag.test(flag) ? [] : flag.includes('=') ? [flag] : [flag, flags[i + 1]]))
}
