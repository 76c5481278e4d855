/** Credentials that others on the network can read. */
import { isLoopback } from "./hosts.ts"
import { reveal, type Secret } from "./secret.ts"
import { isSecretName } from "./secretNames.ts"

export interface Target {
  readonly url?: string | undefined
  readonly headers?: Readonly<Record<string, typeof Secret.Type>> | undefined
  /** Such as the values of variables. */
  readonly secrets?: ReadonlyArray<typeof Secret.Type> | undefined
}

/** In a private network too, because others in it can read them. */
export const warning = ({ headers = {}, secrets = [], url: text = "" }: Target): string | undefined => {
  const url = URL.parse(text)
  if (url === null || url.protocol !== "http:" || isLoopback(url.hostname)) return undefined
  const values = secrets.map(reveal).filter((value) => value.length >= shortest)
  const hasSecret = (part: string) =>
    values.some((value) => part.includes(value) || part.includes(encodeURIComponent(value)))
  const parameters = [...url.searchParams].filter(([name, value]) => isSecretName(name) || hasSecret(value))
  const named = Object.entries(headers).filter(([name, value]) => isSecretName(name) || hasSecret(reveal(value)))
  const sent = [
    ...(url.username === "" && url.password === "" ? [] : ["user and password of the URL"]),
    ...(hasSecret(url.pathname) ? ["a variable in the path"] : []),
    ...parameters.map(([name]) => `${JSON.stringify(name)} in the URL`),
    ...named.map(([name]) => `the header ${name}`)
  ]
  return sent.length === 0
    ? undefined
    : `credentials go to ${url.host} in clear text, where others on the network can read them (${
      sent.join(", ")
    }): write https:// in the URL, or reach the server through a tunnel to localhost`
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In characters: the value of a variable that is shorter may be a version or a name. */
const shortest = 8
