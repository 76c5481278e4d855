/**
 * Base64 as servers write it: binary contents of resources, images, audio.
 *
 * ```ts
 * import * as Base64 from "@universal-mcp/core/Base64"
 * import { Result } from "effect"
 *
 * Result.getOrThrow(Base64.decode("-_8")) // => new Uint8Array([251, 255])
 * Base64.byteLength("+/8=") // => 2
 * ```
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import type { EncodingError } from "effect/encoding/EncodingError"
import type * as Result from "effect/Result"

/**
 * The bytes that a text stands for: in the standard alphabet or the URL-safe one, with or without padding, with white
 * space anywhere, also after `data:…;base64,`. Fails for everything else.
 *
 * When to use: instead of `effect/encoding/Base64` for what a server sends.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (text: string): Result.Result<Uint8Array, EncodingError> => {
  const digits = digitsOf(text)
  return Base64.decode(
    digits.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat(digits.length % 4 === 1 ? 0 : -digits.length & 3)
  )
}

/**
 * How many bytes a text stands for, without decoding it.
 *
 * @category decoding
 * @since 0.1.0
 */
export const byteLength = (text: string): number => Math.floor(digitsOf(text).length * 3 / 4)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Without prefix, white space and padding. */
const digitsOf = (text: string): string => {
  const [prefix = ""] = /^\s*data:[^,]{0,1000};base64,/i.exec(text) ?? []
  const digits = text.slice(prefix.length).replaceAll(/\s+/g, "")
  let end = digits.length
  // Not by an expression, which takes long for padding in the middle.
  while (digits.charCodeAt(end - 1) === equalsSign) end--
  return digits.slice(0, end)
}

const equalsSign = 61
