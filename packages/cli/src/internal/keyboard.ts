/** Prompts on stderr, so that stdout stays the result, and all from one reading of the keyboard, so that no key is lost. */
import * as SafeText from "@universal-mcp/core/SafeText"
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import { Screen } from "../render/Screen.ts"
import * as prompts from "./prompts.ts"
import { writeError } from "./sink.ts"

/** How a prompt was left without an answer: Esc, Ctrl-C, or Ctrl-D and the end of the input. */
export class Left extends Data.TaggedError("Left")<{ readonly by: "escape" | "interrupt" | "end" }> {}

export interface Keyboard {
  /** After it failed no prompt of this keyboard gets an answer: open another one. */
  readonly ask: <A>(prompt: prompts.Prompt<A>) => Effect.Effect<A, Left, FileSystem.FileSystem | Path.Path>
}

/** Reads the keyboard until the scope closes. */
export const open: Effect.Effect<Keyboard, never, Scope.Scope | Terminal.Terminal | Stdio.Stdio | Screen> = Effect.gen(
  function*() {
    const terminal = yield* Terminal.Terminal
    const screen = yield* Screen
    const write = yield* writer
    const left = yield* Ref.make<Left["by"]>("end")
    const pressed = yield* terminal.readInput
    const keys = yield* Queue.unbounded<Terminal.UserInput, Cause.Done>()
    const next = Effect.flatMap(Queue.take(pressed), (input) => {
      const by = leaving(input)
      return by === undefined
        ? Queue.offer(keys, typed(input))
        : Effect.andThen(Ref.set(left, by), Queue.end(keys))
    })
    yield* Effect.forkScoped(Effect.ensuring(Effect.forever(next), Queue.end(keys)))
    const onStderr = {
      colors: screen.err.bold(SafeText.format`x`) !== "x",
      terminal: Terminal.make({
        ...terminal,
        columns: Effect.succeed(screen.errWidth),
        readInput: Effect.succeed(keys)
      }),
      write
    }
    return {
      ask: (prompt) =>
        Effect.andThen(write(roomForError), prompts.run(prompt, onStderr)).pipe(
          Effect.catch(() => Effect.flatMap(Ref.get(left), (by) => Effect.fail(new Left({ by }))))
        )
    }
  }
)

/** Writes to stderr; a stderr that is gone is nobody's to know. */
export const writer = Effect.map(
  Stdio.Stdio,
  (stdio) => (text: SafeText.SafeText) => Effect.provideService(writeError(text), Stdio.Stdio, stdio)
)

/** A line below: at the bottom of the screen the prompt would not find its own line again. */
const roomForError = SafeText.format`\n\u001b[A`

const leaving = ({ key }: Terminal.UserInput): Left["by"] | undefined => {
  if (key.name === "escape") return "escape"
  if (!key.ctrl) return undefined
  return key.name === "c" ? "interrupt" : key.name === "d" ? "end" : undefined
}

/** Keys that a prompt does not know, such as F1, come with a control sequence that it would take for text. */
const typed = (input: Terminal.UserInput): Terminal.UserInput => ({
  ...input,
  // oxlint-disable-next-line no-control-regex
  input: Option.filter(input.input, (text) => !/[\u0000-\u001f\u007f]/.test(text))
})
