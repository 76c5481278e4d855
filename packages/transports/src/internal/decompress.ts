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

const ignore = () => {}

const undo = (kind: Kind, body: Body): Decompressed => {
  let first: Uint8Array | undefined = new Uint8Array()
  let inner: Decompressor | undefined

  const write = (bytes: Uint8Array): Promise<void> | undefined => {
    if (inner === undefined) return body.onData(bytes)
    // What goes wrong in it, its other end tells.
    inner.writer.write(new Uint8Array(bytes)).catch(ignore)
    return inner.writer.ready.catch(ignore)
  }
  const begin = (bytes: Uint8Array): Promise<void> | undefined => {
    first = undefined
    if (kind.matches(bytes)) inner = decompressor(kind, body)
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
      if (inner === undefined) body.onEnd()
      else inner.writer.close().catch(ignore)
    },
    onFailure: (error) => {
      inner?.abort()
      body.onFailure(error)
    },
    abort: () => inner?.abort()
  }
}

interface Decompressor {
  readonly writer: WritableStreamDefaultWriter<BufferSource>
  readonly abort: Abort
}

const decompressor = (kind: Kind, body: Body): Decompressor => {
  const { readable, writable } = new DecompressionStream(kind.format)
  const reader = readable.getReader()
  let isOver = false
  const pull = () => {
    reader.read().then(({ done, value }) => {
      if (isOver) return
      if (done) return body.onEnd()
      void body.onData(value)
      pull()
    }).catch((cause) => {
      if (!isOver) body.onFailure(networkFailure.ofBody(cause))
    })
  }
  pull()
  return {
    writer: writable.getWriter(),
    abort: () => {
      isOver = true
      reader.cancel().catch(ignore)
    }
  }
}
