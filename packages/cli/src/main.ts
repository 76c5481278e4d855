import * as NodeChildProcessSpawner from "@effect/platform-node/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeStdio from "@effect/platform-node/NodeStdio"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as UserDirectories from "effect/persistence/UserDirectories"
import * as Runtime from "effect/Runtime"
import * as Cli from "./Cli.ts"
import { exitCodes } from "./internal/exitCodes.ts"
import * as Sessions from "./internal/sessions.ts"
import * as Terminal from "./internal/terminal.ts"

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated, SIGHUP: exitCodes.hungUp }

const runMain = Runtime.makeRunMain(({ fiber }) => {
  let stopped: number | undefined
  const stop = (code: number) => {
    stopped ??= code
    fiber.interruptUnsafe(fiber.id)
  }
  for (const [signal, code] of Object.entries(signals)) process.on(signal, () => stop(code))
  const onLost = (error: Error) => {
    if (stopped !== undefined) return
    // Whoever reads our output has seen enough, as in `umcp list | head -1`.
    if ("code" in error && error.code === "EPIPE") return stop(exitCodes.done)
    process.stderr.write(`umcp: the output could not be written: ${error.message}\n`)
    stop(exitCodes.outputLost)
  }
  process.stdout.on("error", onLost)
  process.stderr.on("error", () => {})
  fiber.addObserver((exit) => {
    const code = Exit.isSuccess(exit) && typeof exit.value === "number" ? exit.value : exitCodes.bug
    process.stdout.write("", (error) => {
      if (error instanceof Error) onLost(error)
      process.exit(stopped ?? code)
    })
  })
})

const terminal = Terminal.layer({
  // Forms and progress are on stderr, which still has a width where stdout is a file or a pipe.
  columns: Effect.sync(() => process.stdout.columns ?? process.stderr.columns ?? 0),
  rows: Effect.sync(() => process.stdout.rows ?? process.stderr.rows ?? 0)
})

const platform = Layer.mergeAll(
  terminal,
  NodeStdio.layer,
  UserDirectories.layer,
  Layer.provideMerge(NodeChildProcessSpawner.layer, Layer.merge(NodeFileSystem.layer, NodePath.layer))
)

Cli.run.pipe(
  Effect.provide(Layer.provideMerge(Sessions.layer, platform)),
  runMain({ disableErrorReporting: true })
)
