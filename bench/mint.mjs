// Signs a range of distinct access tokens, one a line: mint.mjs ALG KEY KID ISSUER FIRST COUNT OUT
// Each has its own subject and `jti`. It is no issuer: the keys are thrown away with the bench's cache.
import { createPrivateKey, sign } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

const [algorithm, keyFile, kid, issuer, first, count, out] = process.argv.slice(2);
const key = { key: createPrivateKey(readFileSync(keyFile)) };
if (algorithm === "ES256") key.dsaEncoding = "ieee-p1363";
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const head = base64url({ alg: algorithm, typ: "at+jwt", kid });
const now = Math.floor(Date.now() / 1000);
const file = openSync(out, "w");
let lines = "";
for (let i = Number(first); i < Number(first) + Number(count); i++) {
  const body = base64url({
    iss: issuer, sub: `user-${i}`, aud: "api", client_id: "bench", iat: now - 10, nbf: now - 10, exp: now + 86400 * 90,
    email: `user-${i}@example.test`, groups: ["staff", "eng", "oncall"], scope: "openid profile email", jti: `bench-${i}`,
  });
  const text = `${head}.${body}`;
  lines += `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}\n`;
  if (lines.length > 1 << 20) {
    writeSync(file, lines);
    lines = "";
  }
}
writeSync(file, lines);
closeSync(file);
