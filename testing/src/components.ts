// System components as tests see them: present, or a skip that says what is missing and how to get it.
import { components, installCommand } from '../../scripts/components.mjs'

const probed = new Map<string, string | false>()

/** A test asked for a component that this machine lacks, where everything must be present. */
export class ComponentAbsentError extends Error {
  override name = 'ComponentAbsentError'
  readonly component: string
  constructor(component: string, reason: string) {
    super(`${reason} (with CI set, an absent component is a failure)`)
    this.component = component
  }
}

/**
 * For a test's `skip` option: `false` when the system component is here, else the reason to skip, with the command
 * that installs it: `test('equals C', { skip: needs('gcc') }, …)`. The names are those of `scripts/components.mjs`.
 *
 * @throws ComponentAbsentError where the environment has `CI` set: there everything must be present.
 */
export function needs(name: string): string | false {
  const component = components.find(component => component.name === name)
  if (!component) throw new Error(`no component '${name}'; scripts/components.mjs has ${components.map(c => c.name)}`)
  let reason = probed.get(name)
  if (reason === undefined) {
    reason = component.probe() ? false : `${name} is absent: ${component.why}; to have it: ${installCommand(component)}`
    probed.set(name, reason)
  }
  if (reason && process.env.CI) throw new ComponentAbsentError(name, reason)
  return reason
}
