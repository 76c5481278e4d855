/** What went wrong below HTTP, judged from the codes in the chain of causes, in words a person understands. */
import { Closed, type ConnectionPhase, type Delivery, InvalidResult } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"

interface Known {
  readonly phase: ConnectionPhase
  readonly delivery: Delivery
  readonly words: (host: string) => string
  readonly hint?: string
}

const checkAddress = "check the address and that the server is running"

const refused: Known = {
  phase: "connect",
  delivery: "not-sent",
  words: (host) => `nothing listens on ${host}`,
  hint: checkAddress
}
const unreachable: Known = {
  phase: "connect",
  delivery: "not-sent",
  words: (host) => `${host} cannot be reached`,
  hint: "check the address, the network and any firewall or proxy"
}
const slow: Known = {
  ...unreachable,
  hint:
    "check the address, the network and any firewall or proxy; if it is just slow, give a `timeout` of more than 10 s"
}
const unknownHost: Known = {
  phase: "dns",
  delivery: "not-sent",
  words: (host) => `there is no host ${host.replace(/:\d+$/, "")}`,
  hint: "check the spelling of the host name and the network"
}
const noName: Known = {
  ...unknownHost,
  words: (host) => `the name ${host.replace(/:\d+$/, "")} could not be looked up`
}
const tls: Known = {
  phase: "tls",
  delivery: "not-sent",
  words: (host) => `the certificate of ${host} is not trusted`,
  hint:
    "have the server present a certificate of a known authority, or trust its authority: with `tls: { ca }` for this server, or NODE_EXTRA_CA_CERTS for all"
}
const expired: Known = {
  ...tls,
  words: (host) => `the certificate of ${host} has expired`,
  hint: "the server's operator must renew it; check the clock of this machine too"
}
const notYetValid: Known = {
  ...tls,
  words: (host) => `the certificate of ${host} is not valid yet`,
  hint: "check the clock of this machine; else the server's operator must correct the certificate"
}
const selfSigned: Known = {
  ...tls,
  hint:
    "it is signed by itself: if you trust it, give it with `tls: { ca }` for this server, or NODE_EXTRA_CA_CERTS for all"
}
const otherName: Known = {
  ...tls,
  words: (host) => `the certificate of ${host} is for another host`,
  hint: "write the host in the URL as the certificate has it, or have the server present one for this host"
}
const noTls: Known = {
  phase: "tls",
  // It may as well have broken later.
  delivery: "unknown",
  words: (host) => `no TLS connection could be made to ${host}`,
  hint: "check that the server speaks https on this port; if it speaks plain http, write http:// in the URL"
}
const demanded: Known = {
  phase: "tls",
  delivery: "not-sent",
  words: (host) => `${host} demands a client certificate`,
  hint: "give it with `tls: { cert, key }`"
}
const refusedCertificate: Known = {
  phase: "tls",
  delivery: "not-sent",
  words: (host) => `${host} does not accept our client certificate`,
  hint: "check `tls.cert` and `tls.key`: who issued the certificate, and until when it is valid"
}
const refusedHandshake: Known = {
  phase: "tls",
  delivery: "not-sent",
  words: (host) => `${host} refused the TLS handshake: it may demand a client certificate`,
  hint: "give one with `tls: { cert, key }`, or check which versions of TLS the server speaks"
}
const broken: Known = {
  phase: "http",
  delivery: "unknown",
  words: (host) => `${host} closed the connection before it answered`
}

const known: Readonly<Record<string, Known>> = {
  ECONNREFUSED: refused,
  ConnectionRefused: refused,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  EHOSTDOWN: unreachable,
  ETIMEDOUT: unreachable,
  UND_ERR_CONNECT_TIMEOUT: slow,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: noName,
  EAI_FAIL: noName,
  EPROTO: noTls,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: notYetValid,
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  ERR_TLS_CERT_ALTNAME_INVALID: otherName,
  ECONNRESET: broken,
  ECONNABORTED: broken,
  EPIPE: broken,
  UND_ERR_SOCKET: broken,
  UND_ERR_BODY_TIMEOUT: broken,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: broken
}

const certificate =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|HOSTNAME_MISMATCH|CRL_|INVALID_CA|INVALID_PURPOSE)|SELF_SIGNED/

/** Servers say this of the certificate of a client. */
const aboutOurs =
  /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)$/

const find = (code: string): Known | undefined => {
  const exact = known[code]
  if (exact !== undefined) return exact
  if (certificate.test(code)) return tls
  if (code.endsWith("ALERT_CERTIFICATE_REQUIRED")) return demanded
  if (aboutOurs.test(code)) return refusedCertificate
  if (code.endsWith("ALERT_HANDSHAKE_FAILURE")) return refusedHandshake
  return /^ERR_(SSL|TLS)/.test(code) ? noTls : undefined
}

/** The same codes come of a connection that was there, and on which the request may have gone out. */
const isConnecting = (code: string | undefined, syscall: string | undefined): boolean =>
  code === "UND_ERR_CONNECT_TIMEOUT" || syscall === "connect"

interface Found {
  /** The first code that says something, else the first code at all. */
  readonly code: string | undefined
  /** What the system was asked for when it failed, such as `connect` or `read`. */
  readonly syscall: string | undefined
  /** Where to, if it failed to connect. */
  readonly peer: { readonly address: string; readonly port: number } | undefined
  /** What the innermost error is called, and what it says. */
  readonly name: string
  readonly text: string
}

const field = (value: object, name: string): unknown => Reflect.get(value, name)

const search = (error: unknown): Found => {
  let code: string | undefined
  let syscall: string | undefined
  let peer: Found["peer"]
  let name = ""
  let text = ""
  let current = error
  for (let depth = 0; depth < 10 && typeof current === "object" && current !== null; depth++) {
    const own = field(current, "code")
    if (typeof own === "string" && (code === undefined || find(code) === undefined)) code = own
    const asked = field(current, "syscall")
    if (typeof asked === "string") syscall ??= asked
    const [address, port] = [field(current, "address"), field(current, "port")]
    if (asked === "connect" && typeof address === "string" && typeof port === "number") peer ??= { address, port }
    const message = field(current, "message")
    if (typeof message === "string" && message !== "") text = message
    const called = field(current, "name")
    name = typeof called === "string" ? called : ""
    const errors = field(current, "errors")
    const reason = field(current, "reason")
    current = field(current, "cause")
      ?? (Array.isArray(errors) ? errors[0] : undefined)
      ?? (typeof reason === "object" ? reason : undefined)
  }
  return { code, syscall, peer, name, text: text.replaceAll(/\s+/g, " ").trim().slice(0, 200) }
}

/** Whether it is not the port of the host itself. */
const isElsewhere = (port: number, host: string): boolean => {
  const [, own] = /:(\d+)$/.exec(host) ?? []
  return own === undefined ? port !== 80 && port !== 443 : port !== Number(own)
}

/** Some servers just hang up, and not every `HttpClient` tells what was said before that. */
const mayDemand =
  "it may demand a client certificate, or not accept ours: see `tls: { cert, key }`; else its log may say why"

const proxyHint =
  "check the proxy that HTTPS_PROXY or HTTP_PROXY names, with the credentials in it, or exempt the host with NO_PROXY"

/** What the platform reported, without the request around it: URL and headers may hold secrets. */
export interface Reported {
  readonly cause?: unknown
}

/** The request got no answer at all. */
export const ofRequest = (
  error: unknown,
  { host, protocol }: URL,
  reported: Reported = { cause: error },
  delivery: Delivery = "unknown"
): TransportError => {
  const { code, name, peer, syscall, text } = search(error)
  const found = code === undefined ? undefined : find(code)
  if (peer !== undefined && found?.phase === "connect" && isElsewhere(peer.port, host)) {
    return new TransportError({
      phase: "connect",
      delivery: "not-sent",
      reason: new Closed({
        description: `the proxy ${peer.address}:${peer.port} cannot be reached (${code})`,
        stderr: [],
        ...reported
      }),
      hint: proxyHint
    })
  }
  if (found !== undefined) {
    const hint = found === broken && protocol === "https:" ? mayDemand : found.hint
    return new TransportError({
      phase: found.phase,
      delivery: found.words === unreachable.words && !isConnecting(code, syscall) ? "unknown" : found.delivery,
      reason: new Closed({ description: `${found.words(host)} (${code})`, stderr: [], ...reported }),
      ...(hint === undefined ? {} : { hint })
    })
  }
  if (code?.startsWith("HPE_") === true || name === "HTTPParserError") {
    return new TransportError({
      phase: "http",
      delivery: "unknown",
      reason: new InvalidResult({ description: `${host} does not answer in HTTP: ${text}` }),
      hint: "check the port, and whether the server speaks https there"
    })
  }
  if (text.startsWith("Proxy ")) {
    return new TransportError({
      phase: "connect",
      delivery: "not-sent",
      reason: new Closed({
        description: `the proxy does not connect us to ${host}: ${text}`,
        stderr: [],
        ...reported
      }),
      hint: proxyHint
    })
  }
  return new TransportError({
    phase: "connect",
    delivery,
    reason: new Closed({ description: `the request to ${host} failed: ${text}`, stderr: [], ...reported })
  })
}

/** The answer had begun and broke off. */
export const ofBody = (error: unknown, reported: Reported = { cause: error }): TransportError => {
  const { code, text } = search(error)
  return new TransportError({
    phase: "http",
    delivery: "unknown",
    reason: new Closed({
      description: `the connection broke before the answer was complete (${code ?? text})`,
      stderr: [],
      ...reported
    })
  })
}
