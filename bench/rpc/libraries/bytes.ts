/** Arrays for libraries that send bytes. */

export const bytesOf = (x: Float64Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)

/** The bytes may begin where no number may: then they are copied. */
export const arrayOf = (bytes: Uint8Array): Float64Array => {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  return new Float64Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / 8)
}
