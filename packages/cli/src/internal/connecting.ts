/** Shows what a server says on standard error while connecting to it takes long: it may wait for a person to sign in. */
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { Progress } from "../render/Progress.ts"
import { quoteLine, serverLabel } from "../render/quote.ts"
import { Screen } from "../render/Screen.ts"
import { printError } from "./sink.ts"

export type ShowStderr = (server: string) => <A, E, R>(connecting: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** After `patience`, on a terminal; with what was said before. Nothing with `--json`, which makes stderr JSON. */
export const showStderr = (json: boolean): Effect.Effect<ShowStderr, never, Progress | Screen> =>
  Effect.gen(function*() {
    const { err, errIsTerminal, errWidth } = yield* Screen
    const { printing } = yield* Progress
    if (json || !errIsTerminal) return () => (connecting) => connecting
    const print = (server: string, line: string) =>
      printing(printError(err.dim(quoteLine(serverLabel(server), line, errWidth))))
    return (server) => (connecting) =>
      Effect.gen(function*() {
        const lines = yield* Queue.sliding<string>(mostLines)
        const printing = Effect.forever(Effect.flatMap(Queue.take(lines), (line) => print(server, line)))
        return yield* Effect.acquireUseRelease(
          Effect.forkChild(Effect.delay(printing, patience)),
          () =>
            Effect.provideService(connecting, McpSession.ConnectingStderr, (_, line) => {
              if (line.trim() !== "") Queue.offerUnsafe(lines, line)
            }),
          Fiber.interrupt
        )
      })
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Most servers are there by then. */
const patience = Duration.seconds(3)

/** The newest of what was said before that. */
const mostLines = 50
