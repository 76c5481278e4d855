/** What the library warns of while a command runs: a line each on stderr, with `--json` one of JSON. */
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Progress } from "../render/Progress.ts"
import { Screen } from "../render/Screen.ts"
import { type ShowStderr, showStderr } from "./connecting.ts"
import { printWarning } from "./printWarning.ts"
import { root } from "./root.ts"

export class Warnings extends Context.Service<Warnings, {
  /** Prints the warnings of a session until it has ended: each once, the first 20. */
  readonly watch: (server: string, session: McpSession["Service"]) => Effect.Effect<void>
  readonly print: (server: string, warning: string) => Effect.Effect<void>
  /** Connects, and prints what the server says on standard error when that takes long. */
  readonly whileConnecting: ShowStderr
}>()("@universal-mcp/cli/internal/warnings") {
  /** Waits, when its scope closes, for the sessions that it watches to end. */
  static readonly layer = Layer.effect(Warnings, Effect.suspend(() => make))
}

const most = 20

const make = Effect.gen(function*() {
  const { json } = yield* root
  const screen = yield* Screen
  const { printing } = yield* Progress
  const watching = yield* FiberSet.make<void>()
  // What was said last is still on its way when a session has ended.
  yield* Effect.addFinalizer(() => FiberSet.awaitEmpty(watching))
  const print = (server: string, message: string) => printing(printWarning(screen, json, { server, message }))
  return Warnings.of({
    print,
    whileConnecting: yield* showStderr(json),
    watch: (server, session) => {
      const said = new Set<string>()
      const tell = (message: string) => {
        if (said.has(message) || said.size > most) return Effect.void
        said.add(message)
        return print(server, said.size > most ? "there are more warnings, which are not shown" : message)
      }
      const telling = Stream.runForEach(
        session.warnings,
        ({ description, level }) => level === "warning" ? tell(description) : Effect.void
      )
      return Effect.asVoid(FiberSet.run(watching, telling))
    }
  })
})
