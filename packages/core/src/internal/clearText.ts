/** Credentials that whoever is on the way to a server can read. */
import { isLoopback } from "./hosts.ts"
import type { Secret } from "./secret.ts"
import { isSecretName } from "./secretNames.ts"

export interface Target {
  readonly url?: string | undefined
  readonly headers?: Readonly<Record<string, typeof Secret.Type>> | undefined
}

/** In a private network too: whoever is in it can read them. */
export const warning = ({ headers = {}, url: text = "" }: Target): string | undefined => {
  const url = URL.parse(text)
  if (url === null || url.protocol !== "http:" || isLoopback(url.hostname)) return undefined
  const sent = [
    ...(url.username === "" && url.password === "" ? [] : ["user and password of the URL"]),
    ...[...url.searchParams.keys()].filter(isSecretName).map((name) => `${JSON.stringify(name)} in the URL`),
    ...Object.keys(headers).filter(isSecretName).map((name) => `the header ${name}`)
  ]
  return sent.length === 0
    ? undefined
    : `credentials go to ${url.host} in clear text, where others on the network can read them (${
      sent.join(", ")
    }): write https:// in the URL, or reach the server through a tunnel to localhost`
}
