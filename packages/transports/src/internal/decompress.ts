/** Undoes gzip and deflate for clients that leave it to us, such as the one on undici. */
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const isDeflate = (bytes: Uint8Array): boolean => bytes[0] === 0x78 && (0x7800 + (bytes[1] ?? 0)) % 31 === 0

const kinds = [
  { encoding: /^(x-)?gzip$/i, format: "gzip", matches: isGzip },
  { encoding: /^deflate$/i, format: "deflate", matches: isDeflate }
] as const

/**
 * The bytes of the body, decompressed. Whether they still are compressed is judged from the first two: `fetch` has
 * decompressed them already and leaves the header in place.
 */
export const body = (
  response: HttpClientResponse.HttpClientResponse,
  encoding: string | undefined
): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> => {
  const kind = encoding === undefined ? undefined : kinds.find((one) => one.encoding.test(encoding.trim()))
  if (kind === undefined) return response.stream
  return Stream.unwrap(Effect.gen(function*() {
    const pull = yield* Stream.toPull(response.stream)
    const first: Array<Uint8Array> = []
    let size = 0
    let ended = false
    while (size < 2 && !ended) {
      yield* pull.pipe(
        Effect.map((chunks) => {
          for (const chunk of chunks) size += chunk.length
          first.push(...chunks)
        }),
        Effect.catchTag("Done", () => Effect.sync(() => ended = true))
      )
    }
    const start = new Uint8Array(first.flatMap((chunk) => [...chunk.subarray(0, 2)]).slice(0, 2))
    const bytes = Stream.concat(
      Stream.fromIterable(first),
      ended ? Stream.empty : Stream.fromPull(Effect.succeed(pull))
    )
    if (!kind.matches(start)) return bytes
    const compressed = yield* Stream.toReadableStreamEffect(Stream.map(bytes, (chunk) => new Uint8Array(chunk)))
    return Stream.fromReadableStream<Uint8Array, HttpClientError.HttpClientError>({
      evaluate: () => compressed.pipeThrough(new DecompressionStream(kind.format)),
      onError: (cause) =>
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
        })
    })
  }))
}
