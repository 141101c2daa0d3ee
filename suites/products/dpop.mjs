// A client of oauth4webapi: prints the thumbprint of its key, reads a token that is bound to it, then asks an address
// three times and prints each status, and how often it was told to use a nonce.
import * as oauth from "oauth4webapi";
import { createInterface } from "node:readline/promises";

const [url] = process.argv.slice(2);
const keys = await oauth.generateKeyPair("ES256");
const proofs = oauth.DPoP({ client_id: "suite" }, keys);
console.log(await proofs.calculateThumbprint());
const token = await createInterface({ input: process.stdin }).question("");
const ask = () =>
  oauth.protectedResourceRequest(token, "GET", new URL(url), undefined, null, {
    DPoP: proofs,
    [oauth.allowInsecureRequests]: true,
  });
const statuses = [];
let nonces = 0;
for (let round = 0; round < 3; round++) {
  const answer = await ask().catch((error) => {
    if (!oauth.isDPoPNonceError(error)) throw error;
    nonces += 1;
    return ask();
  });
  statuses.push(answer.status);
}
console.log(JSON.stringify({ statuses, nonces }));
