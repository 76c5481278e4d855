/** Why a process could not be started, in words. */
import { PlatformError } from "effect/PlatformError"

export interface Attempt {
  readonly command: string
  readonly cwd: string | undefined
  readonly path: string | undefined
}

export interface Explanation {
  readonly description: string
  readonly hint?: string
}

const badDirectory = (cwd: string | undefined, why: string): Explanation => ({
  description: `the working directory ${JSON.stringify(cwd)} cannot be entered (${why})`,
  hint: "check `cwd`; a relative path starts where this program runs"
})

const explainDefect = (cause: unknown, { command, cwd }: Attempt): Explanation => {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.includes("ENOTDIR") && cwd !== undefined
    ? badDirectory(cwd, "it is not a directory")
    : { description: `${JSON.stringify(command)} could not be started: ${text}` }
}

export const explain = (cause: unknown, attempt: Attempt): Explanation => {
  if (!(cause instanceof PlatformError)) return explainDefect(cause, attempt)
  const { reason } = cause
  const command = JSON.stringify(attempt.command)
  if (reason._tag === "BadArgument") return { description: reason.description ?? reason.message }
  if (reason.module === "FileSystem") return badDirectory(attempt.cwd, reason._tag)
  if (reason._tag === "NotFound" && /[/\\]/.test(attempt.command)) {
    return {
      description: `there is no program at ${command}`,
      hint: "check the path, and for a script that the interpreter in its first line exists"
    }
  }
  if (reason._tag === "NotFound") {
    return {
      description: `the command ${command} was not found`,
      hint: attempt.path === undefined
        ? "there is no PATH to look in; give the full path of the command"
        : `it is in none of: ${attempt.path}`
    }
  }
  if (reason._tag === "PermissionDenied") {
    return {
      description: `${command} may not be executed`,
      hint: "make it executable (chmod +x), or run it with its interpreter"
    }
  }
  return { description: `${command} could not be started: ${reason.message}` }
}
