/**
 * Says of a string that it is `SafeText`, and checks nothing. A module of its own, so that a lint rule can name the files
 * that may import it.
 *
 * ```ts
 * import * as SafeText from "@universal-mcp/core/SafeText"
 * import { unsafe } from "@universal-mcp/core/UnsafeText"
 *
 * const name = SafeText.line("a long\u001b[2J name")
 * unsafe(name.slice(0, 6)) // => "a long"
 * ```
 *
 * @since 0.1.0
 */
import * as Brand from "effect/Brand"
import type { SafeText } from "./SafeText.ts"

/**
 * When to use: for what was cut, padded or wrapped out of safe text. Never for what came from elsewhere.
 *
 * @category unsafe
 * @since 0.1.0
 */
export const unsafe: (text: string) => SafeText = Brand.nominal<SafeText>()
