/** `Terminal` of which only the size is at hand: what reads the keyboard is loaded when that is first read. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Terminal from "effect/Terminal"
import { onDemand } from "./onDemand.ts"

export const layer = (size: {
  readonly columns: Effect.Effect<number>
  readonly rows: Effect.Effect<number>
}): Layer.Layer<Terminal.Terminal> =>
  Layer.effect(
    Terminal.Terminal,
    Effect.gen(function*() {
      const whole = yield* onDemand(
        Terminal.Terminal,
        async () => (await import("@effect/platform-node/NodeTerminal")).layer
      )
      return Terminal.make({
        ...size,
        size: Effect.flatMap(whole, (terminal) => terminal.size),
        readInput: Effect.flatMap(whole, (terminal) => terminal.readInput),
        readLine: Effect.flatMap(whole, (terminal) => terminal.readLine),
        display: (text) => Effect.flatMap(whole, (terminal) => terminal.display(text))
      })
    })
  )
