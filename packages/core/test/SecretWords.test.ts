/** Which names tell of a secret, whether it stands behind a flag, in a variable or in a form; and that honest ones do not. */
import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"

const shown = (...args: ReadonlyArray<string>): string => {
  const config = ServerConfig.hideSecrets({ name: "a", transport: "stdio", command: "x", args })
  return config.transport === "stdio" ? (config.args ?? []).join(" ") : ""
}

const hide = (config: ServerConfig.Secretive, text: string): string => ServerConfig.redactor(config)?.(text) ?? text

describe("a secret behind a flag", () => {
  it.each([
    [["--auth-header", "Token abc123def"], "--auth-header <redacted>"],
    [["--auth-header=Token abc123def"], "--auth-header=<redacted>"],
    [["--api-key-header", "abc123def"], "--api-key-header <redacted>"],
    [["--authHeader", "abc-def-ghi"], "--authHeader <redacted>"],
    [["--passcode", "1234abcd"], "--passcode <redacted>"],
    [["--passkey=1234abcd"], "--passkey=<redacted>"],
    [["--mnemonic", "abandon ability able"], "--mnemonic <redacted>"],
    [["--seed-phrase", "abandon ability able"], "--seed-phrase <redacted>"],
    [["--recoveryWords=abandon ability"], "--recoveryWords=<redacted>"],
    [["--pw", "hunter22"], "--pw <redacted>"],
    [["--passwords", "a1,b2"], "--passwords <redacted>"],
    [["--access-tokens", "a1"], "--access-tokens <redacted>"],
    [["--tokens=a1"], "--tokens=<redacted>"],
    [["--apikeys=a1"], "--apikeys=<redacted>"],
    [["--clientSecrets", "a1"], "--clientSecrets <redacted>"],
    [["--token", "--weird-secret"], "--token <redacted>"],
    [["--token", "--a=b"], "--token <redacted>"],
    [["--key", "-weird"], "--key <redacted>"],
    [["-u", "me:hunter22"], "-u me:<redacted>"],
    [["-ume:hunter22"], "-ume:<redacted>"],
    [["--user", "me:hunter22"], "--user me:<redacted>"],
    [["--user=me:/hunter:22"], "--user=me:<redacted>"],
    [["--login", "me:hunter22"], "--login me:<redacted>"],
    [["--userpass", "me:hunter22"], "--userpass <redacted>"],
    [["--db-pw=hunter22"], "--db-pw=<redacted>"],
    [["--token=", "hunter22"], "--token= <redacted>"],
    [["-HAuthorization: token hunter22"], "-HAuthorization: <redacted>"],
    [["--connect", "Server=a;Password=hunter22;b=1"], "--connect Server=a;Password=<redacted>;b=1"],
    [["--proxy-user", "me:hunter22"], "--proxy-user me:<redacted>"],
    [["sh", "-c", "curl -u 'me:hunter 22' https://h"], "sh -c curl -u 'me:<redacted>' https://h"]
  ])("%j is not shown", (args, expected) => assert.strictEqual(shown(...args), expected))

  it.each([
    [["--api-key-header", "X-Api-Key"]],
    [["--auth-header=Authorization"]],
    [["--token-header-name", "X-Token"]],
    [["run", "--user", "1000:1000", "image"]],
    [["-u", "me"]],
    [["-u", "https://example.com/x"]],
    [["python", "-u", "server.py"]],
    [["--author", "me", "--keyboard", "de", "--compass", "n", "--seed", "42", "--headers", "none"]]
  ])("%j is shown", (args) => assert.strictEqual(shown(...args), args.join(" ")))

  it.each([
    [["--auth-header", "Token abc123def"], "got abc123def"],
    [["--token", "KEY=abc123def"], "got abc123def"],
    [["--auth", "--api-key=abc123def"], "got abc123def"],
    [["-u", "me:abc123def"], "got abc123def"],
    [["--basic-auth", "me:abc123def"], "got abc123def"],
    [["--cookie", "sid=abc123def; b=1"], "got abc123def"],
    [["--passwords", "ghi456jkl,abc123def"], "got abc123def"],
    [["--connect", "User Id=a; Password=abc123def; b=1"], "got abc123def"],
    [["--proxy-user=me:abc123def"], "got abc123def"]
  ])("%j is not repeated", (args, text) => assert.strictEqual(hide({ args }, text), "got <redacted>"))
})

describe("a secret in a variable of the environment", () => {
  it.each([
    ["AUTH_HEADER", "Bearer sk-live-1234", "sk-live-1234"],
    ["AUTH_HEADER", "Authorization: Bearer sk-live-1234", "sk-live-1234"],
    ["HEADERS", "Authorization: Bearer sk-live-1234", "sk-live-1234"],
    ["EXTRA_HEADERS", "{\"X-Api-Key\":\"sk-live-1234\"}", "sk-live-1234"],
    ["ARGS", "--port 80 --token sk-live-1234", "sk-live-1234"],
    ["CURL_OPTS", "-u me:sk-live-1234", "sk-live-1234"],
    ["OPTIONS", "user=me password=sk-live-1234", "sk-live-1234"],
    ["WALLET_MNEMONIC", "abandon ability able", "abandon ability able"],
    ["SEED_PHRASE", "abandon ability able", "abandon ability able"],
    ["PASSCODE", "open sesame", "open sesame"],
    ["DB_PW", "opensesame", "opensesame"]
  ])("%s=%s is not repeated", (name, value, secret) => {
    assert.strictEqual(hide({ env: { [name]: value } }, `got ${secret}!`), "got <redacted>!")
  })

  it.each([
    ["API_KEY_HEADER", "X-Api-Key"],
    ["GREETING", "hello there"],
    ["LOG_FORMAT", "json: pretty"],
    ["TOKENIZERS_PARALLELISM", "disabled"],
    ["REGION", "eu-west-1"],
    ["MODEL", "gpt-4o-mini"],
    ["LANG", "en_US.UTF-8"],
    ["TZ", "Europe/Berlin"],
    ["SSH_AUTH_SOCK", "/tmp/ssh-1/agent.7"]
  ])("%s=%s is", (name, value) => assert.isUndefined(ServerConfig.redactor({ env: { [name]: value } })))
})

describe("the words of a form and the names of flags", () => {
  it.each([
    "access token",
    "api keys",
    "bearer",
    "client secret",
    "cookies",
    "credentials",
    "mnemonic",
    "one time password",
    "otp",
    "passcode",
    "passkey",
    "passphrase",
    "password",
    "pin",
    "pin code",
    "private key",
    "pwd",
    "recovery words",
    "seed phrase",
    "verification code"
  ])("agree: %s", (words) => {
    const requestedSchema = { type: "object", properties: { a: { type: "string", title: words } } } as const
    assert.deepStrictEqual(Elicitation.secretFields({ message: "", requestedSchema }), ["a"])
    const flag = `--${words.replaceAll(" ", "-")}`
    assert.strictEqual(shown(flag, "abcdef"), `${flag} <redacted>`)
  })
})
