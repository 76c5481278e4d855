/** Which values of a configuration are secrets: the only place that decides. */
import * as Base64 from "effect/encoding/Base64"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as percent from "./percent.ts"
import { piecesInUrl } from "./redact.ts"
import { reveal, type Secret } from "./secret.ts"
import * as secretArguments from "./secretArguments.ts"
import { isPlainHeader, isSecret, isSecretName } from "./secretNames.ts"
import { schemed } from "./secretWords.ts"

type SecretText = typeof Secret.Type
type SecretRecord = Readonly<Record<string, SecretText>>

/** What a configuration, of whatever kind, may have a secret in. */
export interface Secretive {
  readonly secrets?: ReadonlyArray<SecretText> | undefined
  readonly args?: ReadonlyArray<SecretText> | undefined
  readonly env?: SecretRecord | undefined
  readonly url?: string | undefined
  readonly headers?: SecretRecord | undefined
  readonly tls?: { readonly key?: SecretText | undefined } | undefined
}

/**
 * In plain text: what is listed as secret, such as the values of variables; redacted arguments, and what stands behind
 * secret-looking flags; variables of the environment that look secret; headers; and credentials, query and fragment of
 * the URL.
 */
export const of = (config: Secretive): ReadonlyArray<string> => [
  ...(config.secrets ?? []).map(reveal).flatMap((secret) =>
    config.url?.includes(secret) === true ? [...credentialsIn(secret), ...piecesInUrl(secret)] : credentialsIn(secret)
  ),
  ...inArguments(config.args ?? []),
  ...Object.entries(config.env ?? {}).flatMap(inVariable),
  ...Object.entries(config.headers ?? {}).flatMap(inHeader),
  ...(config.url === undefined ? [] : inUrl(config.url)),
  ...inKey(config.tls?.key)
]

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A value with the scheme in front of it, the token alone, and user and password of `Basic`. */
const credentialsIn = (value: string): ReadonlyArray<string> => {
  const [, scheme = "", token] = schemed.exec(value.trim()) ?? []
  if (token === undefined) return [value]
  const pair = scheme.toLowerCase() === "basic" ? Result.getOrElse(Base64.decodeString(token), () => "") : ""
  const [user = "", ...password] = pair.split(":")
  return [value, token, pair, user, password.join(":")]
}

const inArguments = (args: ReadonlyArray<SecretText>): ReadonlyArray<string> =>
  secretArguments.read(args.map(reveal)).flatMap(({ secrets }, index) => {
    const arg = args[index]
    return [...secrets, ...(Redacted.isRedacted(arg) && secrets.length === 0 ? [Redacted.value(arg)] : [])]
      .flatMap((secret) => [...credentialsIn(secret), ...partsOf(secret)])
  })

/** A variable may hold all that an argument may: a URL, a header, JSON, a command line. */
const inVariable = ([name, secret]: readonly [string, SecretText]): ReadonlyArray<string> => {
  const value = reveal(secret)
  const isWhole = isSecretName(name) ? isSecret(name, value) : isTelling(value) && !isWords(value)
  const whole = isWhole ? [...credentialsIn(value), ...partsOf(value)] : []
  return [...whole, ...inArguments([value])]
}

/** `eu-west-1`, `Europe/Berlin`, `en_US.UTF-8`: found in texts that have nothing to do with it. */
const isWords = (value: string): boolean =>
  value.split(/[-_.:/]/).every((part) => part.length <= 4 || /^[A-Za-z]+$/.test(part))

/** The values in `user:password`, `a=b; c=d` and `a,b`, which may turn up by themselves. */
const partsOf = (secret: string): ReadonlyArray<string> =>
  secret.split(/[;,&]/).flatMap((part) => [part, part.slice(part.search(/[:=]/) + 1)])
    .map((part) => part.trim()).filter((part) => part.length >= 8 && !part.startsWith("/") && part !== secret)

/** A word, a number, a path or a URL is found in texts that have nothing to do with it. */
const isTelling = (value: string): boolean =>
  value.length >= 8 && !/^(?:[A-Za-z]+|[\d.-]+)$|^(?:\.{0,2}\/|~|[A-Za-z]:\\|[a-z][a-z\d+.-]*:\/\/)/.test(value) &&
  !value.includes(" ")

const inHeader = ([name, secret]: readonly [string, SecretText]): ReadonlyArray<string> => {
  const value = reveal(secret)
  if (isPlainHeader(name) || !isSecretName(name) && !isTelling(value)) return []
  return name.toLowerCase() === "cookie"
    ? [value, ...value.split(/;\s*/).map((pair) => pair.slice(pair.indexOf("=") + 1))]
    : credentialsIn(value)
}

const inUrl = (text: string): ReadonlyArray<string> => {
  const url = URL.parse(text)
  if (url === null) return []
  const [user = "", password = ""] = [url.username, url.password].map(percent.decode)
  const parameters = [...url.searchParams].flatMap(([name, value]) => {
    const secret = value === "" ? name : value
    return isSecretName(name) && value !== "" || isTelling(secret) ? [secret] : []
  })
  const fragment = url.hash.slice(1)
  return [
    ...(password === "" ? [user] : [password, `${user}:${password}`]),
    ...parameters,
    ...(isTelling(fragment) ? [fragment] : [])
  ]
}

/** The path of a file is no secret. */
const inKey = (key: SecretText | undefined): ReadonlyArray<string> =>
  key === undefined || !/-----BEGIN/.test(reveal(key)) ? [] : [reveal(key)]
