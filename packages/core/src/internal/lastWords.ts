/**
 * Finds, in what a process wrote to its standard error before it ended, the line that says why. That is seldom the last
 * one: stack traces, help texts and the lines of a runtime or package manager come after it.
 */

/** One line, at most 300 characters; nothing where nothing was written. */
export const reasonIn = (stderr: ReadonlyArray<string>): string | undefined => {
  const lines = stderr.map(clean).filter((line) => line.trim() !== "")
  const index = lines.findLastIndex((line) => !isCause(line) && isFailure(line))
  const reason = index === -1 ? withoutFailure(lines) : describe(lines, index)
  return reason === undefined ? undefined : excerpt(reason)
}

/** Whether there is a line that tells of a failure. */
export const saysFailure = (stderr: ReadonlyArray<string>): boolean =>
  stderr.map(clean).some((line) => isCause(line) || isFailure(line))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const longest = 300

// oxlint-disable-next-line no-control-regex -- colours are control characters
const colours = /\u001B\[[0-9;?]*[ -/]*[@-~]/g

/** Python puts a frame around the exceptions of a group. */
const groupFrame = /^\s*\| /

/** Cut before anything looks for a reason in it: what is not shown is not searched. */
const clean = (line: string): string =>
  line.slice(0, 1000).replaceAll(colours, "").replace(groupFrame, "").slice(0, longest).trimEnd()

const excerpt = (text: string): string => text.trim().slice(0, longest)

/** What says nothing of why, whatever words are in it. */
const noise: ReadonlyArray<RegExp> = [
  // Brackets, and what points to a column.
  /^[\s{}[\](),;^~|+-]*$/,
  // Frames: JavaScript, Java and .NET; Ruby; PHP; Python; Go; Rust.
  /^\s*at \S/,
  /^\s+from \S/,
  /^#\d+ |^Stack trace:|^\s+thrown in /,
  /^\s+File "|^Traceback \(|^During handling of the above|^The above exception was/,
  /^[\w./*()-]+\([^)]*\)$|^goroutine \d|^created by |^\[signal |^exit status \d/,
  /^stack (?:backtrace|traceback):|^Location:|^\s+\d+: |^note: /,
  /^\s*\.\.\. \d+ |^\s+--- End of /,
  // The source line that threw, and the file it is in.
  /^(?:file:|node:)?\S+:\d+$|^\s*throw |triggerUncaughtException/,
  /^Emitted '\w+' event on /,
  /^Require stack:|^- (?:[/\\]|\w:|file:)/,
  // Runtimes and package managers.
  /^(?:Node\.js|Bun|Deno) v?\d|^\(Use `|^\(Rejection id/,
  /^\(node:\d+\) (?!Unhandled).*Warning/,
  /^npm (?:warn|notice)\b|^This error happened while /i,
  /^BEGIN failed--|^\s+For further information /,
  // Levels of a log at which nothing has failed.
  /^[\W\dTZ]*\b(?:info|debug|trace|warn|warning)\b/i,
  // Help.
  /^(?:run|see|try|use) .*--?h(?:elp)?\b|^For more information\b/i,
  /^(?:usage\b|(?:options|commands|arguments|positionals|flags|examples?)\s*:)/i
]

const strong: ReadonlyArray<RegExp> = [
  /(?:^|[\s:[(])(?:[\w$]+\.)*\w*(?:Error|Exception)(?=[:\s[\](),]|$)/,
  /^\s*(?:\S+: )?(?:\w+ )?(?:error|fatal|panic)(?:\[\w+\])?:/i,
  /\bpanicked at\b|^panic:|^\s*ERR_[A-Z_]+\b/,
  /^\s*(?:×|╰─▶|✖|✗|❌)/
]

/** Counts only where the line is not indented: what belongs to something else is. */
const weak =
  /\b(?:error|fail(?:ed|ure|s)?|fatal|abort(?:ed|ing)|crash(?:ed)?|panic|cannot|can't|could not|couldn't|unable|missing|required?|requires|not found|no such|no matching|no permission|not in|not a|not (?:set|defined|provided|installed|supported|allowed|permitted|recognized)|does not exist|doesn't exist|denied|refused|rejected|revoked|forbidden|unauthorized|invalid|malformed|unknown|unrecognized|unexpected|unsupported|unreachable|unavailable|incompatible|mismatch|already in use|must|exceeded|expired|timed? ?out|killed|terminated|segmentation fault|core dumped|out of memory)\b/i

const errorCode =
  /\b(?:ERR_[A-Z_]+|E(?:ACCES|ADDRINUSE|ADDRNOTAVAIL|AI_AGAIN|CONN[A-Z]+|EXIST|HOSTUNREACH|INVAL|ISDIR|MFILE|NETUNREACH|NOENT|NOTDIR|NOTFOUND|PERM|PIPE|TIMEDOUT))\b/

const isNoise = (line: string): boolean => noise.some((pattern) => pattern.test(line))

const isFailure = (line: string): boolean =>
  !isNoise(line) &&
  (strong.some((pattern) => pattern.test(line)) || !/^\s/.test(line) && (weak.test(line) || errorCode.test(line)))

const causePrefix = /^\s*(?:\[cause\]|Caused by): ?/

const isCause = (line: string): boolean => causePrefix.test(line)

const npmPrefix = /^npm (?:error|ERR!) ?/

const describe = (lines: ReadonlyArray<string>, index: number): string => {
  const line = lines[index] ?? ""
  if (npmPrefix.test(line)) return npmReason(lines)
  const rest = lines.slice(index + 1)
  const [next] = rest
  const head = bare(line)
  const whole = head.endsWith(":") && next !== undefined && !isNoise(next) && !isCause(next)
    ? `${head} ${next.trim()}`
    : head
  const cause = causeIn(rest)
  return cause === undefined ? whole : `${whole}; caused by ${cause}`
}

/** Without what leads to it, the bracket that its properties follow in, and the brackets around it. */
const bare = (line: string): string =>
  line.replace(/^\s*(?:╰─▶|--->|×)?\s*/, "").replace(/\s*[{[]$/, "").replace(/^\[(.*)\]$/, "$1")

/** The last is the root. Rust writes them below. */
const causeIn = (lines: ReadonlyArray<string>): string | undefined => {
  const index = lines.findLastIndex(isCause)
  if (index === -1) return undefined
  const inline = bare((lines[index] ?? "").replace(causePrefix, ""))
  if (inline !== "") return inline
  const after = lines.slice(index + 1)
  const end = after.findIndex((line) => !/^\s/.test(line))
  const below = after.slice(0, end === -1 ? after.length : end).filter((line) => !/^\s*at /.test(line))
  return below.at(-1)?.replace(/^\s*(?:\d+: )?/, "")
}

const npmDetail = /^(?:code|errno|syscall|path|dest|cwd|command)\b|^A complete log|^\S*$|^\S+ (?:Note that|This is)\b/

/** npm says what failed first, and then at length what may be done. */
const npmReason = (lines: ReadonlyArray<string>): string => {
  const start = Math.max(0, lines.findLastIndex((line) => /^npm (?:error|ERR!) code /.test(line)))
  const said = lines.slice(start).filter((line) => npmPrefix.test(line))
  const telling = said.filter((line) => !npmDetail.test(line.replace(npmPrefix, "")))
  return telling.find((line) => weak.test(line.replace(npmPrefix, ""))) ?? telling[0] ?? said[0] ?? ""
}

/** A help text begins with how the program is used; all else is told by what was written last. */
const withoutFailure = (lines: ReadonlyArray<string>): string | undefined =>
  lines.find((line) => /^\s*usage\b/i.test(line)) ??
    lines.findLast((line) => !isNoise(line) && !/^\s/.test(line)) ??
    lines.findLast((line) => !isNoise(line)) ??
    lines.at(-1)
