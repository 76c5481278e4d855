/**
 * Splits bytes into lines, in time linear in their number whatever the chunking, and never holds more than `limit`
 * bytes of one line: of a longer line only both ends are kept.
 */

/** The beginning and the end of a line that was longer than the limit. */
export interface Oversized {
  readonly head: string
  readonly tail: string
}

export interface Handlers {
  readonly limit: number
  /** A line without its line feed. A carriage return before it is left in place. */
  readonly onLine: (line: string) => void
  readonly onOversized: (line: Oversized) => void
}

export interface Lines {
  readonly push: (chunk: Uint8Array) => void
  /** The input ended; what is left without a line feed is a line too. */
  readonly end: () => void
}

const endSize = 1024
const lineFeed = 10
const empty = new Uint8Array(0)

const join = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const joined = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    joined.set(chunk, offset)
    offset += chunk.length
  }
  return joined
}

/** The last `endSize` bytes of `tail` followed by `chunk`. */
const slide = (tail: Uint8Array, chunk: Uint8Array): Uint8Array =>
  chunk.length >= endSize
    ? chunk.slice(-endSize)
    : join(
      [tail.subarray(Math.max(0, tail.length + chunk.length - endSize)), chunk],
      Math.min(endSize, tail.length + chunk.length)
    )

export const make = (handlers: Handlers): Lines => {
  const decoder = new TextDecoder()
  let chunks: Array<Uint8Array> = []
  let size = 0
  /** Set while the rest of a line over the limit is being skipped. */
  let skipping: { readonly head: string; tail: Uint8Array } | undefined

  const append = (chunk: Uint8Array) => {
    if (skipping !== undefined) {
      skipping.tail = slide(skipping.tail, chunk)
      return
    }
    chunks.push(chunk)
    size += chunk.length
    if (size <= handlers.limit) return
    const held = join(chunks, size)
    skipping = { head: decoder.decode(held.subarray(0, endSize)), tail: slide(empty, held) }
    chunks = []
    size = 0
  }

  const finish = () => {
    if (skipping !== undefined) {
      const { head, tail } = skipping
      skipping = undefined
      handlers.onOversized({ head, tail: decoder.decode(tail) })
      return
    }
    const line = decoder.decode(join(chunks, size))
    chunks = []
    size = 0
    handlers.onLine(line)
  }

  return {
    push: (chunk) => {
      let start = 0
      let end = chunk.indexOf(lineFeed)
      while (end !== -1) {
        if (end > start) append(chunk.subarray(start, end))
        finish()
        start = end + 1
        end = chunk.indexOf(lineFeed, start)
      }
      if (start < chunk.length) append(start === 0 ? chunk : chunk.subarray(start))
    },
    end: () => {
      if (size > 0 || skipping !== undefined) finish()
    }
  }
}
