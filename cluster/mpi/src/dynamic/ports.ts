/** How ranks that were not started together find each other, and those who started them. */

import { Intercomm } from '../comm/communicators.ts'
import { hintsOf, type Info } from '../info.ts'
import { engine, world } from '../world.ts'
import { checkName } from './arguments.ts'

interface PortOptions {
  readonly info?: Info
}

let toParent: Intercomm | undefined

/** To the ranks that spawned this one's world; undefined: nobody did. The same each time. */
export function parent(): Intercomm | undefined {
  if (toParent === undefined && engine.parent !== undefined) toParent = new Intercomm(engine.parent, engine, 'parent')
  return toParent
}

/** How many ranks there may be at once, these and those that are spawned; undefined: the engine does not know. */
export const universeSize = (): number | undefined => engine.universeSize

/** Which of the programs of the command line, or of a `spawnMultiple`, this rank runs, from 0; undefined: the engine does not know. */
export const appNumber = (): number | undefined => engine.appNumber

/** Opens a port. @returns its name, by which others `connect` */
export const openPort = ({ info }: PortOptions = {}): string => engine.openPort(hintsOf(world, 'openPort', info))

export const closePort = (portName: string): void =>
  engine.closePort(checkName(world, 'closePort', 'the port', portName))

/** Lets others find a port by a service's name. @throws MpiError MPI_ERR_SERVICE when it is taken */
export function publishName(service: string, portName: string, { info }: PortOptions = {}): void {
  checkName(world, 'publishName', 'the service', service)
  checkName(world, 'publishName', 'the port', portName)
  engine.publishName(service, hintsOf(world, 'publishName', info), portName)
}

/** @throws MpiError MPI_ERR_SERVICE when there is none of that name */
export function unpublishName(service: string, portName: string, { info }: PortOptions = {}): void {
  checkName(world, 'unpublishName', 'the service', service)
  checkName(world, 'unpublishName', 'the port', portName)
  engine.unpublishName(service, hintsOf(world, 'unpublishName', info), portName)
}

/** The port that was published for a service. @throws MpiError MPI_ERR_NAME when there is none */
export const lookupName = (service: string, { info }: PortOptions = {}): string =>
  engine.lookupName(checkName(world, 'lookupName', 'the service', service), hintsOf(world, 'lookupName', info))
