// Signs proofs of possession (DPoP, RFC 9449) for one address, one a line, and prints the token that they go with:
// prove.mjs KEY KID ISSUER URL COUNT OUT. The holder's key is thrown away; proofs are good for a minute.
import { createHash, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [keyFile, kid, issuer, url, count, out] = process.argv.slice(2);
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const hash = (text) => createHash("sha256").update(text).digest("base64url");
const jws = (key, header, claims) => {
  const text = `${base64url(header)}.${base64url(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
};
const now = Math.floor(Date.now() / 1000);
const holder = generateKeyPairSync("ec", { namedCurve: "P-256" });
const { crv, kty, x, y } = holder.publicKey.export({ format: "jwk" });
const claims = { iss: issuer, sub: "user-dpop", aud: "api", client_id: "bench", iat: now - 10, exp: now + 3600, cnf: { jkt: hash(JSON.stringify({ crv, kty, x, y })) } };
const token = jws(createPrivateKey(readFileSync(keyFile)), { alg: "ES256", typ: "at+jwt", kid }, claims);
const proof = (jti, nonce) =>
  jws(holder.privateKey, { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } }, { jti, htm: "GET", htu: url, iat: now, ath: hash(token), nonce });
// A server that has just started wants a nonce of its own; one that does not gives none.
const asked = await fetch(url, { headers: { Authorization: `DPoP ${token}`, DPoP: proof(`ask-${Date.now()}`) } });
const nonce = asked.headers.get("dpop-nonce") ?? undefined;
let lines = "";
for (let i = 0; i < Number(count); i++) lines += `${proof(`${Date.now()}-${i}`, nonce)}\n`;
writeFileSync(out, lines);
console.log(token);
