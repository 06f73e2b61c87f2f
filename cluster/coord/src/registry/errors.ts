import { registerError, SkeinError } from '@skein/base'

export type RefusalReason = 'unsigned' | 'forged' | 'not authorized' | 'malformed' | 'of another lease'

const advice: Record<RefusalReason, string> = {
  unsigned: 'Only those with a key may register it: give the registry a key.',
  forged: 'Its signature is not that of its key: somebody changed it, or made it up.',
  'not authorized': 'The key may not register that name: add it to those that may, or register with another.',
  malformed: 'Was it written by something else?',
  'of another lease': 'It was written for a lease that is over: somebody has put it there again.',
}

/** A registration that is not accepted: by a hub, or by those who read a store and know who may register. */
export class RegistrationRefusedError extends SkeinError {
  static {
    registerError(RegistrationRefusedError, 'RegistrationRefusedError')
  }
  declare readonly service: string
  declare readonly id: string
  declare readonly reason: RefusalReason
  /** Of the key that signed it, the public part. */
  declare readonly key: string | undefined

  constructor(service: string, id: string, reason: RefusalReason, key?: string, options?: ErrorOptions) {
    const by = key === undefined ? '' : ` by ${key}`
    const message = `The registration ${id} of ${service}${by} is not accepted: it is ${reason}. ${advice[reason]}`
    super('SKEIN_COORD_REGISTRATION_REFUSED', message, { service, id, reason, key }, options)
  }
}

/** A registration that is over. */
export class RegistrationEndedError extends SkeinError {
  static {
    registerError(RegistrationEndedError, 'RegistrationEndedError')
  }
  declare readonly service: string
  declare readonly id: string

  constructor(service: string, id: string, reason: string, options?: ErrorOptions) {
    super(
      'SKEIN_COORD_REGISTRATION_ENDED',
      `The registration ${id} of ${service} is over: ${reason}. Register again if it is still served.`,
      { service, id },
      options,
    )
  }
}

/** The registry was closed. */
export class RegistryClosedError extends SkeinError {
  static {
    registerError(RegistryClosedError, 'RegistryClosedError')
  }
  constructor(url: string) {
    super('SKEIN_COORD_REGISTRY_CLOSED', `The registry at ${url} was closed. Open another.`, {})
  }
}

/** No port of the range is free. */
export class NoPortError extends SkeinError {
  static {
    registerError(NoPortError, 'NoPortError')
  }
  declare readonly machine: string
  declare readonly low: number
  declare readonly high: number

  constructor(machine: string, low: number, high: number) {
    super(
      'SKEIN_COORD_NO_PORT',
      `On ${machine} no port from ${low} to ${high} is free. Give a larger range, or free some.`,
      { machine, low, high },
    )
  }
}

/** What is no key, or no list of keys. What was given is not told, for it may be secret. */
export class KeyFormatError extends SkeinError {
  static {
    registerError(KeyFormatError, 'KeyFormatError')
  }
  declare readonly expected: string

  constructor(what: string, expected: string, options?: ErrorOptions) {
    super(
      'SKEIN_COORD_KEY',
      `${what} must be ${expected}, and is not. Make keys by generateKeys(), or 'skein registry keygen'.`,
      { expected },
      options,
    )
  }
}

/** There is something else at the address of a hub. */
export class NotAHubError extends SkeinError {
  static {
    registerError(NotAHubError, 'NotAHubError')
  }
  declare readonly address: string

  constructor(address: string, options?: ErrorOptions) {
    super(
      'SKEIN_COORD_NOT_A_HUB',
      `At ${address} there is no hub of a registry, or one of another version. Start one by serveRegistry(), or 'skein registry serve'.`,
      { address },
      options,
    )
  }
}

/** A hub has given out as much as it may. */
export class HubLimitError extends SkeinError {
  static {
    registerError(HubLimitError, 'HubLimitError')
  }
  declare readonly what: string
  declare readonly most: number

  constructor(what: string, most: number) {
    super('SKEIN_COORD_HUB_LIMIT', `The hub has ${most} ${what}, and gives no more. Free some, or raise its limit.`, {
      what,
      most,
    })
  }
}
