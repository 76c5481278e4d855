/** How the tour looks: numbered steps, each with the line of code that it shows. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { print as printLine } from "../internal/sink.ts"
import { Progress } from "./Progress.ts"
import { Screen } from "./Screen.ts"
import { truncate, unlines, wrap } from "./text.ts"

export class Tour extends Context.Service<Tour, {
  /** Columns that a line may have. */
  readonly width: number
  readonly title: (title: SafeText.SafeText, subtitle: SafeText.SafeText) => Effect.Effect<void>
  readonly step: (title: SafeText.SafeText, code: SafeText.SafeText) => Effect.Effect<void>
  readonly line: (text: SafeText.SafeText) => Effect.Effect<void>
  /** Announces a call. */
  readonly call: (title: SafeText.SafeText, server: string, tool: string, args: object) => Effect.Effect<void>
  /** A line of what a call gave. */
  readonly answer: (text: SafeText.SafeText, isError: boolean) => Effect.Effect<void>
  readonly end: (text: SafeText.SafeText) => Effect.Effect<void>
}>()("@universal-mcp/cli/render/Tour") {
  static readonly layer = Layer.effect(Tour, Effect.suspend(() => make))
}

const indent = SafeText.format`   `

const make = Effect.gen(function*() {
  const { out, width: columns } = yield* Screen
  const progress = yield* Progress
  const width = Math.min(columns, 110) - indent.length
  const count = yield* Ref.make(0)
  const print = (text: SafeText.SafeText) => progress.printing(printLine(text))
  const line = (text: SafeText.SafeText) => print(wrap(text, width + indent.length, indent))
  return Tour.of({
    width,
    title: (title, subtitle) => print(unlines([out.bold(title), out.dim(subtitle)])),
    step: Effect.fnUntraced(function*(title, code) {
      const number = yield* Ref.updateAndGet(count, (n) => n + 1)
      yield* print(SafeText.format`\n${out.bold(SafeText.format`${number}. ${title}`)}\n${indent}${out.cyan(code)}`)
    }),
    line,
    call: (title, server, tool, args) =>
      line(SafeText.format`${out.bold(SafeText.line(`${server}.${tool}`))} ${SafeText.json(args)}  ${out.dim(title)}`),
    answer: (text, isError) =>
      print(
        SafeText.format`${indent}${(isError ? out.red : out.green)(SafeText.format`│`)} ${truncate(text, width - 2)}`
      ),
    end: (text) => print(SafeText.format`\n${text}`)
  })
})
