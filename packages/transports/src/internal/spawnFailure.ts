/** Why a process could not be started, in words. */
import { PlatformError } from "effect/PlatformError"
import * as missingModule from "./missingModule.ts"

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

/** What to do about a process that has ended, where its last lines of stderr tell. */
export const hintFrom = (stderr: ReadonlyArray<string>): string | undefined => {
  const text = stderr.map((line) => line.slice(0, longestLine)).join("\n")
  for (const rule of rules) {
    const hint = rule(text)
    if (hint !== undefined) return hint
  }
  return undefined
}

/** What to do about a process that does not answer, where its last lines of stderr tell that it waits for a person. */
export const hintWhileSilent = (stderr: ReadonlyArray<string>): string | undefined => {
  const index = stderr.findLastIndex((line) => signIn.test(line))
  if (index === -1) return undefined
  const [url] = /https?:\/\/[^\s"'<>]+/.exec(stderr.slice(index).join("\n")) ??
    /https?:\/\/[^\s"'<>]+/.exec(stderr.slice(Math.max(0, index - nearLines)).join("\n")) ?? []
  if (url === undefined && !waiting.test(stderr[index] ?? "")) return undefined
  return `it waits for somebody to sign in: ${
    url === undefined ? "run the command by itself to see where" : `open ${url}`
  }, and raise \`timeout\` so that there is time for that`
}

/** A link stands near the words that ask for it. */
const nearLines = 5

const signIn =
  /\b(?:authori[sz](?:e|ing|ation)|authenticat(?:e|ing|ion)|oauth|sign(?:ing)?[ -]?in|log(?:ging)?[ -]?in)\b/i

const waiting = /\b(?:wait(?:s|ing)? for|pending|required)\b/i

/** In characters. No rule needs more of a line, and a server may write lines of any length. */
const longestLine = 1000

type Rule = (stderr: string) => string | undefined

type Hint = (found: string, node: string | undefined) => string

const tooOldNode: Hint = (_, node) =>
  `it probably needs another version of Node${node === undefined ? "" : ` than ${node}, which it was started with`}: ` +
  "see `engines` in its package.json, and give the full path of such a `node` or `npx`, or the PATH to it in `env`"

const rule = (pattern: RegExp, hint: Hint): Rule => (stderr) => {
  const match = pattern.exec(stderr)
  return match === null ? undefined : hint(match[1] ?? "", /^Node\.js (v\S+)$/m.exec(stderr)?.[1])
}

/** The first that matches tells: what is said last is often a consequence. */
const rules: ReadonlyArray<Rule> = [
  rule(
    /npm (?:error|ERR!) 404 +(?:The requested resource )?'([^']+?)(?:@[^@'/]*)?' (?:could not be found|is not in)/,
    (name) => `npm has no package ${name}, or does not show it to you: check the name, and the registry in .npmrc`
  ),
  rule(/npm (?:error|ERR!) code E404/, () => "npm has no such package: check its name, and the registry in .npmrc"),
  rule(
    /npm (?:error|ERR!) code ETARGET/,
    () => "npm has the package, but no such version of it: check what stands behind the @"
  ),
  rule(
    /npm (?:error|ERR!) code (ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH)/,
    (code) => `npm does not reach its registry (${code}): check the network, the proxy and the registry in .npmrc`
  ),
  rule(
    /npm (?:error|ERR!) could not determine executable to run/,
    () => "the package has no command to run: it is another package, or its command must be named (npx -p)"
  ),
  rule(
    /npm (?:error|ERR!) code EBADENGINE|npm warn EBADENGINE|Unsupported engine|engine "node" is incompatible/,
    tooOldNode
  ),
  rule(/ERR_UNKNOWN_BUILTIN_MODULE|ERR_REQUIRE_ESM|ERR_UNSUPPORTED_ESM|ERR_UNKNOWN_FILE_EXTENSION/, tooOldNode),
  rule(
    /^SyntaxError: The requested module '(?!node:)[^']+' does not provide an export|ERR_PACKAGE_PATH_NOT_EXPORTED/m,
    () => "it does not fit a package that it uses: install the server again, or another version of it"
  ),
  // While it was loaded: one thrown later is the program's own.
  rule(/^SyntaxError: .*\n\s+at .*node:internal\/modules/m, tooOldNode),
  rule(/^(?:\S*node): bad option: /m, tooOldNode),
  missingModule.hintFrom,
  rule(/Module not found "([^"]+)"/, missingModule.noFile),
  rule(
    /^ModuleNotFoundError: No module named '([^']+)'/m,
    (module) => `Python has no module ${module}: install it, or start the server with the Python that has it`
  ),
  rule(/can't open file '([^']+)'/, missingModule.noFile),
  rule(/was not found in the package registry/, () => "there is no such Python package: check its name"),
  rule(/Cannot connect to the Docker daemon/i, () => "start Docker"),
  rule(
    /EADDRINUSE[^\n]*?(?::(\d+))?$/m,
    (port) => `another process has the port${port === "" ? "" : ` ${port}`} it wants`
  )
]
