/** Percent-encoding, as URIs have it. */
import * as Result from "effect/Result"

/** The text as it is, if it is not well encoded. */
export const decode = (text: string): string => Result.getOrElse(Result.try(() => decodeURIComponent(text)), () => text)
