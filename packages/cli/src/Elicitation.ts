/**
 * Answers what servers ask, on the terminal.
 *
 * @since 0.1.0
 */
import {
  Elicitation,
  type ElicitationRequest,
  type ElicitationResult,
  type FieldValue,
  secretFields,
  type UrlHost,
  urlHost
} from "@universal-mcp/core/Elicitation"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Ref from "effect/Ref"
import * as Semaphore from "effect/Semaphore"
import type * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import * as form from "./internal/form.ts"
import { askerOf, message, prompt, questionOf } from "./internal/formPrompts.ts"
import { OnInterrupt } from "./internal/interrupt.ts"
import * as Keyboard from "./internal/keyboard.ts"
import * as prompts from "./internal/prompts.ts"
import { Progress } from "./render/Progress.ts"
import { gutter, mostLines, quote } from "./render/quote.ts"
import { Screen } from "./render/Screen.ts"
import { displayWidth, plural, truncate, wrap } from "./render/text.ts"

/**
 * Shows what a server asks as a form on the terminal, in both modes: a schema's fields, one after the other, or a URL
 * to open.
 *
 * When to use: in a program that somebody runs by hand. The form is written to stderr; stdin must be a terminal.
 *
 * One form is open at a time; the questions of other servers wait. Every prompt begins with the name of the server that
 * asks, `[shop] Your name`; its own words stand behind a gutter, eight lines at a time. A form that asks for a secret is
 * shown with a warning, and a page with its host, last. A form whose request
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
  const { err, errWidth } = yield* screen
  const asker = askerOf(request.server, errWidth)
  let told = yield* others
  const also = told === 0 ? nothing : err.dim(SafeText.format` (${moreWaiting(told)})`)
  yield* write(SafeText.format`\n${err.bold(SafeText.format`${nameOf(request)} asks:`)}${also}\n`)
  const tellOthers = Effect.gen(function*() {
    const count = yield* others
    if (count > told) yield* write(SafeText.format`${err.dim(SafeText.format`  (${moreWaiting(count)})`)}\n`)
    told = count
  })
  const asked = Effect.andThen(
    show(request.message, asker, askOnce),
    request._tag === "Url" ? visit(request, asker) : fillIn(request, asker, tellOthers)
  )
  return yield* asked.pipe(
    Effect.onInterrupt(() => {
      const gone = err.dim(SafeText.format`${nameOf(request)} no longer asks`)
      return write(SafeText.format`${belowFrame}${gone}\n`)
    }),
    Effect.catchTag("Left", ({ by }) =>
      Effect.gen(function*() {
        if (by === "interrupt") yield* yield* OnInterrupt
        return cancel
      }))
  )
})

const cancel: ElicitationResult = { action: "cancel" }

const nothing = SafeText.format``

// The cursor stands at the end of a prompt, perhaps above an error.
const belowFrame = SafeText.format`\n\u001b[J`

const screen = Effect.gen(function*() {
  const { err, errWidth } = yield* Screen
  const { rows } = yield* Terminal.Terminal
  return { err, errWidth, rows: (yield* rows) || 24 }
})

const nameOf = ({ server }: ElicitationRequest): SafeText.SafeText =>
  SafeText.format`"${truncate(SafeText.line(server), longestName)}"`

const longestName = 60

const moreWaiting = (others: number): SafeText.SafeText => SafeText.format`${plural(others, "more question")} waiting`

/** With a keyboard of its own. */
const askOnce = <A>(prompt: prompts.Prompt<A>) =>
  Effect.scoped(Effect.flatMap(Keyboard.open, ({ ask }) => ask(prompt))).pipe(
    Effect.tapError(() => Effect.flatMap(Keyboard.writer, (write) => write(belowFrame)))
  )

/** What a server says, behind a gutter; what is beyond a page where somebody wants to read it, page by page. */
const show = Effect.fnUntraced(function*<R>(
  text: string,
  asker: SafeText.SafeText,
  ask: <A>(prompt: prompts.Prompt<A>) => Effect.Effect<A, Keyboard.Left, R>
) {
  const write = yield* Keyboard.writer
  const { err, errWidth, rows } = yield* screen
  const most = Math.max(1, Math.min(mostLines, rows - 5))
  let left = quote(text, errWidth - 1)
  while (left.length > 0) {
    const page = left.slice(0, most)
    left = left.slice(most)
    yield* write(SafeText.join(page.map((line) => SafeText.format`${line}\n`)))
    if (left.length === 0) return
    const more = SafeText.format`… ${plural(left.length, "more line")}`
    yield* write(SafeText.format`${gutter}${err.dim(more)}\n`)
    const question = message(asker, SafeText.format`Read on?`, errWidth)
    if (!(yield* ask(prompts.select({ message: question, choices: pages })))) return
  }
})

const pages: ReadonlyArray<prompts.Choice<boolean>> = [
  { title: SafeText.format`no`, value: false },
  { title: SafeText.format`yes`, value: true, description: SafeText.format`show more of it` }
]

/** The host comes last, where no address is too long for it to be seen. */
const visit = Effect.fnUntraced(function*(
  request: Extract<ElicitationRequest, { readonly _tag: "Url" }>,
  asker: SafeText.SafeText
) {
  const write = yield* Keyboard.writer
  const { err } = yield* screen
  const host = urlHost(request.url)
  const lines = [
    SafeText.format`  To open in your browser:`,
    SafeText.format`  ${err.cyan(SafeText.line(request.url))}`,
    ...(host === undefined ? [] : [SafeText.format`  at ${err.bold(SafeText.line(host.name))}`, ...hostNotes(host)])
  ]
  yield* write(SafeText.join(lines.map((line) => SafeText.format`${line}\n`)))
  return yield* choose(asker, SafeText.format`The page`, urlChoices)
})

const hostNotes = ({ isInternational, network }: UrlHost): ReadonlyArray<SafeText.SafeText> => [
  ...(isInternational ? [SafeText.format`  (international name)`] : []),
  ...(network === "loopback" ? [SafeText.format`  (this machine)`] : []),
  ...(network === "private" ? [SafeText.format`  (in your local network)`] : [])
]

/** The fields, then what to do with them. `tellOthers` tells, between two prompts, of questions that have come meanwhile. */
const fillIn = Effect.fnUntraced(function*(
  request: Extract<ElicitationRequest, { readonly _tag: "Form" }>,
  asker: SafeText.SafeText,
  tellOthers: Effect.Effect<void>
) {
  const write = yield* Keyboard.writer
  const { err, errWidth } = yield* screen
  const fields = form.fields(request.requestedSchema).map((field) => withShortDefault(field, asker, errWidth))
  const count = fields.length === 0 ? nothing : SafeText.format`${plural(fields.length, "field")}; `
  yield* write(SafeText.format`${err.dim(SafeText.format`  ${count}Esc to decline or cancel`)}\n`)
  if (secretFields(request).length > 0) {
    const why = SafeText.format`warning: this form asks for a secret; servers must not do that in a form.`
    const warning = SafeText.format`${why} Type nothing that you would not give to ${nameOf(request)}.`
    yield* write(SafeText.format`${err.yellow(wrap(warning, errWidth - 1, nothing, SafeText.format`  `))}\n`)
  }
  return yield* askUntilDone(fields, asker, tellOthers)
})

/**
 * Offers a default where it fits on the line of its prompt, and shows a longer one above: a row of it could look like the
 * prompt of another server.
 */
const withShortDefault = (field: form.Field, asker: SafeText.SafeText, width: number): form.Field => {
  if (field._tag !== "Text" || field.initial === undefined) return field
  const text = SafeText.line(String(field.initial))
  const line = SafeText.format`? ${questionOf(field, asker, width)} › ${text}`
  return displayWidth(line) < width
    ? field
    : { ...field, initial: undefined, description: `${field.description}\nDefault: ${text}` }
}

/** Again with the answers so far where somebody wants to change them. */
const askUntilDone = Effect.fnUntraced(function*(
  fields: Fields,
  asker: SafeText.SafeText,
  tellOthers: Effect.Effect<void>
): Effect.fn.Return<ElicitationResult, Keyboard.Left, Effect.Services<ReturnType<typeof askAll>>> {
  const { answers, complete } = yield* askAll(fields, asker, tellOthers)
  yield* tellOthers
  const choice = complete
    ? yield* choose(
      asker,
      SafeText.format`Send?`,
      fields.length === 0 ? [accept, ...refusals] : [accept, change, ...refusals]
    )
    : yield* choose(asker, SafeText.format`Leave without an answer?`, [...refusals, goOn])
  if (choice.action === "accept") {
    const given = [...answers].flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
    return { action: "accept", content: Object.fromEntries(given) }
  }
  if (choice.action !== "again") return choice
  return yield* askUntilDone(
    // What was left out stays so, and is not offered its default again.
    fields.map((field) => answers.has(field.name) ? { ...field, initial: answers.get(field.name) } : field),
    asker,
    tellOthers
  )
})

/** The answers, nothing for a field that was left out; no entry for one that was not reached. */
const askAll = Effect.fnUntraced(function*(fields: Fields, asker: SafeText.SafeText, tellOthers: Effect.Effect<void>) {
  const write = yield* Keyboard.writer
  const { err, errWidth, rows } = yield* screen
  const answers = new Map<string, FieldValue | undefined>()
  const all = Effect.gen(function*() {
    const { ask } = yield* Keyboard.open
    for (const field of fields) {
      if (field !== fields[0]) yield* tellOthers
      yield* show(field.description, asker, ask)
      if (field.allowed !== "") {
        const allowed = wrap(truncate(field.allowed, longestRule), errWidth - 1, SafeText.format`  `)
        yield* write(SafeText.format`${err.dim(allowed)}\n`)
      }
      answers.set(field.name, yield* ask(prompt(field, asker, { width: errWidth, rows })))
    }
    return true
  })
  const complete = yield* Effect.scoped(all).pipe(
    Effect.tapError(() => write(belowFrame)),
    Effect.catchIf(({ by }) => by === "escape", () => Effect.succeed(false))
  )
  return { complete, answers }
})

/** A pattern may be in it. */
const longestRule = 300

const choose = Effect.fnUntraced(function*<A>(
  asker: SafeText.SafeText,
  question: SafeText.SafeText,
  choices: ReadonlyArray<prompts.Choice<A>>
) {
  const { errWidth } = yield* screen
  return yield* askOnce(prompts.select({ message: message(asker, question, errWidth), choices }))
})

type Chosen = ElicitationResult | { readonly action: "again" }
type Choice = prompts.Choice<Chosen>

const accept: prompts.Choice<ElicitationResult> = { title: SafeText.format`send`, value: { action: "accept" } }
const change: Choice = {
  title: SafeText.format`change`,
  value: { action: "again" },
  description: SafeText.format`go through the answers again`
}
const goOn: Choice = {
  title: SafeText.format`go on`,
  value: { action: "again" },
  description: SafeText.format`back to the form`
}
const refusals: ReadonlyArray<prompts.Choice<ElicitationResult>> = [
  { title: SafeText.format`decline`, value: { action: "decline" }, description: SafeText.format`tell the server no` },
  { title: SafeText.format`cancel`, value: cancel, description: SafeText.format`decide nothing` }
]
const urlChoices: ReadonlyArray<prompts.Choice<ElicitationResult>> = [
  {
    title: SafeText.format`accept`,
    value: { action: "accept" },
    description: SafeText.format`I opened it, or am about to`
  },
  ...refusals
]
