/** One line on stderr that says what is going on, redrawn in place; nothing where stderr is not a terminal. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Semaphore from "effect/Semaphore"
import * as Stdio from "effect/Stdio"
import { writeError } from "../internal/sink.ts"
import { Screen } from "./Screen.ts"
import { truncate } from "./text.ts"

export class Progress extends Context.Service<Progress, {
  /** Shows `text` from now on. */
  readonly show: (text: SafeText.SafeText) => Effect.Effect<void>
  /** Shows nothing from now on. */
  readonly hide: Effect.Effect<void>
  /**
   * Runs `effect`, which has the screen to itself: the line is out of the way, and whatever else is printed waits.
   */
  readonly printing: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}>()("@universal-mcp/cli/render/Progress") {
  /** A progress line, wiped when the scope closes. */
  static readonly layer = Layer.effect(Progress, Effect.suspend(() => make))
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

const make = Effect.gen(function*() {
  const screen = yield* Screen
  const oneAtATime = Semaphore.withPermit(yield* Semaphore.make(1))
  if (!screen.errIsTerminal) return Progress.of({ show: () => Effect.void, hide: Effect.void, printing: oneAtATime })
  const stdio = yield* Stdio.Stdio
  const write = (text: SafeText.SafeText) => Effect.provideService(writeError(text), Stdio.Stdio, stdio)
  const text = yield* Ref.make(SafeText.format``)
  const taken = yield* Ref.make(false)
  const wipe = write(SafeText.format`\r\u001b[2K`)
  const draw = Effect.gen(function*() {
    const current = yield* Ref.get(text)
    if (current === "") return
    const frame = SafeText.line(frames[Math.floor((yield* Clock.currentTimeMillis) / 100) % frames.length])
    yield* write(
      SafeText.format`\r\u001b[2K${screen.err.cyan(frame)} ${truncate(current, screen.errWidth - 3)}`
    )
  })
  const unlessTaken = (effect: Effect.Effect<void>) => Effect.flatMap(Ref.get(taken), (is) => is ? Effect.void : effect)
  yield* Effect.addFinalizer(() => wipe)
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(unlessTaken(draw), Effect.sleep("100 millis"))))
  return Progress.of({
    show: (next) => Effect.andThen(Ref.set(text, next), unlessTaken(draw)),
    hide: Effect.andThen(Ref.set(text, SafeText.format``), unlessTaken(wipe)),
    printing: (effect) =>
      oneAtATime(Effect.acquireUseRelease(
        Effect.andThen(Ref.set(taken, true), wipe),
        () => effect,
        () => Ref.set(taken, false)
      ))
  })
})
