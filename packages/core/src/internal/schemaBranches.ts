/** Keywords that ask other schemas about the same value. */
import * as costs from "./schemaCosts.ts"
import type { Keyword } from "./schemaKeywordValue.ts"
import { first, issue, type Issues, type Run } from "./schemaRun.ts"

export const allOf: Keyword = (keyword) => {
  const nodes = keyword.readSchemas()
  return (value, run) => first(nodes, run.work, (node) => run.here(node, value))
}

export const anyOf: Keyword = (keyword) => {
  const nodes = keyword.readSchemas()
  return (value, run) => {
    const wrong: Array<Issues> = []
    let fits = nodes.length === 0
    for (const node of nodes) {
      const issues = run.branch(node, value)
      if (run.work.refused !== undefined) return undefined
      if (issues !== undefined) wrong.push(issues)
      else fits = true
      // The others only count for what they look at.
      if (fits && run.seen === undefined) return undefined
    }
    return fits ? undefined : together(run, wrong, "must match a schema in anyOf")
  }
}

export const oneOf: Keyword = (keyword) => {
  const nodes = keyword.readSchemas()
  return (value, run) => {
    const wrong: Array<Issues> = []
    let fitting = 0
    for (const node of nodes) {
      const issues = run.branch(node, value)
      if (run.work.refused !== undefined) return undefined
      if (issues !== undefined) wrong.push(issues)
      else if (++fitting > 1) return issue("must match only one schema in oneOf")
    }
    return fitting === 1 ? undefined : together(run, wrong, "must match a schema in oneOf")
  }
}

export const not: Keyword = (keyword) => {
  const node = keyword.readSchema()
  const issues = issue("must NOT be valid")
  return (value, run) => run.branch(node, value) === undefined ? issues : undefined
}

export const ifThenElse: Keyword = (keyword) => {
  const condition = keyword.readSchema()
  const then = keyword.sibling("then")?.readSchema()
  const otherwise = keyword.sibling("else")?.readSchema()
  return (value, run) => {
    const next = run.branch(condition, value) === undefined ? then : otherwise
    return next === undefined ? undefined : run.here(next, value)
  }
}

export const dynamicRef: Keyword = (keyword) => {
  const node = keyword.followReference()
  const anchor = keyword.readText().split("#")[1] ?? ""
  return (value, run) =>
    run.here(node.resource.dynamic.get(anchor) === node ? run.dynamic(anchor) ?? node : node, value)
}

export const ref: Keyword = (keyword) => {
  const node = keyword.followReference()
  return (value, run) => run.here(node, value)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** The first few, because each level of a schema may have as many again. */
const together = ({ work }: Run, all: ReadonlyArray<Issues>, message: string): Issues =>
  work.spend(costs.issues)
    ? [...all.slice(0, maxIssues).flatMap((issues) => issues ?? []).slice(0, maxIssues), ...(issue(message) ?? [])]
    : undefined

const maxIssues = 4
