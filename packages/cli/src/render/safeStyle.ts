/** Styles, and a cut, of text that is safe to show. */
import * as SafeText from "@universal-mcp/core/SafeText"
import type { Style } from "./Screen.ts"
import { displayWidth } from "./text.ts"

export const safeStyle = (style: Style) => ({
  bold: (text: SafeText.SafeText) => SafeText.unsafe(style.bold(text)),
  dim: (text: SafeText.SafeText) => SafeText.unsafe(style.dim(text)),
  yellow: (text: SafeText.SafeText) => SafeText.unsafe(style.yellow(text)),
  cyan: (text: SafeText.SafeText) => SafeText.unsafe(style.cyan(text))
})

/** `text`, cut to `width` terminal cells. Looks at no more of it, however long it is. */
export const cut = (text: SafeText.SafeText, width: number): SafeText.SafeText => {
  let cells = 0
  let kept = ""
  let fits = ""
  for (const character of text) {
    cells += displayWidth(character)
    if (cells > width) return SafeText.unsafe(`${fits}…`)
    kept += character
    if (cells < width) fits = kept
  }
  return text
}
