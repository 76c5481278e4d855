/** Undoes gzip and deflate for clients that leave it to us, such as undici. */
import type { Body } from "./http.ts"
import * as networkFailure from "./networkFailure.ts"
import type { Abort } from "./wire.ts"

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const isDeflate = (bytes: Uint8Array): boolean => bytes[0] === 0x78 && (0x7800 + (bytes[1] ?? 0)) % 31 === 0

const kinds = [
  { encoding: /^(x-)?gzip$/i, format: "gzip", matches: isGzip },
  { encoding: /^deflate$/i, format: "deflate", matches: isDeflate }
] as const

type Kind = typeof kinds[number]

export interface Decompressed extends Body {
  readonly abort: Abort
}

/**
 * Gives the body its bytes decompressed. Whether they still are compressed is judged from the first two: `fetch` has
 * decompressed them already and leaves the header in place.
 */
export const into = (body: Body, encoding: string): Decompressed | undefined => {
  const kind = kinds.find((one) => one.encoding.test(encoding.trim()))
  return kind === undefined ? undefined : undo(kind, body)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const undo = (kind: Kind, body: Body): Decompressed => {
  let first: Uint8Array | undefined = new Uint8Array()
  let writer: WritableStreamDefaultWriter<BufferSource> | undefined
  const aborting = new AbortController()
  const ignore = () => {}

  const write = (bytes: Uint8Array): Promise<void> | undefined => {
    if (writer === undefined) {
      body.onData(bytes)
      return undefined
    }
    // What goes wrong in it, its other end tells.
    writer.write(new Uint8Array(bytes)).catch(ignore)
    return writer.ready.catch(ignore)
  }
  const begin = (bytes: Uint8Array): Promise<void> | undefined => {
    first = undefined
    if (kind.matches(bytes)) writer = decompressor(kind, body, aborting.signal)
    return bytes.length === 0 ? undefined : write(bytes)
  }

  return {
    onData: (chunk) => {
      if (first === undefined) return write(chunk)
      first = first.length === 0 ? chunk : new Uint8Array([...first, ...chunk])
      return first.length < 2 ? undefined : begin(first)
    },
    onEnd: () => {
      if (first !== undefined) void begin(first)
      if (writer === undefined) body.onEnd()
      else writer.close().catch(ignore)
    },
    onFailure: (error) => {
      aborting.abort()
      body.onFailure(error)
    },
    abort: () => aborting.abort()
  }
}

const decompressor = (kind: Kind, body: Body, signal: AbortSignal): WritableStreamDefaultWriter<BufferSource> => {
  const { readable, writable } = new DecompressionStream(kind.format)
  const sink = new WritableStream<Uint8Array>({
    write: (chunk) => body.onData(chunk),
    close: () => body.onEnd(),
    abort: (cause) => {
      if (!signal.aborted) body.onFailure(networkFailure.ofBody(cause))
    }
  })
  readable.pipeTo(sink, { signal }).catch(() => {})
  return writable.getWriter()
}
