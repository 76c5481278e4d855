/** What to do about a module that Node does not find: a wrong path, a server that is not built, a package that is broken. */

/** What to do, where `stderr` says that a module is missing. */
export const hintFrom = (stderr: string): string | undefined => {
  const native = nativePart.exec(stderr)
  if (native !== null) return broken(native[1] ?? packageOf(stderr))
  const [found, , module = "", , from] = missing.exec(stderr) ?? []
  if (found === undefined) return undefined
  const importer = from ?? /^Require stack:\s*\n- (.+)$/m.exec(stderr)?.[1]
  if (importer === undefined || isCommandLine.test(importer)) {
    return isPath.test(module) ? noFile(module) : noDependency(module)
  }
  const name = packageOf(importer)
  if (name !== undefined) return broken(name)
  return isPath.test(module)
    ? `${module}, which ${importer} loads, is missing: the server is not complete; build it, or install it again`
    : noDependency(module)
}

export const noFile = (file: string): string =>
  `there is no file ${file}: check the arguments and \`cwd\`; a relative path starts where this program runs`

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const missing = /Cannot find (?:module|package) (['"])(.+?)\1(?: (?:imported )?from (["']?)([^\r\n"']+)\3)?/

/** As `sharp`, `bindings`, `node-gyp-build`, `napi-rs` and Node itself say it. */
const nativePart =
  /Could not load the "([^"]+)" module using the|Could not locate the bindings file|No native build was found|Cannot find native binding|was compiled against a different Node\.js version|\.node: (?:invalid ELF header|cannot open shared object file)/

const isPath = /^[./\\]|^\w:|^file:/

/** `-e`, `--require` and `--import`: no file asked for it. */
const isCommandLine = /^internal[/\\]|\[eval\]|[/\\]$/

/** The innermost package that the first path in `node_modules` is in. */
const packageOf = (text: string): string | undefined => {
  const start = text.search(nodeModules)
  if (start === -1) return undefined
  const [path = ""] = /^[^\s'")]*/.exec(text.slice(start)) ?? []
  const inside = path.split(nodeModules).at(-1) ?? ""
  return /^(?:@[^/\\]+[/\\])?[^/\\]+/.exec(inside)?.[0].replace("\\", "/")
}

const nodeModules = /[/\\]node_modules[/\\]/

const noDependency = (module: string): string => `its module ${module} is missing: install the server's dependencies`

const broken = (name: string | undefined): string =>
  `${name === undefined ? "a package" : `the package ${name}`} is broken, or its native part was not installed: ` +
  "install the server again, without --ignore-scripts and with the Node that runs it"
