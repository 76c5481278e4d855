/**
 * The only module that writes to stdout and stderr. It takes `SafeText`: a text of a server or a file that was not made
 * safe does not compile. The lint rule `house/sink` forbids every other way to the terminal.
 */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"

/** A line, or several, on stdout. */
export const print = (text: SafeText.SafeText): Effect.Effect<void> => Console.log(text)

/** A line, or several, on stderr. */
export const printError = (text: SafeText.SafeText): Effect.Effect<void> => Console.error(text)

/** Text on stderr without a line break behind it. That stderr is closed is no failure. */
export const writeError = (text: SafeText.SafeText): Effect.Effect<void, never, Stdio.Stdio> =>
  Effect.flatMap(
    Stdio.Stdio,
    (stdio) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr({ endOnDone: false })))
  )

/** The text of a resource on stdout as the server sent it. Only where stdout is no terminal. */
export const writeResource = (text: string): Effect.Effect<void, never, Stdio.Stdio> =>
  Effect.flatMap(
    Stdio.Stdio,
    (stdio) => Effect.ignore(Stream.run(Stream.make(text), stdio.stdout({ endOnDone: false })))
  )

/** What Effect and its modules log, on stderr. */
export const logger: Logger.Logger<unknown, void> = Logger.withConsoleError(
  Logger.map(Logger.formatSimple, SafeText.block)
)
