/** An answer whose bytes are its own: who is given it may write to them. */
export const copied = <Value>(value: Value): Value => {
  if (value instanceof Uint8Array) return value.slice() as Value
  if (Array.isArray(value)) return value.map(copied) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copied(part)])) as Value
}
