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

const first = (pieces: ReadonlyArray<string>): string => {
  let text = ""
  for (const piece of pieces) {
    if (text.length >= endSize) break
    text += piece.slice(0, endSize)
  }
  return text.slice(0, endSize)
}

/** The byte order mark with which some programs begin. */
const withoutMark = (line: string): string => line.charCodeAt(0) === 0xFEFF ? line.slice(1) : line

/** The last `endSize` characters of `tail` followed by `piece`. */
const slide = (tail: string, piece: string): string => (tail + piece.slice(-endSize)).slice(-endSize)

// Left to itself, Node's removes a mark from the middle of a text too that comes in pieces.
const makeDecoder = () => new TextDecoder("utf-8", { ignoreBOM: true })

/** Of what is whole. It keeps nothing, so that one is enough. */
const wholes = makeDecoder()

export const make = (handlers: Handlers): Lines => {
  /** Of the line whose pieces these are. */
  let decoder: TextDecoder | undefined
  /** Decoded as they come: of bytes that are kept until a long line is whole, the garbage collector makes more work. */
  let pieces: Array<string> = []
  let size = 0
  /** Set while the rest of a line over the limit is being skipped. */
  let skipping: { readonly head: string; tail: string } | undefined

  const append = (chunk: Uint8Array) => {
    decoder ??= makeDecoder()
    const piece = decoder.decode(chunk, { stream: true })
    size += chunk.length
    if (skipping !== undefined) {
      skipping.tail = slide(skipping.tail, piece)
      return
    }
    pieces.push(piece)
    if (size <= handlers.limit) return
    skipping = { head: withoutMark(first(pieces)), tail: pieces.reduce(slide, "") }
    pieces = []
  }

  const finish = () => {
    const rest = decoder?.decode() ?? ""
    decoder = undefined
    size = 0
    if (skipping !== undefined) {
      const { head, tail } = skipping
      skipping = undefined
      return handlers.onOversized({ head, tail: slide(tail, rest) })
    }
    const line = pieces.join("") + rest
    pieces = []
    handlers.onLine(withoutMark(line))
  }

  /** Lines from the first to the last, and between them line feeds. */
  const takeAll = (bytes: Uint8Array) => {
    if (bytes.length <= handlers.limit) {
      // One for all: most are short.
      const text = wholes.decode(bytes)
      let start = 0
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
        handlers.onLine(withoutMark(text.slice(start, end)))
        start = end + 1
      }
      return handlers.onLine(withoutMark(text.slice(start)))
    }
    for (let start = 0; start <= bytes.length;) {
      const next = bytes.indexOf(lineFeed, start)
      const end = next === -1 ? bytes.length : next
      if (end - start <= handlers.limit) takeAll(bytes.subarray(start, end))
      else {
        append(bytes.subarray(start, end))
        finish()
      }
      start = end + 1
    }
  }

  return {
    push: (chunk) => {
      let start = 0
      if (size > 0) {
        const end = chunk.indexOf(lineFeed)
        append(end === -1 ? chunk : chunk.subarray(0, end))
        if (end === -1) return
        finish()
        start = end + 1
      }
      const end = chunk.lastIndexOf(lineFeed)
      if (end >= start) takeAll(chunk.subarray(start, end))
      const rest = Math.max(start, end + 1)
      if (rest < chunk.length) append(chunk.subarray(rest))
    },
    end: () => {
      if (size > 0) finish()
    }
  }
}
