import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as UserDirectories from "effect/persistence/UserDirectories"
import * as Runtime from "effect/Runtime"
import * as Terminal from "effect/Terminal"
import * as Cli from "./Cli.ts"
import * as sessions from "./internal/sessions.ts"

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

const runMain = Runtime.makeRunMain(({ fiber }) => {
  let stopped: number | undefined
  const stop = (code: number) => {
    stopped ??= code
    fiber.interruptUnsafe(fiber.id)
  }
  for (const [signal, code] of Object.entries(signals)) process.on(signal, () => stop(code))
  // Whoever reads our output has seen enough, as in `umcp list | head -1`.
  process.stdout.on("error", () => stop(0))
  process.stderr.on("error", () => {})
  fiber.addObserver((exit) => {
    const code = stopped ?? (Exit.isSuccess(exit) && typeof exit.value === "number" ? exit.value : 70)
    process.stdout.write("", () => process.exit(code))
  })
})

// Forms and progress are on stderr, which still has a width where stdout is a file or a pipe.
const columns = Effect.sync(() => process.stdout.columns ?? process.stderr.columns ?? 0)
const terminal = Layer.effect(
  Terminal.Terminal,
  Effect.map(Terminal.Terminal, (terminal) => Terminal.make({ ...terminal, columns }))
)

Cli.run.pipe(
  Effect.provide(
    Layer.mergeAll(terminal, UserDirectories.layer, sessions.layer).pipe(Layer.provideMerge(NodeServices.layer))
  ),
  runMain({ disableErrorReporting: true })
)
