/** A checkup for people: a line per step, and below the one that failed what was seen and what to do. */
import { type Checkup, failureOf, type Step } from "../internal/checkup.ts"
import type { Screen, Style } from "./Screen.ts"
import { pad, safeLine, wrap } from "./text.ts"

/** `files  stdio` */
export const heading = (name: string, transport: string, { out }: Screen["Service"]): string =>
  `${out.bold(safeLine(name))}  ${out.dim(transport)}`

/** `  ✓ command             2 ms  /usr/bin/npx` */
export const step = (step: Step, { out, width }: Screen["Service"]): string => {
  const { detail = "", evidence = [], hint, milliseconds, status } = step
  const begin = `  ${mark(step, out)} ${pad(step.step, 13)}`
  if (status === "skipped") return out.dim(`${begin}           not reached`)
  const time = `${duration(milliseconds)}  `.padStart(13)
  const said = wrap(safeLine(detail), width, " ".repeat(detailColumn)).slice(detailColumn)
  return [
    `${begin}${out.dim(time)}${status === "failed" ? out.red(said) : said}`.trimEnd(),
    ...evidence.map((line) => out.dim(wrap(`${safeLine(line)}`, width, "      │ ", "  "))),
    ...(hint === undefined ? [] : [hintLine(hint, out, width)])
  ].join("\n")
}

/** One line on a server, and what to do if it is not well. */
export const summary = (checkup: Checkup, nameWidth: number, screen: Screen["Service"]): string => {
  const { out, width } = screen
  const failure = failureOf(checkup)
  const { steps, transport } = checkup
  const detail = (name: string) => safeLine(steps.find(({ step }) => step === name)?.detail ?? "")
  const total = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const begin = `${failure === undefined ? out.green("✓") : out.red("✗")} ${
    out.bold(pad(safeLine(checkup.name), nameWidth))
  }  `
  const indent = " ".repeat(nameWidth + 4)
  const text = failure === undefined
    ? `${transport} · ${detail("negotiation")} · ${detail("list")} · ${duration(total)}`
    : `${transport} · ${failure.step} failed: ${safeLine(failure.detail ?? "")}`
  return [
    begin + wrap(text, width, indent).slice(indent.length),
    ...(failure?.hint === undefined ? [] : [hintLine(failure.hint, out, width)])
  ].join("\n")
}

const detailColumn = 30

const mark = ({ status }: Step, style: Style): string => {
  switch (status) {
    case "ok":
      return style.green("✓")
    case "failed":
      return style.red("✗")
    case "skipped":
      return "·"
  }
}

const hintLine = (hint: string, style: Style, width: number): string =>
  wrap(`hint: ${safeLine(hint)}`, width, "      ", "  ").replace("hint:", style.cyan("hint:"))

const duration = (milliseconds: number): string =>
  milliseconds < 10_000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`
