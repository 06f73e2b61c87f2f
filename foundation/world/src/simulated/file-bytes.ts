/** The bytes of a file: they grow, and are cut off. */
export class FileBytes {
  private bytes = new Uint8Array(0)
  size = 0

  read(offset: number, length: number): Uint8Array {
    return this.bytes.slice(Math.min(offset, this.size), Math.min(offset + length, this.size))
  }

  write(offset: number, written: Uint8Array): void {
    this.grow(offset + written.length)
    this.bytes.set(written, offset)
  }

  truncate(size: number): void {
    this.grow(size)
    this.bytes.fill(0, size, this.size)
    this.size = size
  }

  copy(): FileBytes {
    const copy = new FileBytes()
    copy.write(0, this.bytes.subarray(0, this.size))
    return copy
  }

  /** Zeros follow the end. */
  private grow(size: number): void {
    if (size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.bytes.length))
      grown.set(this.bytes.subarray(0, this.size))
      this.bytes = grown
    }
    this.size = Math.max(this.size, size)
  }
}
