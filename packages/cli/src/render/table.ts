import * as SafeText from "@universal-mcp/core/SafeText"
import { displayWidth, pad, trimmedEnd } from "./text.ts"

/** Rows as lines, their columns aligned. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<SafeText.SafeText>>
): ReadonlyArray<SafeText.SafeText> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach((cell, column) => widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell)))
  }
  return rows.map((row) =>
    trimmedEnd(SafeText.join(row.map((cell, column) => pad(cell, widths[column] ?? 0)), SafeText.format`  `))
  )
}
