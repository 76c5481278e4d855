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
  /** The chunk is kept, and must not change any more. */
  readonly push: (chunk: Uint8Array) => void
  /** The input ended; what is left without a line feed is a line too. */
  readonly end: () => void
}

export const make = (handlers: Handlers): Lines => {
  /** Of the line that has begun; once it is over the limit, its end alone. */
  let pieces: Array<Uint8Array> = []
  let size = 0
  let appended = 0
  /** Set while the rest of a line over the limit is being skipped. */
  let head: string | undefined

  const append = (piece: Uint8Array) => {
    pieces.push(piece)
    size += piece.length
    // Where it comes byte by byte, the pieces would be many times as large as what is in them.
    if (++appended % manyPieces === 0) pieces.push(join(pieces.splice(-manyPieces)))
    if (head === undefined) {
      if (size <= handlers.limit) return
      // Without the first half of a character.
      head = withoutMark(makeDecoder().decode(join(pieces).subarray(0, endBytes), { stream: true })).slice(0, endSize)
    }
    pieces = [join(pieces).slice(-endBytes)]
  }

  const finish = () => {
    const line = decode(join(pieces))
    const skipped = head
    pieces = []
    size = 0
    appended = 0
    head = undefined
    if (skipped === undefined) handlers.onLine(withoutMark(line))
    else handlers.onOversized({ head: skipped, tail: line.slice(-endSize) })
  }

  /** Lines from the first to the last, and between them line feeds. */
  const takeAll = (bytes: Uint8Array) => {
    if (bytes.length <= handlers.limit) {
      // Most are short, and to decode them one by one takes longer.
      const text = decode(bytes)
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

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const lineFeed = 10

const manyPieces = 1000

/** In characters, and so many bytes that there are as many, even if the first of them is cut. */
const endSize = 1024
const endBytes = 4 * (endSize + 1)

/** Left to itself, Node's removes a mark from the middle of a text too. */
const makeDecoder = () => new TextDecoder("utf-8", { ignoreBOM: true })

const decoder = makeDecoder()

/** At once: piece by piece, the texts of a long line cost more memory than its bytes, and more time to join. */
const decode = (bytes: Uint8Array): string => decoder.decode(bytes)

const join = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [first] = pieces
  if (first !== undefined && pieces.length === 1) return first
  const all = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** The byte order mark with which some programs begin. */
const withoutMark = (line: string): string => line.charCodeAt(0) === 0xFEFF ? line.slice(1) : line
