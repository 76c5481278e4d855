/** `${VAR}` in the values of a configuration file. */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { ConfigError } from "../McpError.ts"
import { isPlainVariable } from "./secretNames.ts"

const reference = /\$\$\{|\$\{([^}]*)\}?/g
const variable = /^\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^]*))?\}$/

/**
 * Replaces `${VAR}`, `${env:VAR}` and `${VAR:-default}`; `$${` stands for `${`. What a variable holds is not read again.
 * `onValue` is called with the value of each variable that may be a secret; a default is written in the file.
 */
export const interpolate = Effect.fnUntraced(
  function*(
    text: string,
    path: string,
    onValue: (value: string) => void = () => {}
  ): Effect.fn.Return<string, ConfigError> {
    const provider = yield* ConfigProvider.ConfigProvider
    let result = ""
    let end = 0
    for (const { 0: found, index } of text.matchAll(reference)) {
      const value = found === "$${" ? "${" : yield* lookUp(provider, found, path, onValue)
      result += text.slice(end, index) + value
      end = index + found.length
    }
    return result + text.slice(end)
  }
)

const lookUp = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  found: string,
  path: string,
  onValue: (value: string) => void
) {
  const [, name, otherwise] = variable.exec(found) ?? []
  if (name === undefined || otherwise?.includes("${")) {
    return yield* new ConfigError({
      path,
      // What stands behind ":-" may be a secret.
      found: found.replace(/:-.*$/s, ":-…"),
      allowed: ["${VAR}", "${VAR:-default}", "${env:VAR}"],
      hint: "write $${ where ${ is meant literally"
    })
  }
  const node = yield* Effect.mapError(
    provider.load([name]),
    (error) =>
      new ConfigError({ path, found: `the variable ${name}, which cannot be read: ${error.message}`, allowed: [] })
  )
  if (node?.value !== undefined && !isPlainVariable(name)) onValue(node.value)
  return node?.value ?? otherwise ?? (yield* new ConfigError({
    path,
    found: `the variable ${name}, which is not set`,
    allowed: [],
    hint: `set ${name} in the environment, or write a default: \${${name}:-default}`
  }))
})
