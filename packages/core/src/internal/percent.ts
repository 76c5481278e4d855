/** Percent-encoding, as URIs have it. */
import * as Result from "effect/Result"

/** A text that is not well encoded stays the same. */
export const decode = (text: string): string => Result.getOrElse(Result.try(() => decodeURIComponent(text)), () => text)
