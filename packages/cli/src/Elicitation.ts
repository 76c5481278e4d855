/**
 * Answers what servers ask, on the terminal.
 *
 * @since 0.1.0
 */
import {
  Elicitation,
  type ElicitationRequest,
  type ElicitationResult,
  type FieldValue
} from "@universal-mcp/core/Elicitation"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Ref from "effect/Ref"
import * as Semaphore from "effect/Semaphore"
import type * as Stdio from "effect/Stdio"
import type * as Terminal from "effect/Terminal"
import * as form from "./internal/form.ts"
import { prompt } from "./internal/formPrompts.ts"
import { OnInterrupt } from "./internal/interrupt.ts"
import * as Keyboard from "./internal/keyboard.ts"
import { Progress } from "./render/Progress.ts"
import { Screen } from "./render/Screen.ts"
import { plural, safe, safeLine, truncate, wrap } from "./render/text.ts"

/**
 * Shows what a server asks as a form on the terminal, in both modes: a schema's fields, one after the other, or a URL
 * to open.
 *
 * When to use: in a program that somebody runs by hand. The form is written to stderr; stdin must be a terminal.
 *
 * One form is open at a time; the questions of other servers wait, and each form says who asks. A form whose request
 * is interrupted, because the server withdrew it or has ended, leaves the terminal to the next. Every form can be
 * declined or cancelled: Esc leaves the fields, once more it cancels; Ctrl-D and the end of the input cancel too.
 *
 * ```ts
 * import * as NodeServices from "@effect/platform-node/NodeServices"
 * import * as Elicitation from "@universal-mcp/cli/Elicitation"
 * import { Layer } from "effect"
 *
 * const ElicitationLive = Elicitation.layerTerminal.pipe(Layer.provide(NodeServices.layer))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTerminal: Layer.Layer<
  Elicitation,
  never,
  FileSystem.FileSystem | Path.Path | Stdio.Stdio | Terminal.Terminal
> = Layer.effect(Elicitation, Effect.suspend(() => make)).pipe(Layer.provide(Screen.layer))

const make = Effect.gen(function*() {
  const services = yield* Effect.context<Effect.Services<ReturnType<typeof answer>>>()
  const progress = yield* Effect.serviceOption(Progress)
  const semaphore = yield* Semaphore.make(1)
  const alone = Option.isSome(progress) ? progress.value.printing : Semaphore.withPermit(semaphore)
  const waiting = yield* Ref.make(0)
  return Elicitation.of({
    modes: ["form", "url"],
    elicit: (request) =>
      Effect.acquireUseRelease(
        Ref.update(waiting, (count) => count + 1),
        () => alone(answer(request, Effect.map(Ref.get(waiting), (count) => count - 1))),
        () => Ref.update(waiting, (count) => count - 1)
      ).pipe(Effect.provideContext(services))
  })
})

type Fields = ReadonlyArray<form.Field>

const answer = Effect.fnUntraced(function*(request: ElicitationRequest, others: Effect.Effect<number>) {
  const write = yield* Keyboard.writer
  const { err } = yield* Screen
  const server = safeLine(request.server)
  let said = yield* others
  yield* write(`${yield* heading(request, said)}\n`)
  const sayOthers = Effect.gen(function*() {
    const count = yield* others
    if (count > said) yield* write(`${err.dim(`  (${moreWaiting(count)})`)}\n`)
    said = count
  })
  const asked = request._tag === "Url"
    ? choose("The page", urlChoices)
    : fillIn(form.fields(request.requestedSchema), server, sayOthers)
  return yield* asked.pipe(
    Effect.onInterrupt(() => write(`${belowFrame}${err.dim(`"${server}" no longer asks`)}\n`)),
    Effect.catchTag("Left", ({ by }) =>
      Effect.gen(function*() {
        if (by === "interrupt") yield* yield* OnInterrupt
        return cancel
      }))
  )
})

const cancel: ElicitationResult = { action: "cancel" }

// The cursor stands at the end of a prompt, perhaps above an error.
const belowFrame = "\n\u001b[J"

const moreWaiting = (others: number): string => `${plural(others, "more question")} waiting`

const heading = Effect.fnUntraced(function*(request: ElicitationRequest, others: number) {
  const { err, errWidth } = yield* Screen
  const lines = (text: string) => safe(text.trim()).split("\n").map((line) => wrap(line, errWidth - 1, "  ")).join("\n")
  const also = others === 0 ? "" : err.dim(` (${moreWaiting(others)})`)
  const asks = `\n${err.bold(`"${safeLine(request.server)}" asks:`)}${also}\n${lines(request.message)}`
  if (request._tag === "Form") return `${asks}\n${err.dim("  Esc to decline or cancel")}`
  const host = URL.parse(request.url)?.host
  return [
    asks,
    `  To open in your browser${host === undefined || host === "" ? "" : `, at ${err.bold(safeLine(host))}`}:`,
    `  ${err.cyan(safeLine(request.url))}`
  ].join("\n")
})

/**
 * The fields, then what to do with them; again with the answers so far where somebody wants to change them. `sayOthers`
 * tells, between two prompts, of questions that have come meanwhile.
 */
const fillIn = Effect.fnUntraced(function*(
  fields: Fields,
  server: string,
  sayOthers: Effect.Effect<void>
): Effect.fn.Return<ElicitationResult, Keyboard.Left, Effect.Services<ReturnType<typeof askAll>>> {
  const { answers, complete } = yield* askAll(fields, sayOthers)
  yield* sayOthers
  const choice = complete
    ? yield* choose(`Send to "${server}"?`, fields.length === 0 ? [accept, ...refusals] : [accept, change, ...refusals])
    : yield* choose(`Leave "${server}" without an answer?`, [...refusals, goOn])
  if (choice.action === "accept") {
    const given = [...answers].flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
    return { action: "accept", content: Object.fromEntries(given) }
  }
  if (choice.action !== "again") return choice
  return yield* fillIn(
    // What was left out stays so, and is not offered its default again.
    fields.map((field) => answers.has(field.name) ? { ...field, initial: answers.get(field.name) } : field),
    server,
    sayOthers
  )
})

/** The answers, nothing for a field that was left out; no entry for one that was not reached. */
const askAll = Effect.fnUntraced(function*(fields: Fields, sayOthers: Effect.Effect<void>) {
  const write = yield* Keyboard.writer
  const { err, errWidth } = yield* Screen
  const answers = new Map<string, FieldValue | undefined>()
  const all = Effect.gen(function*() {
    const keyboard = yield* Keyboard.open
    for (const field of fields) {
      if (field !== fields[0]) yield* sayOthers
      if (field.about !== "") yield* write(`${err.dim(wrap(field.about, errWidth - 1, "  "))}\n`)
      answers.set(field.name, yield* keyboard.ask(prompt(field, errWidth)))
    }
    return true
  })
  const complete = yield* Effect.scoped(all).pipe(
    Effect.tapError(() => write(belowFrame)),
    Effect.catchIf(({ by }) => by === "escape", () => Effect.succeed(false))
  )
  return { complete, answers }
})

const choose = Effect.fnUntraced(function*<A>(message: string, choices: ReadonlyArray<Prompt.SelectChoice<A>>) {
  const write = yield* Keyboard.writer
  const { errWidth } = yield* Screen
  return yield* Effect.scoped(
    Effect.flatMap(
      Keyboard.open,
      ({ ask }) => ask(Prompt.Select({ message: truncate(message, errWidth - 4), choices }))
    )
  ).pipe(Effect.tapError(() => write(belowFrame)))
})

type Chosen = ElicitationResult | { readonly action: "again" }
type Choice = Prompt.SelectChoice<Chosen>

const accept: Prompt.SelectChoice<ElicitationResult> = { title: "send", value: { action: "accept" } }
const change: Choice = { title: "change", value: { action: "again" }, description: "go through the answers again" }
const goOn: Choice = { title: "go on", value: { action: "again" }, description: "back to the form" }
const refusals: ReadonlyArray<Prompt.SelectChoice<ElicitationResult>> = [
  { title: "decline", value: { action: "decline" }, description: "tell the server no" },
  { title: "cancel", value: cancel, description: "decide nothing" }
]
const urlChoices: ReadonlyArray<Prompt.SelectChoice<ElicitationResult>> = [
  { title: "accept", value: { action: "accept" }, description: "I opened it, or am about to" },
  ...refusals
]
