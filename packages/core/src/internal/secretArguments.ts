/** The secrets in a command line: behind flags, in `NAME=value`, in headers, in URLs, and in JSON. */
import * as Result from "effect/Result"
import { isRecord } from "./json.ts"
import { hidden } from "./redact.ts"
import { isSecret, isSecretName } from "./secretNames.ts"
import { schemed } from "./secretWords.ts"

export interface Argument {
  /** The argument as it may be shown. */
  readonly shown: string
  /** What was hidden in it. */
  readonly secrets: ReadonlyArray<string>
}

/** Each argument by itself, judged by what it says and by the one before it. */
export const read = (args: ReadonlyArray<string>): ReadonlyArray<Argument> =>
  args.map((arg, index) => readOne(arg, args[index - 1] ?? "", 0))

/** A URL, or pairs such as `Server=a;Password=b`, with user, password and secret-looking parameters hidden, and what these were. */
export const readUrl = (text: string): Argument => {
  const secrets: Array<string> = []
  const hide = (secret: string): string => {
    secrets.push(secret)
    return hidden
  }
  // First, because a password may have a question mark in it.
  const shown = text.replace(/^([a-z][a-z\d+.-]*:\/\/)([^/]+)@/i, (_, scheme: string, userinfo: string) => {
    const [user = "", ...password] = userinfo.split(":")
    hide(userinfo)
    hide(password.length === 0 ? user : password.join(":"))
    return `${scheme}${hidden}@`
  })
  const parts = shown.split(/([?&#;])/).map((part, index) => {
    const at = part.indexOf("=")
    return index > 0 && at > 0 && isSecretName(part.slice(0, at))
      ? part.slice(0, at + 1) + hide(part.slice(at + 1))
      : part
  })
  return { shown: parts.join(""), secrets }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A file may nest `a=` and quotes in each other as often as it likes. */
const mostNested = 8

const readOne = (arg: string, before: string, depth: number): Argument => {
  if (depth > mostNested) return plain(arg)
  if (isAnnounced(before, arg) && !isShortFlag(arg)) {
    // What it looks like may be a part of the secret, or have one of its own.
    return { shown: hidden, secrets: [arg, ...readOne(arg, "", depth + 1).secrets] }
  }
  if (userFlag.test(before)) return readUser(arg, "", depth)
  if (/^-[HuU][^=:\s-][^:\s]*:/.test(arg)) return readGlued(arg, depth)
  if (/^\s*[{[]/.test(arg)) return readJson(arg, depth)
  const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(arg) ?? []
  if (name !== undefined && value !== undefined) return readNamed(name, `${name}=`, value, depth)
  const [, header, separator, content] = /^([\w-]+)(:[\t ]*)(?!\/\/)(.+)$/s.exec(arg) ?? []
  if (header !== undefined && content !== undefined && isSecretName(header)) {
    return readNamed(header, `${header}${separator}`, content, depth)
  }
  if (/\s/.test(arg)) return readWords(arg, depth)
  return /:\/\/|[;&]/.test(arg) ? readUrl(arg) : { shown: arg, secrets: [] }
}

const readNamed = (name: string, beginning: string, value: string, depth: number): Argument => {
  if (userFlag.test(name)) return readUser(value, beginning, depth)
  if (isSecret(name, value)) return { shown: beginning + (value === "" ? "" : hidden), secrets: valuesIn(value, depth) }
  const inner = readOne(value, "", depth + 1)
  return { shown: beginning + inner.shown, secrets: inner.secrets }
}

/** A flag of one letter and its value, as in `-ume:password` and `-HCookie: a=b`. */
const readGlued = (arg: string, depth: number): Argument => {
  const [flag, value] = [arg.slice(0, 2), arg.slice(2)]
  if (flag !== "-H") return readUser(value, flag, depth)
  const inner = readOne(value, "", depth + 1)
  return { shown: flag + inner.shown, secrets: inner.secrets }
}

/** As curl and others have it. */
const userFlag = /^(?:-[uU]|--(?:proxy-)?(?:user(?:name)?|usr|login))$/

/** `user:password`; two numbers are those of a user and its group. */
const readUser = (value: string, beginning: string, depth: number): Argument => {
  const [, user, password] = /^([^:/\s]*):(?!\/\/)(.+)$/s.exec(value) ?? []
  if (user === undefined || password === undefined || /^\d+:\d+$/.test(value)) {
    const inner = readOne(value, "", depth + 1)
    return { shown: beginning + inner.shown, secrets: inner.secrets }
  }
  return { shown: `${beginning}${user}:${hidden}`, secrets: [password, value] }
}

/** All of it, or, where a shell reads it, the first word; more may stand behind that. */
const valuesIn = (value: string, depth: number): ReadonlyArray<string> => {
  const [first = ""] = value.match(word) ?? []
  return first === value || schemed.test(value)
    ? [unquoted(value)]
    : [value, unquoted(first), ...readWords(value, depth).secrets]
}

/** A command line in one argument, as in `sh -c "…"`. */
const readWords = (text: string, depth: number): Argument => {
  const secrets: Array<string> = []
  let before = ""
  const shown = text.replaceAll(word, (found) => {
    const [, quote = "", content = found] = /^(['"])(.*)\1$/s.exec(found) ?? []
    const read = found === text && quote === "" ? plain(found) : readOne(content, before, depth + 1)
    secrets.push(...read.secrets)
    before = content
    return quote + read.shown + quote
  })
  return { shown, secrets }
}

/** As a shell splits them. */
const word = /(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g

const plain = (text: string): Argument => ({ shown: text, secrets: [] })

/** An object with a secret in it is hidden as a whole. */
const readJson = (text: string, depth: number): Argument => {
  const parsed = Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
  const secrets = textsIn(parsed, false)
  if (secrets.length > 0) return { shown: hidden, secrets }
  return parsed === undefined && /\s/.test(text) ? readWords(text, depth) : plain(text)
}

/** The texts behind secret names. */
const textsIn = (value: unknown, isSecret: boolean, depth = 0): ReadonlyArray<string> => {
  if (typeof value === "string") return isSecret ? [value] : []
  if (typeof value !== "object" || value === null || depth > deepest) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    textsIn(inner, isSecret || isRecord(value) && isSecretName(name), depth + 1)
  )
}

/** Of JSON in an argument. */
const deepest = 20

/** A flag or a header's name in front of its value, and the word in front of a token. */
const isAnnounced = (before: string, arg: string): boolean =>
  /^--?[A-Za-z][\w.-]*=?$/.test(before)
    ? isSecret(before, arg)
    : /^['"]?(?:[\w-]*authorization|x-[\w-]+|cookie|bearer):?$/i.test(before) &&
      isSecretName(before.replace(/^['"]|:$/g, ""))

/** No secret is as short, and a longer one may begin with dashes. */
const isShortFlag = (arg: string): boolean => /^-[A-Za-z-]?$/.test(arg)

const unquoted = (value: string): string => value.replace(/^(['"])(.*)\1$/s, "$2")
