/** House rules that oxlint has no rule for. `.oxlintrc.json` says where each applies. */
import { dirname, resolve } from "node:path"

/** What the sources of a package must not import, by package. The direction is `cli -> transports -> core`. */
const forbidden = {
  core: /^(node:|cross-spawn$|@effect\/platform-node|@universal-mcp\/)/,
  transports: /^(node:|cross-spawn$|@effect\/platform-node|@universal-mcp\/(?!core\/))/,
  cli: /^@universal-mcp\/(?!core\/|transports\/)/
}

/** The files that may tie the transports to one platform. */
const exceptions = {
  "packages/transports/src/NodeStdioTransport.ts": /^@effect\/platform-node/,
  "packages/transports/src/NodeTransports.ts": /^@effect\/platform-node/,
  "packages/transports/src/NoProxy.ts": /^node:/,
  "packages/transports/src/internal/nodeCertificates.ts": /^node:/,
  "packages/transports/src/internal/nodeHttp.ts": /^(node:|@effect\/platform-node)/,
  "packages/transports/src/internal/nodePipes.ts": /^node:/,
  "packages/transports/src/internal/windows.ts": /^(node:|cross-spawn$)/
}

const packageOf = (path) => /\/packages\/([^/]+)\//.exec(path)?.[1]

const problemOf = (filename, source) => {
  const name = packageOf(filename)
  if (source.startsWith(".")) {
    const target = packageOf(resolve(dirname(filename), source) + "/")
    return target !== undefined && target !== name
      ? `import "@universal-mcp/${target}/…": no relative path leads into another package`
      : undefined
  }
  if (name === undefined || !filename.includes(`/packages/${name}/src/`)) return undefined
  if (source === "effect") return "import the module itself: `import * as Effect from \"effect/Effect\"`"
  const [, allowed] = Object.entries(exceptions).find(([file]) => filename.endsWith(file)) ?? []
  return forbidden[name]?.test(source) && !allowed?.test(source)
    ? `packages/${name} must not import "${source}": imports go cli -> transports -> core, and the platform comes as services`
    : undefined
}

const imports = {
  create(context) {
    const filename = context.filename.replaceAll("\\", "/")
    const check = (node) => {
      const source = node.source
      if (source?.type !== "Literal" || typeof source.value !== "string") return
      const message = problemOf(filename, source.value)
      if (message !== undefined) context.report({ node: source, message })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: check
    }
  }
}

const isRun = (name) => /^run($|[A-Z])/.test(name ?? "")

const noRun = {
  create(context) {
    const message =
      "effects are run in main.ts and in tests only; inside, take what runs them from the caller's scope (FiberSet.makeRuntime)"
    return {
      MemberExpression(node) {
        if (node.object.name === "Effect" && isRun(node.property.name)) context.report({ node, message })
      },
      ImportSpecifier(node) {
        if (node.parent.source.value === "effect/Effect" && isRun(node.imported.name)) context.report({ node, message })
      }
    }
  }
}

/** The one module of the cli that writes to stdout and stderr, and what else may get at a way to the terminal. */
const sink = "packages/cli/src/internal/sink.ts"
const terminals = /packages\/cli\/src\/(Elicitation|internal\/(keyboard|terminal)|render\/Screen)\.ts$/
/** What cuts safe text, the help with Effect's colours, and what Effect's prompts draw. */
const mayMakeSafe = /packages\/cli\/src\/(render\/(text|quote)|Cli|internal\/keyboard)\.ts$/

const sinkOnly = {
  create(context) {
    const filename = context.filename.replaceAll("\\", "/")
    if (!filename.includes("/packages/cli/src/") || filename.endsWith(sink)) return {}
    const report = (node) =>
      context.report({ node, message: `only ${sink} writes to the terminal: give its functions a SafeText` })
    return {
      ImportDeclaration(node) {
        const source = node.source.value
        if (source === "effect/Console") report(node)
        if (source === "effect/Terminal" && !terminals.test(filename)) report(node)
      },
      ImportExpression(node) {
        if (["effect/Console", "effect/Terminal"].includes(node.source.value)) report(node)
      },
      CallExpression({ callee }) {
        const name = callee.type === "MemberExpression" ? callee.property.name : callee.name
        if (["stdout", "stderr"].includes(name)) report(callee)
      },
      MemberExpression(node) {
        const { object: { name: object }, property: { name } } = node
        if (object === "Logger" && /^(console|default|tracer|withConsole|withLeveled)/.test(name)) report(node)
        if (name === "unsafe" && object === "SafeText" && !mayMakeSafe.test(filename)) {
          context.report({ node, message: "SafeText.unsafe checks nothing: use line, block, json or format" })
        }
      }
    }
  }
}

export default { meta: { name: "house" }, rules: { imports, "no-run": noRun, sink: sinkOnly } }
