import { suite } from "./suite.ts"

suite(200, 1)
