// How what one side offers looks from the other.

type Primitive = string | number | boolean | bigint | null | undefined | symbol
type Plain = Primitive | Date | RegExp | Error | ArrayBuffer | ArrayBufferView

/** A value as it arrives: functions in it answer by promises. */
export type Arrived<T> = T extends Plain
  ? T
  : T extends (...given: infer Given) => infer Result
    ? (...given: Sent<Given>) => Answer<Awaited<Result>>
    : T extends AsyncIterable<infer Item> | Generator<infer Item>
      ? AsyncIterable<Arrived<Item>> & AsyncDisposable
      : T extends Map<infer K, infer V>
        ? Map<Arrived<K>, Arrived<V>>
        : T extends Set<infer V>
          ? Set<Arrived<V>>
          : T extends object
            ? { [K in keyof T]: Arrived<T[K]> }
            : T

/** An argument as it may be given: functions that are called back may be asynchronous, and answers that are not here yet may stand for what they will be. */
type Sent<Given> = { [K in keyof Given]: SentOne<Given[K]> }
type SentOne<T> = T extends (...given: infer G) => infer Result
  ? // An answer that will be a function is one already, so this takes it, and parameters of functions that are written here have types.
    ((...given: G) => Result | Promise<Awaited<Result>>) | Promise<T>
  : T | Answer<T>

/**
 * What a call will give. A promise of it, and already what one can do with it: properties and methods of an answer that is not here yet are
 * asked for at once, without waiting for it.
 */
export type Answer<T> = Promise<Arrived<T>> &
  (T extends Plain
    ? unknown
    : T extends (...given: infer Given) => infer Result
      ? (...given: Sent<Given>) => Answer<Awaited<Result>>
      : T extends object
        ? { readonly [K in Exclude<keyof T, keyof Promise<unknown>>]: Answer<Awaited<T[K]>> }
        : unknown)

/** An object of the other side: its functions answer by promises. */
export type Remote<Api extends object> = { readonly [K in keyof Api]: Arrived<Api[K]> }
