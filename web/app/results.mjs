// A reporter for node --test that writes results as go test -json does, for the line
// that counts all tests.
export default async function* results(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite" || data.name.endsWith(".test.mjs")) continue; // what holds tests
    const action = data.skip !== undefined ? "skip" : type === "test:pass" ? "pass" : "fail";
    yield JSON.stringify({ Action: action, Package: "web/app", Test: data.name }) + "\n";
  }
}
