/** Server-sent events: bytes to events, each within the message limit, and streams that do not stay silent for ever. */
import { Closed } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import type * as Effect from "effect/Effect"
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser"
import * as content from "./content.ts"
import * as http from "./http.ts"
import { JsonEnd } from "./jsonEnd.ts"
import { Lines, type Oversized } from "./lines.ts"
import * as status from "./status.ts"

export interface Handlers {
  readonly onEvent: (event: EventSourceMessage) => void
  /**
   * An event over the limit, of which only the ends of its data were kept. Called when the limit is passed
   * (`complete` false, no tail), and again at the end of the line unless it said then that it has dealt with it.
   */
  readonly onOversized: (data: Oversized, complete: boolean) => boolean
  /** The id to resume after; comes before the event itself. */
  readonly onId?: (id: string) => void
  /** The server's reconnection time, in milliseconds. */
  readonly onRetry?: (milliseconds: number) => void
}

export interface ReadOptions extends Handlers {
  /** The longest event, in bytes. */
  readonly limit: number
  /** How long the stream may be silent, in milliseconds; may be infinite. */
  readonly silence: number
  /** Called when that time has passed: how much longer it may be silent, in milliseconds. */
  readonly grace?: () => number
  /** Called when half of that time has passed, to make the server speak. */
  readonly onQuiet?: () => void
  /** Whether nothing more is expected; what becomes of the stream is then no longer decided here. */
  readonly isDone?: () => boolean
  /** Called where the body is JSON, which is then the data of one event. */
  readonly onJson?: () => void
}

/** What reads a stream, to its end or its failure. */
export type Read = (response: http.Response, onEnd: () => void, onFailure: (error: TransportError) => void) => http.Body

/** Opens a stream, after an event if one is given, and ends with it. */
export type Open = (lastEventId: string | undefined, read: Read) => Effect.Effect<void, TransportError>

/** Reads a stream to its end. Fails when it breaks, is silent for too long, or is a web page. */
export const read = (
  response: http.Response,
  options: ReadOptions,
  onEnd: () => void,
  onFailure: (error: TransportError) => void
): http.Body => {
  let input: Input = makeParser(options)
  let page: http.Body | undefined
  let isBlank = true
  const { grace, onQuiet, silence } = options
  const onSilence = () => {
    const more = grace?.() ?? 0
    if (more > 0) return response.deadline(more, onSilence)
    response.abort()
    onFailure(silent(silence))
  }
  const heard = onQuiet === undefined
    ? () => response.deadline(silence, onSilence)
    : () =>
      response.deadline(silence / 2, () => {
        response.deadline(silence / 2, onSilence)
        onQuiet()
      })
  /** The first bytes say what the body is, whatever it declares. */
  const begin = (chunk: Uint8Array) => {
    isBlank = content.isBlank(chunk)
    const kind = content.kindOf(chunk)
    if (kind === "page") {
      page = http.beginning(response, (text) => {
        onFailure(http.notAnAnswer(`the server answered with a web page: ${status.excerpt(text)}`, content.wrongUrl))
      })
    }
    if (kind !== "json") return
    options.onJson?.()
    input = document(options, () => {
      response.abort()
      onFailure(http.tooLarge(options.limit))
    })
  }
  heard()
  return {
    onData: (chunk) => {
      if (isBlank) begin(chunk)
      if (page !== undefined) return page.onData(chunk)
      if (options.isDone?.() !== true) heard()
      input.push(chunk)
      return undefined
    },
    onEnd: () => {
      if (page !== undefined) return page.onEnd()
      input.end?.()
      onEnd()
    },
    onFailure
  }
}

interface Input {
  readonly push: (chunk: Uint8Array) => void
  readonly end?: () => void
}

/** A parser fed with bytes. */
export const makeParser = (options: Handlers & { readonly limit: number }): Input => {
  const parser = createParser({
    onEvent: options.onEvent,
    ...(options.onId === undefined ? {} : { onId: options.onId }),
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry })
  })
  let byLine: ((bytes: Uint8Array) => void) | undefined
  /** Whether no event has begun. */
  let isBetween = true

  return {
    push: (bytes) => {
      const isWhole = isBetween && bytes.length <= options.limit && !bytes.includes(carriageReturn)
      isBetween = bytes[bytes.length - 1] === lineFeed && bytes[bytes.length - 2] === lineFeed
      if (isWhole && isBetween) {
        // Most events come in one piece, with nothing in them that needs a closer look.
        const text = decoder.decode(bytes)
        if (!text.includes(mark)) return parser.feed(text)
      }
      byLine ??= lineParser(parser, options)
      byLine(bytes)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** One JSON document instead of events. It counts as soon as it is complete: the body need not end. */
const document = (
  { limit, onEvent }: Handlers & { readonly limit: number },
  onTooLarge: () => void
): Input => {
  const decoder = new TextDecoder()
  const jsonEnd = new JsonEnd()
  let text = ""
  let size = 0
  let isOver = false
  const finish = () => {
    if (isOver) return
    isOver = true
    onEvent({ data: text, event: undefined, id: undefined })
  }
  return {
    push: (chunk) => {
      if (isOver) return
      size += chunk.length
      if (size > limit) {
        isOver = true
        return onTooLarge()
      }
      const piece = decoder.decode(chunk, { stream: true })
      text += piece
      if (jsonEnd.push(piece)) finish()
    },
    end: finish
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const mark = "\uFEFF"

/** Looks at every line: at how long it is, and how it ends. */
const lineParser = (
  parser: Pick<EventSourceParser, "feed" | "reset">,
  options: Handlers & { readonly limit: number }
): (bytes: Uint8Array) => void => {
  /** Of the event whose lines are coming in: their length, and how it began. */
  let size = 0
  let head = ""
  /** The rest of an event over the limit is left out. */
  let skipping = false
  const line = unfinishedLine()
  let dealtWith = false

  const input = new Lines({
    limit: options.limit,
    onLine: (line) => {
      if (line === "" || line === "\r") {
        size = 0
        skipping = false
        parser.feed("\n")
        return
      }
      if (skipping) return
      if (size === 0) head = line
      size += line.length
      if (size <= options.limit) return parser.feed(`${line}\n`)
      skipping = true
      parser.reset()
      options.onOversized({ head: data(head.slice(0, endSize)), tail: data(line).slice(-endSize) }, true)
    },
    onOversized: (line) => {
      if (isComment(line.head)) return
      const known = skipping || dealtWith
      skipping = true
      parser.reset()
      if (!known) options.onOversized({ head: data(line.head), tail: line.tail }, true)
      dealtWith = false
    }
  })
  const normalized = loneReturns()

  return (bytes) => {
    const chunk = normalized(bytes)
    input.push(chunk)
    line.push(chunk)
    if (skipping || !line.passes(options.limit)) return
    const begun = line.head()
    dealtWith = !isComment(begun) && options.onOversized({ head: data(begun), tail: "" }, false)
  }
}

const endSize = 1024

const carriageReturn = 13
const lineFeed = 10

const isComment = (line: string): boolean => line.startsWith(":")

/** Whether the line that has not ended yet is too long, and how it began. */
const unfinishedLine = () => {
  let size = 0
  let begun: Array<Uint8Array> = []
  let passed = false
  return {
    /** Whether it is longer than that; true once. */
    passes: (limit: number) => {
      if (passed || size <= limit) return false
      passed = true
      return true
    },
    head: () => {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
      const text = begun.map((chunk) => decoder.decode(chunk, { stream: true })).join("")
      return text.replace(/^\uFEFF/, "").slice(0, endSize)
    },
    push: (chunk: Uint8Array) => {
      const end = chunk.lastIndexOf(lineFeed)
      if (end !== -1) {
        size = 0
        begun = []
        passed = false
      }
      if (size < endSize && end + 1 < chunk.length) begun.push(chunk.slice(end + 1, end + 1 + endSize))
      size += chunk.length - end - 1
    }
  }
}

const data = (line: string): string => line.replace(/^data: ?/, "")

/** A carriage return alone ends a line too: makes it a line feed. */
const loneReturns = (): (chunk: Uint8Array) => Uint8Array => {
  let last = 0
  return (chunk) => {
    const swallow = last === carriageReturn && chunk[0] === lineFeed
    const input = swallow ? chunk.subarray(1) : chunk
    if (input.length > 0) last = input[input.length - 1] ?? 0
    else if (swallow) last = lineFeed
    let at = input.indexOf(carriageReturn)
    if (at === -1) return input
    const output = input.slice()
    for (; at !== -1; at = output.indexOf(carriageReturn, at + 1)) {
      if (output[at + 1] !== lineFeed) output[at] = lineFeed
    }
    return output
  }
}

export const silent = (milliseconds: number): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "unknown",
    reason: new Closed({ description: `the event stream was silent for ${Math.ceil(milliseconds)} ms`, stderr: [] }),
    hint: "raise `sseReadTimeout` if the server is just slow"
  })
