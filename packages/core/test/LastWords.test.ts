/** The message about a server that has ended repeats why: the line that says it, wherever it stands in what was written. */
import { assert, describe, it } from "@effect/vitest"
import { Closed, ConnectionError } from "@universal-mcp/core/McpError"

const messageOf = (stderr: string): string =>
  new ConnectionError({
    server: "weather",
    transport: "stdio",
    phase: "negotiate",
    description: "the server process ended",
    exitCode: 1,
    stderr: stderr.split("\n")
  }).message

const cases: ReadonlyArray<readonly [title: string, reason: string, stderr: string]> = [
  [
    "Node, an uncaught error",
    "Error: listen EADDRINUSE: address already in use 127.0.0.1:3000",
    `node:events:486
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use 127.0.0.1:3000
    at Server.setupListenHandle [as _listen2] (node:net:1940:16)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1919:8) {
  code: 'EADDRINUSE',
  errno: -98,
  port: 3000
}

Node.js v24.21.0`
  ],
  [
    "Node, an error with a cause",
    "[4711] Fatal error: TypeError: fetch failed; caused by Error: connect ECONNREFUSED 127.0.0.1:18197",
    `[4711] Using transport strategy: http-first
[4711] Fatal error: TypeError: fetch failed
    at node:internal/deps/undici/undici:16416:13
    at async main (file:///srv/proxy.js:211:5) {
  [cause]: Error: connect ECONNREFUSED 127.0.0.1:18197
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1705:16) {
    errno: -111,
    code: 'ECONNREFUSED',
    syscall: 'connect'
  }
}`
  ],
  [
    "Node, something thrown that is no error",
    "no licence",
    `/srv/index.js:3
throw "no licence"
^
no licence
(Use \`node --trace-uncaught ...\` to show where the exception was thrown)

Node.js v24.21.0`
  ],
  [
    "Node, an error with members that have words of failure in them",
    "Error: Request failed with status code 401",
    `Error: Request failed with status code 401
    at settle (/srv/node_modules/axios/lib/core/settle.js:19:12) {
  config: {
    timeout: 0,
    invalid: true,
    message: 'the error before this one'
  },
  stack: 'Error: nested\\n' +
    '    at x'
}

Node.js v22.3.0`
  ],
  [
    "a stack whose lines are not indented",
    "getaddrinfo ENOTFOUND api.example.com",
    `getaddrinfo ENOTFOUND api.example.com
at GetAddrInfoReqWrap.onlookupall [as oncomplete] (node:dns:122:26)
at GetAddrInfoReqWrap.callbackTrampoline (node:internal/async_hooks:130:17)`
  ],
  [
    "Bun",
    "error: Cannot find package \"zod\"",
    `1 | import "zod"
    ^
error: Cannot find package "zod"
    at /srv/index.ts:1:8

Bun v1.2.0 (Linux x64)`
  ],
  [
    "Deno",
    "error: Uncaught (in promise) NotFound: No such file or directory (os error 2): readfile 'x'",
    `error: Uncaught (in promise) NotFound: No such file or directory (os error 2): readfile 'x'
    at async Object.readFile (ext:deno_fs/30_fs.js:772:10)
    at async file:///srv/x.ts:1:1`
  ],
  [
    "a Python traceback with a message of several lines",
    "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings",
    `Traceback (most recent call last):
  File "/srv/server.py", line 3, in <module>
    Settings()
    ~~~~~~~~^^
pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
api_key
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.11/v/missing`
  ],
  [
    "a Python group of exceptions",
    "ConnectionError: the broker is away",
    `  + Exception Group Traceback (most recent call last):
  |   File "/srv/server.py", line 9, in <module>
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/server.py", line 5, in run
    | ConnectionError: the broker is away
    +------------------------------------`
  ],
  [
    "a Python exception whose name does not say that it is one",
    "srv.config.ConfigMissing: looked in /etc/srv",
    `Traceback (most recent call last):
  File "/srv/server.py", line 3, in <module>
    load()
srv.config.ConfigMissing: looked in /etc/srv`
  ],
  [
    "a Go panic",
    "panic: assignment to entry in nil map",
    `2026/01/02 03:04:05 starting
panic: assignment to entry in nil map
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a3b2c]

goroutine 1 [running]:
main.start(...)
	/srv/main.go:12
main.main()
	/srv/main.go:8 +0x1d
exit status 2`
  ],
  [
    "Go's log.Fatal under `go run`",
    "2026/01/02 03:04:05 dial tcp 127.0.0.1:5432: connect: connection refused",
    `2026/01/02 03:04:04 reading config
2026/01/02 03:04:05 dial tcp 127.0.0.1:5432: connect: connection refused
exit status 1`
  ],
  [
    "Go's flags",
    "flag provided but not defined: -verbose",
    `flag provided but not defined: -verbose
Usage of ./server:
  -port int
    	port (default 8080)`
  ],
  [
    "a Rust panic",
    "thread 'main' panicked at src/main.rs:7:5: the index is locked",
    `
thread 'main' panicked at src/main.rs:7:5:
the index is locked
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`
  ],
  [
    "a Rust panic with a backtrace",
    "thread 'main' (9) panicked at src/main.rs:1:78: called `Result::unwrap()` on an `Err` value: \"taken\"",
    `thread 'main' (9) panicked at src/main.rs:1:78:
called \`Result::unwrap()\` on an \`Err\` value: "taken"
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/59807616/library/core/src/panicking.rs:80:14
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`
  ],
  [
    "Rust, with the causes below",
    "Error: failed to load the configuration; caused by No such file or directory (os error 2)",
    `Error: failed to load the configuration

Caused by:
    0: cannot open /etc/srv.toml
    1: No such file or directory (os error 2)`
  ],
  [
    "Java",
    "Exception in thread \"main\" java.lang.IllegalStateException: no database; caused by java.net.ConnectException: Connection refused",
    `Exception in thread "main" java.lang.IllegalStateException: no database
	at Main.main(Main.java:1)
Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.pollConnect(Native Method)
	... 12 more`
  ],
  [
    ".NET",
    "System.IO.FileNotFoundException: Could not find file '/srv/appsettings.json'.",
    `Unhandled exception. System.InvalidOperationException: Failed to start
 ---> System.IO.FileNotFoundException: Could not find file '/srv/appsettings.json'.
   at Program.Load()
   --- End of inner exception stack trace ---
   at Program.<Main>$(String[] args)`
  ],
  [
    "Ruby",
    "server.rb:1:in 'Integer': invalid value for Integer(): \"a\" (ArgumentError)",
    `server.rb:1:in 'Integer': invalid value for Integer(): "a" (ArgumentError)
	from server.rb:1:in '<main>'`
  ],
  [
    "PHP",
    "PHP Fatal error:  Uncaught Exception: no token in /srv/server.php:3",
    `PHP Fatal error:  Uncaught Exception: no token in /srv/server.php:3
Stack trace:
#0 {main}
  thrown in /srv/server.php on line 3`
  ],
  [
    "Perl",
    "Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module) at server.pl line 2.",
    `Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module) at server.pl line 2.
BEGIN failed--compilation aborted at server.pl line 2.`
  ],
  [
    "npm, a package that is not there",
    "npm error 404 Not Found - GET https://registry.example/no-such-thing - Not found",
    `npm warn exec The following package was not found and will be installed: no-such-thing
npm error code E404
npm error 404 Not Found - GET https://registry.example/no-such-thing - Not found
npm error 404
npm error 404  'no-such-thing@*' is not in this registry.
npm error 404
npm error 404 Note that you can also install from a
npm error 404 tarball, folder, http url, or git folder.
npm error A complete log of this run can be found in: /home/me/.npm/_logs/2026-01-02T03_04_05_678Z-debug-0.log`
  ],
  [
    "npm of old, without a network",
    "npm ERR! network request to https://registry.example/x failed, reason: getaddrinfo EAI_AGAIN registry.example",
    `npm ERR! code EAI_AGAIN
npm ERR! syscall getaddrinfo
npm ERR! errno EAI_AGAIN
npm ERR! network request to https://registry.example/x failed, reason: getaddrinfo EAI_AGAIN registry.example
npm ERR! network This is a problem related to network connectivity.
npm ERR! network In most cases you are behind a proxy or have bad network settings.
npm ERR! network
npm ERR! network If you are behind a proxy, please make sure that the
npm ERR! network 'proxy' config is set properly.  See: 'npm help config'`
  ],
  [
    "npm, no such version",
    "npm error notarget No matching version found for left-pad@99.",
    `npm error code ETARGET
npm error notarget No matching version found for left-pad@99.
npm error notarget In most cases you or one of your dependencies are requesting
npm error notarget a package version that doesn't exist.`
  ],
  [
    "uvx",
    "Because no-such-thing was not found in the package registry and you require no-such-thing, we can",
    `  × No solution found when resolving tool dependencies:
  ╰─▶ Because no-such-thing was not found in the package registry and you require no-such-thing, we can
      conclude that your requirements are unsatisfiable.`
  ],
  [
    "Docker",
    "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    `docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?

Run 'docker run --help' for more information`
  ],
  [
    "bash, and what the script says after it",
    "/srv/run.sh: line 3: poetry: command not found",
    `+ poetry run server
/srv/run.sh: line 3: poetry: command not found
+ exit 127`
  ],
  [
    "a help text alone",
    "Usage: srv [options] <folder>",
    `srv, a server for folders

Usage: srv [options] <folder>

Options:
  -h, --help     show this
  -v, --verbose  say more, required for nothing`
  ],
  [
    "an error before a help text",
    "error: the following required arguments were not provided: --key <KEY>",
    `error: the following required arguments were not provided:
  --key <KEY>

Usage: srv --key <KEY>

For more information, try '--help'.`
  ],
  [
    "an error after a help text",
    "Missing required argument: folder",
    `srv <folder>

Options:
  --version  Show version number                       [boolean]
  --help     Show help                                 [boolean]

Missing required argument: folder`
  ],
  [
    "a line in colour",
    "✖ Token expired",
    "\u001b[2m12:00\u001b[0m ready\n\u001b[31m✖ Token expired\u001b[39m\n\u001b[2m  see the manual\u001b[0m"
  ],
  [
    "a log in which nothing failed but the last thing",
    "2026-01-02 03:04:06,000 - srv - CRITICAL - the licence was revoked",
    `2026-01-02 03:04:05,000 INFO error handler installed
[warn] could not find a cache, making one
2026-01-02 03:04:06,000 - srv - CRITICAL - the licence was revoked
2026-01-02 03:04:06,001 INFO bye`
  ],
  [
    "Lua",
    "lua: server.lua:1: attempt to index a nil value (global 'config')",
    "lua: server.lua:1: attempt to index a nil value (global 'config')\nstack traceback:\n\tserver.lua:1: in main chunk\n\t[C]: in ?\n"
  ],
  [
    "Rust's eyre",
    "Error: failed to read config; caused by No such file or directory (os error 2)",
    "Error: failed to read config\n\nCaused by:\n    No such file or directory (os error 2)\n\nLocation:\n    src/main.rs:12:5\n"
  ],
  ["words without any sign of failure", "see you", "hello\nsee you\n"]
]

describe("the last words of a server that has ended", () => {
  for (const [title, reason, stderr] of cases) {
    it(title, () =>
      assert.strictEqual(
        messageOf(stderr),
        `no connection to "weather" (stdio, negotiate): the server process ended (exit code 1); it said: ${
          reason.replaceAll(/\s+/g, " ")
        }`
      ))
  }

  it("nothing is quoted where nothing was written", () =>
    assert.strictEqual(
      new Closed({ description: "the server process ended", exitCode: 1, stderr: ["", "  "] }).message,
      "the server process ended (exit code 1)"
    ))

  it("a line without end is cut, and takes no time", () => {
    const { message } = new Closed({
      description: "ended",
      stderr: [`Error: ${"x.".repeat(30_000)}`, "(".repeat(60_000), "a".repeat(60_000)]
    })
    assert.match(message, /^ended; it said: Error: x\.x\./)
    assert.isBelow(message.length, 400)
  })
})
