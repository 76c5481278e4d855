/** Hides the secrets of all configurations that a command has read: for what is not about one server, such as a bug. */
import { redactor, type Secretive } from "@universal-mcp/core/ServerConfig"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export interface KnownSecrets {
  readonly add: (configs: ReadonlyArray<Secretive>) => void
  readonly redact: (text: string) => string
}

export const make = Effect.sync((): KnownSecrets => {
  const redactors: Array<(text: string) => string> = []
  return {
    add: (configs) => {
      for (const config of configs) {
        const redact = redactor(config)
        if (redact !== undefined) redactors.push(redact)
      }
    },
    redact: (text) => redactors.reduce((shown, redact) => redact(shown), text)
  }
})

/** Of the command that runs. */
export const KnownSecrets = Context.Reference<KnownSecrets>("@universal-mcp/cli/internal/knownSecrets", {
  defaultValue: () => ({ add: () => {}, redact: (text) => text })
})
