/** Styles, and a cut, of text that is safe to show. */
import * as SafeText from "@universal-mcp/core/SafeText"
import type { Style } from "./Screen.ts"
import { truncate } from "./text.ts"

export const safeStyle = (style: Style) => ({
  bold: (text: SafeText.SafeText) => SafeText.unsafe(style.bold(text)),
  dim: (text: SafeText.SafeText) => SafeText.unsafe(style.dim(text)),
  yellow: (text: SafeText.SafeText) => SafeText.unsafe(style.yellow(text)),
  cyan: (text: SafeText.SafeText) => SafeText.unsafe(style.cyan(text))
})

export const cut = (text: SafeText.SafeText, width: number): SafeText.SafeText => SafeText.unsafe(truncate(text, width))
