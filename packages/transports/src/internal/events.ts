/** Server-sent events: bytes to events, each within the message limit, and streams that do not stay silent for ever. */
import { Closed } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { createParser, type EventSourceMessage } from "eventsource-parser"
import type * as http from "./http.ts"
import * as lines from "./lines.ts"
import * as networkFailure from "./networkFailure.ts"

export interface Handlers {
  readonly onEvent: (event: EventSourceMessage) => void
  /**
   * An event over the limit, of which only the ends of its data were kept. Called when the limit is passed
   * (`complete` false, no tail), and again at the end of the line unless it said then that it has dealt with it.
   */
  readonly onOversized: (data: lines.Oversized, complete: boolean) => boolean
  /** The id to resume after; comes before the event itself. */
  readonly onId?: (id: string) => void
  /** The server's reconnection time, in milliseconds. */
  readonly onRetry?: (milliseconds: number) => void
}

export interface ReadOptions extends Handlers {
  /** The longest event, in bytes. */
  readonly limit: number
  /** How long the stream may be silent, in milliseconds. */
  readonly silence: number
  /** Run when half of that time has passed, to make the server speak. */
  readonly onQuiet?: Effect.Effect<void>
  /** Done when nothing more is expected, with the milliseconds that the stream then still has to end by itself. */
  readonly done?: Deferred.Deferred<number>
}

/** Reads a stream to its end. Fails when it breaks, or is silent for too long. */
export const read = (response: http.Response, options: ReadOptions): Effect.Effect<void, TransportError> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const parser = makeParser(options)
    const heard = { at: clock.currentTimeMillisUnsafe() }
    const reading = Stream.runForEachArray(response.body, (chunks) =>
      Effect.sync(() => {
        heard.at = clock.currentTimeMillisUnsafe()
        for (const chunk of chunks) parser.push(chunk)
      })).pipe(
        Effect.catch((error) =>
          error.reason._tag === "EmptyBodyError" ? Effect.void : Effect.fail(networkFailure.fromBody(error))
        )
      )
    yield* Effect.raceFirst(reading, watch(heard, options))
  })

/** A parser fed with bytes. */
export const makeParser = (
  options: Handlers & { readonly limit: number }
): { readonly push: (chunk: Uint8Array) => void } => {
  const parser = createParser({
    onEvent: options.onEvent,
    ...(options.onId === undefined ? {} : { onId: options.onId }),
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry })
  })
  /** Of the event whose lines are coming in: their length, and how it began. */
  let size = 0
  let head = ""
  /** The rest of an event over the limit is left out. */
  let skipping = false
  const line = unfinishedLine()
  let dealtWith = false

  const input = lines.make({
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

  return {
    push: (bytes) => {
      const chunk = normalized(bytes)
      input.push(chunk)
      line.push(chunk)
      if (skipping || !line.passes(options.limit)) return
      const begun = line.head()
      dealtWith = !isComment(begun) && options.onOversized({ head: data(begun), tail: "" }, false)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const endSize = 1024

/** The longest a timer can be set for. */
const longest = 2_147_483_647

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

const watch = Effect.fnUntraced(function*(heard: { readonly at: number }, options: ReadOptions) {
  const clock = yield* Clock.Clock
  const silence = Math.min(options.silence, longest)
  const done = options.done ?? Deferred.makeUnsafe<number>()
  let asked = -1
  while (true) {
    const quiet = clock.currentTimeMillisUnsafe() - heard.at
    if (quiet >= silence) return yield* silent(options.silence)
    if (options.onQuiet !== undefined && asked !== heard.at && quiet >= silence / 2) {
      asked = heard.at
      yield* options.onQuiet
    }
    const next = options.onQuiet !== undefined && asked !== heard.at ? silence / 2 : silence
    const ended = yield* Deferred.await(done).pipe(Effect.timeoutOption(Math.max(1, next - quiet)))
    if (Option.isSome(ended)) return yield* Effect.sleep(ended.value)
  }
})

export const silent = (milliseconds: number): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "unknown",
    reason: new Closed({ description: `the event stream was silent for ${milliseconds} ms`, stderr: [] }),
    hint: "raise `sseReadTimeout` if the server is just slow"
  })
