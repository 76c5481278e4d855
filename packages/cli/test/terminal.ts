/** A terminal that a test looks at and types on. */
import type * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Queue from "effect/Queue"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"

export type Key = "enter" | "escape" | "up" | "down" | "space" | "ctrl-c" | "ctrl-d" | "ctrl-u" | "f1"

export const make = Effect.sync(() => {
  let shown = ""
  let seen = 0
  let waiting: { readonly text: string; readonly found: Deferred.Deferred<void> } | undefined
  const look = () => {
    if (waiting === undefined) return
    const at = shown.indexOf(waiting.text, seen)
    if (at === -1) return
    seen = at + waiting.text.length
    Deferred.doneUnsafe(waiting.found, Effect.void)
    waiting = undefined
  }
  const open = new Set<Queue.Queue<Terminal.UserInput, Cause.Done>>()

  const stdio = Stdio.layerTest({
    stdinIsTerminal: Effect.succeed(true),
    stderrIsTerminal: Effect.succeed(true),
    stderr: () =>
      Sink.forEach((chunk) =>
        Effect.sync(() => {
          shown += plain(String(chunk))
          look()
        })
      )
  })
  const terminal = Layer.succeed(
    Terminal.Terminal,
    Terminal.make({
      columns: Effect.succeed(80),
      rows: Effect.succeed(24),
      size: Effect.never,
      readLine: Effect.never,
      display: () => Effect.die("a prompt belongs to stderr"),
      readInput: Effect.acquireRelease(
        Effect.tap(Queue.unbounded<Terminal.UserInput, Cause.Done>(), (queue) => Effect.sync(() => open.add(queue))),
        (queue) => Effect.sync(() => open.delete(queue))
      )
    })
  )

  return {
    layer: Layer.mergeAll(
      stdio,
      terminal,
      FileSystem.layerNoop({}),
      Path.layer,
      ConfigProvider.layer(ConfigProvider.fromUnknown({ NO_COLOR: "1", TERM: "xterm" }))
    ),
    /** Waits until `text` is shown, after what was waited for before. */
    until: (text: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        const found = Deferred.makeUnsafe<void>()
        waiting = { text, found }
        look()
        // What is pressed next would otherwise reach the prompt in the middle of its writing.
        return Effect.andThen(Deferred.await(found), Effect.yieldNow)
      }),
    /** Everything that was written, without control sequences. */
    shown: () => shown,
    /** How many read the keyboard. */
    readers: () => open.size,
    /** Presses keys, one after the other, as Node gives them: those that leave a prompt end the reading. */
    press: (...keys: ReadonlyArray<Key | { readonly text: string }>): Effect.Effect<void> =>
      Effect.sync(() => {
        for (const input of keys.flatMap(inputs)) {
          for (const queue of open) {
            Queue.offerUnsafe(queue, input)
            const { ctrl, name } = input.key
            if (name === "escape" || (ctrl && (name === "c" || name === "d"))) Queue.endUnsafe(queue)
          }
        }
      })
  }
})

// oxlint-disable-next-line no-control-regex
const plain = (text: string): string => text.replaceAll(/\u001b(?:\[[0-9;?]*[A-Za-z]|[78])/g, "")

const inputs = (key: Key | { readonly text: string }): ReadonlyArray<Terminal.UserInput> => {
  if (typeof key !== "string") return [...key.text].map((character) => input(character, character))
  const [, control] = /^ctrl-(.)$/.exec(key) ?? []
  if (control !== undefined) return [input(control, String.fromCharCode(control.charCodeAt(0) - 96), true)]
  return [input(key === "enter" ? "return" : key, sequences[key])]
}

const sequences: Readonly<Record<string, string>> = {
  enter: "\r",
  escape: "\u001b",
  up: "\u001b[A",
  down: "\u001b[B",
  space: " ",
  f1: "\u001bOP"
}

const input = (name: string, sequence: string | undefined, ctrl = false): Terminal.UserInput => ({
  input: Option.fromUndefinedOr(sequence),
  key: { name, ctrl, meta: false, shift: false }
})
