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

/** A class, because each session has two. */
export class Lines {
  readonly #handlers: Handlers
  /** Of the line whose pieces these are. */
  #decoder: TextDecoder | undefined
  /** Decoded as they come: of bytes that are kept until a long line is whole, the garbage collector makes more work. */
  #pieces: Array<string> | undefined
  #size = 0
  /** Set while the rest of a line over the limit is being skipped. */
  #skipping: { readonly head: string; tail: string } | undefined

  constructor(handlers: Handlers) {
    this.#handlers = handlers
  }

  push(chunk: Uint8Array): void {
    let start = 0
    if (this.#size > 0) {
      const end = chunk.indexOf(lineFeed)
      this.#append(end === -1 ? chunk : chunk.subarray(0, end))
      if (end === -1) return
      this.#finish()
      start = end + 1
    }
    const end = chunk.lastIndexOf(lineFeed)
    if (end >= start) this.#takeAll(chunk.subarray(start, end))
    const rest = Math.max(start, end + 1)
    if (rest < chunk.length) this.#append(chunk.subarray(rest))
  }

  /** The input ended; what is left without a line feed is a line too. */
  end(): void {
    if (this.#size > 0) this.#finish()
  }

  #append(chunk: Uint8Array): void {
    this.#decoder ??= makeDecoder()
    const piece = this.#decoder.decode(chunk, { stream: true })
    this.#size += chunk.length
    if (this.#skipping !== undefined) {
      this.#skipping.tail = slide(this.#skipping.tail, piece)
      return
    }
    const pieces = this.#pieces ??= []
    pieces.push(piece)
    if (this.#size <= this.#handlers.limit) return
    this.#skipping = { head: withoutMark(first(pieces)), tail: last(pieces) }
    this.#pieces = undefined
  }

  #finish(): void {
    const rest = this.#decoder?.decode() ?? ""
    this.#decoder = undefined
    this.#size = 0
    if (this.#skipping !== undefined) {
      const { head, tail } = this.#skipping
      this.#skipping = undefined
      return this.#handlers.onOversized({ head, tail: slide(tail, rest) })
    }
    const line = (this.#pieces ?? []).join("") + rest
    this.#pieces = undefined
    this.#handlers.onLine(withoutMark(line))
  }

  /** Lines from the first to the last, and between them line feeds. */
  #takeAll(bytes: Uint8Array): void {
    const { limit } = this.#handlers
    if (bytes.length <= limit) {
      // One for all: most are short.
      const text = wholes.decode(bytes)
      let start = 0
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
        this.#handlers.onLine(withoutMark(text.slice(start, end)))
        start = end + 1
      }
      return this.#handlers.onLine(withoutMark(text.slice(start)))
    }
    for (let start = 0; start <= bytes.length;) {
      const next = bytes.indexOf(lineFeed, start)
      const end = next === -1 ? bytes.length : next
      if (end - start <= limit) this.#takeAll(bytes.subarray(start, end))
      else {
        this.#append(bytes.subarray(start, end))
        this.#finish()
      }
      start = end + 1
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

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

const last = (pieces: ReadonlyArray<string>): string => {
  let text = ""
  for (let at = pieces.length - 1; at >= 0 && text.length < endSize; at--) {
    text = (pieces[at] ?? "").slice(-endSize) + text
  }
  return text.slice(-endSize)
}

/** The byte order mark with which some programs begin. */
const withoutMark = (line: string): string => line.charCodeAt(0) === 0xFEFF ? line.slice(1) : line

/** The last `endSize` characters of `tail` followed by `piece`. */
const slide = (tail: string, piece: string): string => (tail + piece.slice(-endSize)).slice(-endSize)

// Left to itself, Node's removes a mark from the middle of a text too that comes in pieces.
const makeDecoder = () => new TextDecoder("utf-8", { ignoreBOM: true })

/** Of what is whole. It keeps nothing, so that one is enough. */
const wholes = makeDecoder()
