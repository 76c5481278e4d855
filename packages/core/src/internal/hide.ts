/** A configuration as it may be shown. */
import * as Arr from "effect/Array"
import * as Redacted from "effect/Redacted"
import type { ServerConfig, StdioServerConfig } from "../ServerConfig.ts"
import type { Tls } from "../Tls.ts"
import { hidden, redactor } from "./redact.ts"
import { reveal } from "./secret.ts"
import * as secretArguments from "./secretArguments.ts"
import * as secrets from "./secrets.ts"

export const hideSecrets = (config: ServerConfig): ServerConfig =>
  config.transport === "stdio" ? hideCommand(config) : hideHttp(config)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const hideCommand = (config: StdioServerConfig): StdioServerConfig => {
  const { args, cwd, env, secrets: _, ...rest } = config
  const redact = redactor(secrets.of(config)) ?? asItIs
  return {
    ...rest,
    command: redact(config.command),
    ...(args === undefined ? {} : { args: hideArguments(args).map(redact) }),
    ...(env === undefined ? {} : { env: hideValues(env) }),
    ...(cwd === undefined ? {} : { cwd: redact(cwd) })
  }
}

const hideHttp = (config: Exclude<ServerConfig, StdioServerConfig>): ServerConfig => {
  const { headers, secrets: listed = [], tls, url, ...rest } = config
  // Before the URL is parsed, which would split a secret at a slash or a question mark.
  const raw = redactor(listed.map(reveal), "redacted") ?? asItIs
  const redact = redactor(secrets.of({ secrets: listed, url })) ?? asItIs
  return {
    ...rest,
    url: redact(hideUrl(raw(url))),
    ...(headers === undefined ? {} : { headers: hideValues(headers) }),
    ...(tls === undefined ? {} : { tls: hideTls(tls, redactor(secrets.of(config)) ?? asItIs) })
  }
}

const asItIs = (text: string): string => text

const hideArguments = (args: NonNullable<StdioServerConfig["args"]>): ReadonlyArray<string> => {
  const read = secretArguments.read(args.map(reveal))
  return args.map((arg, index) => Redacted.isRedacted(arg) ? hidden : read[index]?.shown ?? hidden)
}

const hideValues = (record: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.keys(record).map((key) => [key, hidden]))

const hideUrl = (text: string): string => {
  const url = URL.parse(text)
  // Without a host, nothing says where the credentials end.
  if (url === null || url.host === "") return hidden
  if (url.username !== "") url.username = "redacted"
  if (url.password !== "") url.password = "redacted"
  // One wrong character, and the credentials are part of the path, the query or the fragment.
  url.pathname = url.pathname.split("/").map(hideUser).join("/")
  url.search = [...new Set([...url.searchParams].map(hideParameter))].join("&")
  if (url.hash !== "") url.hash = "redacted"
  return url.href
}

/** Of a part of a path. */
const hideUser = (part: string): string => {
  const end = part.lastIndexOf("@")
  return end > 0 ? `redacted${part.slice(end)}` : part
}

/** A name without a value may be the secret itself. */
const hideParameter = ([name, value]: readonly [string, string]): string =>
  value === "" ? "redacted" : `${encodeURIComponent(name)}=redacted`

/** One PEM text may hold a certificate and its key. */
const hideTls = ({ ca, cert, key }: Tls, redact: (text: string) => string): Tls => {
  const hide = (text: string): string => /PRIVATE KEY/i.test(text) ? hidden : redact(text)
  return {
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? hide(ca) : Arr.map(ca, hide) }),
    ...(cert === undefined ? {} : { cert: hide(cert) }),
    ...(key === undefined ? {} : { key: hidden })
  }
}
