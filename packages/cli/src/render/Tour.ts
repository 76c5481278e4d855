/** How the tour looks: numbered steps, each with the line of code that it shows. */
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { Progress } from "./Progress.ts"
import { Screen } from "./Screen.ts"
import { json, truncate, wrap } from "./text.ts"

export class Tour extends Context.Service<Tour, {
  /** Columns that a line may have. */
  readonly width: number
  readonly title: (title: string, subtitle: string) => Effect.Effect<void>
  readonly step: (title: string, code: string) => Effect.Effect<void>
  readonly line: (text: string) => Effect.Effect<void>
  /** Announces a call. */
  readonly call: (title: string, server: string, tool: string, args: object) => Effect.Effect<void>
  /** A line of what a call gave. */
  readonly answer: (text: string, isError: boolean) => Effect.Effect<void>
  readonly end: (text: string) => Effect.Effect<void>
}>()("@universal-mcp/cli/render/Tour") {
  static readonly layer = Layer.effect(Tour, Effect.suspend(() => make))
}

const indent = "   "

const make = Effect.gen(function*() {
  const { out, width: columns } = yield* Screen
  const progress = yield* Progress
  const width = Math.min(columns, 110) - indent.length
  const count = yield* Ref.make(0)
  const print = (text: string) => progress.printing(Console.log(text))
  const line = (text: string) => print(wrap(text, width + indent.length, indent))
  return Tour.of({
    width,
    title: (title, subtitle) => print(`${out.bold(title)}\n${out.dim(subtitle)}`),
    step: Effect.fnUntraced(function*(title, code) {
      const number = yield* Ref.updateAndGet(count, (n) => n + 1)
      yield* print(`\n${out.bold(`${number}. ${title}`)}\n${indent}${out.cyan(code)}`)
    }),
    line,
    call: (title, server, tool, args) => line(`${out.bold(`${server}.${tool}`)} ${json(args)}  ${out.dim(title)}`),
    answer: (text, isError) =>
      print(`${indent}${isError ? out.red("│") : out.green("│")} ${truncate(text, width - 2)}`),
    end: (text) => print(`\n${text}`)
  })
})
