import { suite } from "./suite.ts"

suite("one of each kind")
