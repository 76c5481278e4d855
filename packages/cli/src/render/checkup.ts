/** A checkup for people: a line per step, and below the one that failed what was seen and what to do. */
import * as SafeText from "@universal-mcp/core/SafeText"
import { type Checkup, failureOf, type Step } from "../internal/checkup.ts"
import { longestLine } from "./quote.ts"
import type { Screen, Style } from "./Screen.ts"
import { excerpt, pad, spaces, trimmedEnd, unlines, wrap, wrapBehind } from "./text.ts"

/** `files  stdio` */
export const heading = (name: string, transport: string, { out }: Screen["Service"]): SafeText.SafeText =>
  SafeText.format`${out.bold(SafeText.line(name))}  ${out.dim(SafeText.line(transport))}`

/** `  ✓ command             2 ms  /usr/bin/npx` */
export const step = (step: Step, { out, width }: Screen["Service"]): SafeText.SafeText => {
  const { detail, evidence = [], hint, milliseconds, status } = step
  const begin = SafeText.format`  ${mark(step, out)} ${pad(SafeText.line(step.step), 13)}`
  if (status === "skipped") return out.dim(SafeText.format`${begin}           not reached`)
  const time = duration(milliseconds)
  const timed = SafeText.format`${begin}${out.dim(SafeText.format`${spaces(11 - time.length)}${time}  `)}`
  const shown = excerpt(detail, longestLine)
  return unlines([
    trimmedEnd(wrapBehind(timed, status === "failed" ? out.red(shown) : shown, width, detailColumn)),
    ...evidence.map((line) =>
      out.dim(wrap(excerpt(line, longestLine), width, SafeText.format`      │ `, SafeText.format`  `))
    ),
    ...hintLine(hint, out, width)
  ])
}

/** One line on a server, and what to do if it is not well. */
export const summary = (checkup: Checkup, nameWidth: number, screen: Screen["Service"]): SafeText.SafeText => {
  const { out, width } = screen
  const failure = failureOf(checkup)
  const { steps } = checkup
  const detail = (name: string) => SafeText.line(steps.find(({ step }) => step === name)?.detail)
  const total = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const sign = failure === undefined ? out.green(SafeText.format`✓`) : out.red(SafeText.format`✗`)
  const transport = SafeText.line(checkup.transport)
  const text = failure === undefined
    ? SafeText.format`${transport} · ${detail("negotiation")} · ${detail("list")} · ${duration(total)}`
    : SafeText.format`${transport} · ${SafeText.line(failure.step)} failed: ${excerpt(failure.detail, longestLine)}`
  return unlines([
    wrapBehind(
      SafeText.format`${sign} ${out.bold(pad(SafeText.line(checkup.name), nameWidth))}  `,
      text,
      width,
      nameWidth + 4
    ),
    ...hintLine(failure?.hint, out, width)
  ])
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const detailColumn = 30

const mark = ({ status }: Step, style: Style): SafeText.SafeText => {
  switch (status) {
    case "ok":
      return style.green(SafeText.format`✓`)
    case "failed":
      return style.red(SafeText.format`✗`)
    case "skipped":
      return SafeText.format`·`
  }
}

const hintLine = (hint: string | undefined, style: Style, width: number): ReadonlyArray<SafeText.SafeText> =>
  hint === undefined ? [] : [
    wrap(
      SafeText.format`${style.cyan(SafeText.format`hint:`)} ${excerpt(hint, longestLine)}`,
      width,
      SafeText.format`      `,
      SafeText.format`  `
    )
  ]

const duration = (milliseconds: number): SafeText.SafeText =>
  SafeText.line(milliseconds < 10_000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`)
