// Chromium asks for a page behind Digest, and a script of the page for twelve things at once. It is given the address, a
// name and a password, and prints what it got as JSON; the Rust test beside it judges.
import { chromium } from "playwright-core";

const [origin, username, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const context = await browser.newContext({ httpCredentials: { username, password } });
  const page = await context.newPage();
  const first = await page.goto(`${origin}/browser/page?a=b`);
  const parallel = await page.evaluate(async () => {
    const ask = async (number) => (await fetch(`/browser/part?n=${number}`)).status;
    return Promise.all(Array.from({ length: 12 }, (_, number) => ask(number)));
  });
  console.log(JSON.stringify({ first: first.status(), parallel }));
} finally {
  await browser.close();
}
