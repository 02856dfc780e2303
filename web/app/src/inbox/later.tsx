// What is loaded when it is first asked for: most visits do without. It shares the modules
// of the inbox through kit.ts; build.mjs sees to it.
export { Dialogs } from "./dialogs";
export { NewPane } from "./new";
