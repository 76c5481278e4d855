/** One line on stderr that says what is going on, redrawn in place; nothing where stderr is not a terminal. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { Screen } from "./Screen.ts"
import { truncate } from "./text.ts"

export class Progress extends Context.Service<Progress, {
  /** Shows `text` from now on; nothing if it is empty. */
  readonly show: (text: string) => Effect.Effect<void>
  /** Runs `effect`, which prints, with the line out of the way. */
  readonly printing: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}>()("@universal-mcp/cli/render/Progress") {
  /** A progress line, wiped when the scope closes. */
  static readonly layer = Layer.effect(Progress, Effect.suspend(() => make))
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

const make = Effect.gen(function*() {
  const screen = yield* Screen
  if (!screen.errIsTerminal) {
    return Progress.of({ show: () => Effect.void, printing: (effect) => effect })
  }
  const stdio = yield* Stdio.Stdio
  const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr({ endOnDone: false })))
  const text = yield* Ref.make("")
  const wipe = write("\r\u001b[2K")
  const draw = Effect.gen(function*() {
    const current = yield* Ref.get(text)
    if (current === "") return
    const frame = frames[Math.floor((yield* Clock.currentTimeMillis) / 100) % frames.length] ?? ""
    yield* write(`\r\u001b[2K${screen.err.cyan(frame)} ${truncate(current, screen.errWidth - 3)}`)
  })
  yield* Effect.addFinalizer(() => wipe)
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(draw, Effect.sleep("100 millis"))))
  return Progress.of({
    show: (next) => Effect.andThen(Ref.set(text, next), next === "" ? wipe : draw),
    printing: (effect) => Effect.andThen(wipe, effect)
  })
})
