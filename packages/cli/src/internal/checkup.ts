/** What the doctor finds: the steps of connecting to one server, in their order, up to the first that fails. */
import { exitCode as exitCodeOf, type Failure, hintOf, toJson as failureToJson } from "../render/failure.ts"
import { exitCodes } from "./exitCodes.ts"

export type StepName =
  | "configuration"
  | "command"
  | "process"
  | "dns"
  | "tcp"
  | "tls"
  | "http"
  | "auth"
  | "negotiation"
  | "list"
  | "ping"

/** What there is to say of a step. */
export interface Finding {
  /** In a few words. */
  readonly detail?: string
  /** Lines, as they were seen. */
  readonly evidence?: ReadonlyArray<string>
  /** What to do. */
  readonly hint?: string
}

export interface Step extends Finding {
  readonly step: StepName
  /** `skipped`: not reached, because a step before it failed. */
  readonly status: "ok" | "failed" | "skipped"
  readonly milliseconds: number
  readonly error?: Failure
}

/** A step as it may be shown: what was looked at may have secrets in its name. */
export const withoutSecrets = (step: Step, redact: ((text: string) => string) | undefined): Step =>
  redact === undefined ? step : {
    ...step,
    ...(step.detail === undefined ? {} : { detail: redact(step.detail) }),
    ...(step.evidence === undefined ? {} : { evidence: step.evidence.map(redact) }),
    ...(step.hint === undefined ? {} : { hint: redact(step.hint) })
  }

export interface Checkup {
  readonly name: string
  readonly transport: string
  readonly steps: ReadonlyArray<Step>
}

export const ok = (step: StepName, milliseconds: number, finding: Finding = {}): Step => ({
  step,
  status: "ok",
  milliseconds,
  ...finding
})

/** The error says what failed and what to do, where the finding has nothing better. */
export const failed = (step: StepName, milliseconds: number, error: Failure, finding: Finding = {}): Step => {
  const hint = finding.hint ?? hintOf(error)
  return {
    step,
    status: "failed",
    milliseconds,
    detail: finding.detail ?? whatFailed(error),
    evidence: finding.evidence ?? [],
    error,
    ...(hint === undefined ? {} : { hint })
  }
}

/** What a process said last, without the lines of a stack trace. */
export const lastLines = (stderr: ReadonlyArray<string>): ReadonlyArray<string> =>
  stderr.filter((line) => line.trim() !== "" && !/^\s+at /.test(line)).slice(-10).map((line) => `stderr: ${line}`)

export const skipped = (step: StepName): Step => ({ step, status: "skipped", milliseconds: 0 })

export const failureOf = ({ steps }: Checkup): Step | undefined => steps.find(({ status }) => status === "failed")

/** Done if all are well, the code of the failures if they agree, not connected if they do not. */
export const exitCode = (checkups: ReadonlyArray<Checkup>): number => {
  const codes = new Set(checkups.flatMap((checkup) => {
    const error = failureOf(checkup)?.error
    // A server that does not list or answer is no use either.
    return error === undefined
      ? []
      : [error._tag === "CallError" ? Math.min(exitCodeOf(error), exitCodes.notConnected) : exitCodeOf(error)]
  }))
  const [code = exitCodes.done] = codes
  return codes.size > 1 ? exitCodes.notConnected : code
}

/** What `--json` says of a server. */
export const toJson = (checkup: Checkup) => ({
  name: checkup.name,
  transport: checkup.transport,
  ok: failureOf(checkup) === undefined,
  steps: checkup.steps.map(({ detail, error, evidence = [], hint, milliseconds, status, step }) => ({
    step,
    status,
    milliseconds,
    ...(detail === undefined ? {} : { detail }),
    ...(evidence.length === 0 ? {} : { evidence }),
    ...(hint === undefined ? {} : { hint }),
    ...(error === undefined ? {} : { error: failureToJson(error) })
  }))
})

/** Without the server's name and the phase, which stand beside it. */
const whatFailed = (error: Failure): string => {
  switch (error._tag) {
    case "ConnectionError":
      if (error.signal !== undefined) return `${error.description} (killed by ${error.signal})`
      return error.exitCode === undefined ? error.description : `${error.description} (exit code ${error.exitCode})`
    case "CallError":
      return `${error.method}: ${error.reason.message}`
    default:
      return error.message
  }
}
