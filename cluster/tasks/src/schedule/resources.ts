/**
 * What workers and the engine have, and who holds it: CPUs of each worker, amounts of named resources, bundles of groups. Of tasks it sees only what they ask for
 * and where they are; which of them runs next is the scheduler's.
 *
 * A task holds CPUs of its own worker, or of a bundle there; CPUs of other workers, its shares, when it asks for more than one; and amounts. What it
 * keeps when it has finished it holds until it is released. While it awaits others its CPUs may be lent to another.
 */

import { type Bundle, fits, type Group, rounding } from './group.ts'
import { cpusAtHome, Place, type Request, type Share } from './place.ts'
import type { Work } from './work.ts'

const noShares: readonly Share[] = []

/** Where a task fits. */
export interface Room {
  readonly place: Place
  /** Of its group. */
  readonly bundle: Bundle | undefined
  readonly shares: readonly Share[]
}

export class Resources {
  readonly places = new Map<number, Place>()
  /** What has finished and keeps what it held. */
  readonly kept = new Set<Work>()
  /** Groups that are placed. */
  readonly #groups = new Set<Group>()
  /** Of dispatched tasks, and what is kept, the bundle that it takes its resources from, if it asked for a group's. */
  readonly #bundles = new Map<Work, Bundle>()
  /** Of dispatched tasks, and what is kept: of those that take CPUs of others than their own worker, which. */
  readonly #shares = new Map<Work, readonly Share[]>()
  /** Of each resource but CPUs: what there is, and what is lent. */
  readonly #amounts = new Map<string, { readonly total: number; lent: number }>()
  readonly #reserved: (worker: number, on: boolean) => void
  #choices = 0

  /** @param reserved hears when CPUs of a worker are set aside, or no longer */
  constructor(totals: { readonly [name: string]: number }, reserved: (worker: number, on: boolean) => void) {
    for (const [name, total] of Object.entries(totals)) this.#amounts.set(name, { total, lent: 0 })
    this.#reserved = reserved
  }

  // Workers.

  join(worker: number): void {
    const place = new Place(worker)
    this.places.set(worker, place)
    for (const work of this.kept) if (work.place!.worker === worker) work.place = place
    this.#countReserved(place, 1)
  }

  leave(worker: number): void {
    const place = this.places.get(worker)
    this.places.delete(worker)
    if (place !== undefined) this.#countReserved(place, -1)
  }

  /** The worker with the shortest open queue, if that is shorter than `depth`. */
  shortest(depth: number): Place | undefined {
    let best: Place | undefined
    let least = depth
    for (const place of this.places.values()) {
      if (place.open < least && place.isWhole) {
        best = place
        least = place.open
      }
    }
    return best
  }

  // Finding room.

  /** Whether there would be room if nothing else were there. */
  isFeasible({ amounts, cpus, group, bundle = -1 }: Request, workers: number): boolean {
    if (group?.state === 'removed') return true
    if (group !== undefined) {
      if (bundle < 0) return group.bundles.some(one => one.holds(cpus, amounts))
      return group.bundles[bundle]?.holds(cpus, amounts) ?? false
    }
    if (Math.ceil(cpus - rounding) > workers) return false
    return amounts.every(([name, amount]) => amount <= (this.#amounts.get(name)?.total ?? 0))
  }

  /** Where it fits now. */
  roomFor(request: Request): Room | undefined {
    const bundle = request.group && this.#bundleFor(request)
    const place = bundle ? this.places.get(bundle.worker) : request.group ? undefined : this.#placeFor(request)
    const shares = place && this.#sharesFor(request, place)
    return shares && { place, bundle, shares }
  }

  /** A bundle of its group where a task fits now, on a worker that is there. */
  #bundleFor({ group, bundle: number = -1, cpus, amounts, worker }: Request): Bundle | undefined {
    if (group!.state !== 'placed') return undefined
    return (number < 0 ? group!.bundles : [group!.bundles[number]]).find(
      bundle =>
        (worker < 0 || worker === bundle.worker) && this.places.has(bundle.worker) && bundle.fits(cpus, amounts),
    )
  }

  #placeFor(request: Request): Place | undefined {
    const { amounts, worker, prefer } = request
    const cpus = cpusAtHome(request)
    if (!this.#areLeft(amounts)) return undefined
    if (worker >= 0) {
      const place = this.places.get(worker)
      return place && fits(place.cpus, cpus) ? place : undefined
    }
    let best: Place | undefined
    for (const place of this.places.values()) {
      if (fits(place.cpus, cpus) && (best === undefined || isBetter(place, best, prefer))) best = place
    }
    return best
  }

  #areLeft(amounts: Iterable<readonly [name: string, amount: number]>): boolean {
    for (const [name, amount] of amounts) {
      const { total, lent } = this.#amounts.get(name)!
      if (lent + amount > total + rounding) return false
    }
    return true
  }

  /**
   * What it takes of other workers now, if that is there. The part of a CPU first, where it fits beside most: whole ones are
   * left for the rest.
   */
  #sharesFor({ cpus }: Request, home: Place): readonly Share[] | undefined {
    if (cpus <= 1) return noShares
    const others = new Set(this.places.values())
    others.delete(home)
    const shares: Share[] = []
    for (let left = cpus - 1; left > rounding; ) {
      const part = left - Math.floor(left + rounding)
      const share = part > rounding ? part : 1
      let best: Place | undefined
      for (const place of others) {
        if (fits(place.cpus, share) && (best === undefined || isBetter(place, best, 'pack'))) best = place
      }
      if (best === undefined) return undefined
      others.delete(best)
      shares.push({ worker: best.worker, cpus: share })
      left -= share
    }
    return shares
  }

  // Lending.

  /** It has this room; its CPUs are counted once it is dispatched. */
  lend(work: Work, { place, bundle, shares }: Room): void {
    const { amounts, prefer } = work.request!
    if (prefer === 'spread') place.chosen = ++this.#choices
    if (bundle) this.#bundles.set(work, bundle)
    if (shares.length > 0) this.#shares.set(work, shares)
    for (const [name, amount] of amounts) {
      if (bundle) bundle.lent.set(name, (bundle.lent.get(name) ?? 0) + amount)
      else this.#amounts.get(name)!.lent += amount
    }
  }

  sharesOf(work: Work): readonly Share[] {
    return (this.#shares.size > 0 && this.#shares.get(work)) || noShares
  }

  /** Counts what a dispatched task holds, but for its amounts; with -1 it holds it no longer. */
  count(work: Work, sign: 1 | -1): void {
    if (!work.awaits) this.#countShares(work, sign)
    const bundle = this.#bundleOf(work)
    if (bundle === undefined) return work.place!.count(work, sign)
    work.place!.count(work, sign, 0)
    if (!work.awaits) bundle.lentCpus += sign * work.request!.cpus
  }

  #countShares(work: Work, sign: 1 | -1): void {
    for (const { worker, cpus } of this.sharesOf(work)) {
      const place = this.places.get(worker)
      // One that comes in a lost worker's place begins with what is set aside there.
      if (place) place.cpus += sign * cpus
    }
  }

  /** What a task takes its resources from, if that is not the worker itself. */
  #bundleOf(work: Work): Bundle | undefined {
    if (work.request?.group === undefined) return undefined
    const bundle = this.#bundles.get(work)
    return bundle?.isGone ? undefined : bundle
  }

  /** What a task that was counted off held besides. */
  giveBack(work: Work): void {
    work.place = undefined
    this.#giveAmounts(work)
    this.#forgetShares(work)
  }

  /** A task that was counted off holds it all the same, until it is released. */
  keep(work: Work): void {
    const { place, request } = work
    const bundle = this.#bundleOf(work)
    this.kept.add(work)
    place!.kept++
    if (bundle !== undefined) bundle.lentCpus += request!.cpus
    else place!.cpus += cpusAtHome(request!)
    this.#countShares(work, 1)
    this.tellReserved(place!.worker)
  }

  /** False: it kept nothing. */
  release(work: Work): boolean {
    if (!this.kept.delete(work)) return false
    const place = work.place!
    const isPresent = this.places.get(place.worker) === place
    const cpus = cpusAtHome(work.request!)
    if (isPresent) place.kept--
    const bundle = this.#bundleOf(work)
    if (bundle !== undefined) bundle.lentCpus -= cpus
    else if (isPresent) place.cpus -= cpus
    this.#countShares(work, -1)
    this.#giveAmounts(work)
    work.place = undefined
    this.tellReserved(place.worker)
    this.#forgetShares(work)
    return true
  }

  #forgetShares(work: Work): void {
    const shares = this.sharesOf(work)
    this.#shares.delete(work)
    for (const { worker } of shares) this.tellReserved(worker)
  }

  #giveAmounts(work: Work): void {
    const { request } = work
    if (request === undefined) return
    const bundle = this.#bundleOf(work)
    if (request.group !== undefined) this.#bundles.delete(work)
    for (const [name, amount] of request.amounts) {
      if (bundle) bundle.lent.set(name, bundle.lent.get(name)! - amount)
      else this.#amounts.get(name)!.lent -= amount
    }
  }

  // Groups.

  /** Whether a group could be placed if nothing else were there. */
  isGroupFeasible(group: Group, workers: number): boolean {
    for (const [name, amount] of group.amounts) if (amount > (this.#amounts.get(name)?.total ?? 0)) return false
    return group.fit(Array.from({ length: workers }, (_, worker) => new Place(worker))) !== undefined
  }

  /** Sets aside what a group asked for; false: not now. */
  placeGroup(group: Group): boolean {
    const { amounts } = group
    const found = this.#areLeft(amounts) ? group.fit(this.places.values()) : undefined
    if (found === undefined) return false
    this.#groups.add(group)
    group.state = 'placed'
    for (const [name, amount] of amounts) this.#amounts.get(name)!.lent += amount
    for (const [bundle, worker] of found) {
      bundle.worker = worker
      this.places.get(worker)!.cpus += bundle.cpus
      this.tellReserved(worker)
    }
    return true
  }

  /** A placed group sets nothing aside any more; what tasks hold of it they hold of its workers. */
  dissolve(group: Group): void {
    this.#groups.delete(group)
    for (const bundle of group.bundles) {
      bundle.isGone = true
      const place = this.places.get(bundle.worker)
      if (place) place.cpus += bundle.lentCpus - bundle.cpus
      for (const [name, amount] of bundle.amounts)
        this.#amounts.get(name)!.lent += (bundle.lent.get(name) ?? 0) - amount
    }
  }

  // What is set aside on a worker.

  /** Counts what is set aside on a worker that comes, or goes. */
  #countReserved(place: Place, sign: 1 | -1): void {
    const { cpus, kept } = this.#reservedOn(place.worker)
    place.cpus += sign * cpus
    place.kept += sign * kept
  }

  /** CPUs of a worker that bundles have, what is kept without, and tasks of other workers; and how much that is in number. */
  #reservedOn(worker: number): { cpus: number; kept: number } {
    let cpus = 0
    let kept = 0
    for (const { bundles } of this.#groups) {
      for (const bundle of bundles) if (bundle.worker === worker) cpus += bundle.cpus
    }
    for (const work of this.kept) {
      if (work.place!.worker !== worker) continue
      kept++
      if (this.#bundleOf(work) === undefined) cpus += cpusAtHome(work.request!)
    }
    for (const [work, shares] of this.#shares) {
      if (work.awaits) continue
      for (const share of shares) if (share.worker === worker) cpus += share.cpus
    }
    return { cpus, kept }
  }

  tellReserved(worker: number): void {
    if (worker >= 0) this.#reserved(worker, this.#reservedOn(worker).cpus > rounding)
  }

  /**
   * Whether what is counted is what is held.
   *
   * @param dispatched every dispatched task
   * @param must is told what has to hold
   */
  check(dispatched: Iterable<Work>, must: (holds: boolean, what: string) => void): void {
    const counted = new Map<Place, Place>()
    const lent = new Map<string, number>()
    const ofBundles = new Map<Bundle, Lent>()
    const sumOf = (place: Place): Place => {
      let sum = counted.get(place)
      if (sum === undefined) counted.set(place, (sum = new Place(place.worker)))
      return sum
    }
    const lentBy = (amounts: Iterable<readonly [name: string, amount: number]>) => {
      for (const [name, amount] of amounts) lent.set(name, (lent.get(name) ?? 0) + amount)
    }
    for (const work of dispatched) {
      const place = work.place!
      const bundle = this.#bundleOf(work)
      must(bundle === undefined || bundle.worker === place.worker, `task ${work.id} runs where its bundle is`)
      sumOf(place).count(work, 1, bundle === undefined ? undefined : 0)
      if (bundle !== undefined) addTo(ofBundles, bundle, work.awaits ? 0 : work.request!.cpus, work.request!.amounts)
      else lentBy(work.request?.amounts ?? [])
    }
    for (const work of this.kept) {
      const request = work.request!
      const bundle = this.#bundleOf(work)
      if (bundle !== undefined) addTo(ofBundles, bundle, request.cpus, request.amounts)
      else lentBy(request.amounts)
    }
    for (const place of this.places.values()) this.#countReserved(sumOf(place), 1)
    for (const group of this.#groups) {
      lentBy(group.amounts)
      const what = `a bundle of group ${group.id} counts what is lent of it, and of amounts no more than it has`
      for (const bundle of group.bundles) must(isBundleRight(bundle, ofBundles.get(bundle)), what)
    }
    for (const place of new Set([...this.places.values(), ...counted.keys()])) {
      const sum = counted.get(place) ?? new Place(place.worker)
      const isRight =
        sum.open === place.open &&
        sum.beside === place.beside &&
        sum.dispatched === place.dispatched &&
        sum.kept === place.kept &&
        about(sum.cpus, place.cpus)
      must(isRight, `worker ${place.worker} counts what it has`)
    }
    for (const [name, amount] of this.#amounts) {
      must(about(amount.lent, lent.get(name) ?? 0), `what is lent of ${name} is what tasks hold`)
      must(amount.lent <= amount.total + 1e-6, `${name} is not overdrawn`)
    }
  }
}

/** Amounts are lent and given back as floats; rounding adds up. */
const about = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b))

/** What tasks hold of a bundle. */
interface Lent {
  cpus: number
  readonly amounts: Map<string, number>
}

function addTo(
  sums: Map<Bundle, Lent>,
  bundle: Bundle,
  cpus: number,
  amounts: readonly (readonly [name: string, amount: number])[],
): void {
  let sum = sums.get(bundle)
  if (sum === undefined) sums.set(bundle, (sum = { cpus: 0, amounts: new Map() }))
  sum.cpus += cpus
  for (const [name, amount] of amounts) sum.amounts.set(name, (sum.amounts.get(name) ?? 0) + amount)
}

function isBundleRight(bundle: Bundle, { cpus, amounts }: Lent = { cpus: 0, amounts: new Map() }): boolean {
  const names = new Set([...bundle.lent.keys(), ...amounts.keys()])
  return (
    about(cpus, bundle.lentCpus) &&
    [...names].every(name => about(amounts.get(name) ?? 0, bundle.lent.get(name) ?? 0)) &&
    [...amounts].every(([name, amount]) => amount <= (bundle.amounts.get(name) ?? 0) + 1e-6)
  )
}

/** Where a task goes of two places where it fits. */
function isBetter(a: Place, b: Place, prefer: Request['prefer']): boolean {
  if (prefer === 'pack') return a.cpus !== b.cpus ? a.cpus > b.cpus : a.load > b.load
  if (prefer === 'spread') return a.load !== b.load ? a.load < b.load : a.chosen < b.chosen
  return a.dispatched < b.dispatched
}
