/** What the terminal can do, decided once: colours, width, and whether somebody is watching. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"

type Paint = (text: SafeText.SafeText) => SafeText.SafeText

export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

export class Screen extends Context.Service<Screen, {
  /** Styles for stdout. */
  readonly out: Style
  /** Styles for stderr. */
  readonly err: Style
  /** Columns to wrap at; unlimited where stdout is not a terminal. */
  readonly width: number
  /** Columns of the terminal behind stderr. */
  readonly errWidth: number
  /** Columns to wrap lines on stderr at; unlimited where stderr is not a terminal. */
  readonly errLineWidth: number
  /** stdout is a terminal. */
  readonly outIsTerminal: boolean
  /** stderr is a terminal that can redraw: progress and logs are welcome. */
  readonly errIsTerminal: boolean
}>()("@universal-mcp/cli/render/Screen") {
  static readonly layer = Layer.effect(
    Screen,
    Effect.gen(function*() {
      const stdio = yield* Stdio.Stdio
      const { columns } = yield* Terminal.Terminal
      const environment = yield* Effect.orDie(Config.all({
        noColor: Config.String("NO_COLOR").pipe(Config.withDefault("")),
        term: Config.String("TERM").pipe(Config.withDefault(""))
      }))
      const colour = environment.noColor === "" && environment.term !== "dumb"
      const outIsTerminal = yield* stdio.stdoutIsTerminal
      const stderrIsTerminal = yield* stdio.stderrIsTerminal
      const errIsTerminal = environment.term !== "dumb" && stderrIsTerminal
      const actual = yield* columns
      const terminalWidth = actual > 0 ? actual : 80
      return Screen.of({
        out: style(colour && outIsTerminal),
        err: style(colour && errIsTerminal),
        width: outIsTerminal ? terminalWidth : Number.POSITIVE_INFINITY,
        errWidth: terminalWidth,
        errLineWidth: stderrIsTerminal ? terminalWidth : Number.POSITIVE_INFINITY,
        outIsTerminal,
        errIsTerminal
      })
    })
  )
}

const style = (colour: boolean): Style => {
  const code = (open: number, close: number): Paint => (text) =>
    colour && text !== "" ? SafeText.format`\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
    cyan: code(36, 39)
  }
}
