// A person's visit to an app behind the gateway, signing in at a provider's own pages, in a real browser. It is given the
// gateway's address and which provider it is, and prints what it found as JSON; the Rust test beside it judges.
import { chromium } from "playwright-core";

const [origin, kind, name, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const found = { visited: [] };

// Both providers' pages have a form for name and password; one of them asks for consent afterwards.
async function signIn(page) {
  const login = page.locator(kind === "node" ? "input[name=login]" : "input[name=username]");
  await login.waitFor();
  found.at = page.url();
  await login.fill(name);
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit], input[type=submit]").first().click();
  if (kind === "node") {
    await page.getByRole("button", { name: "Continue" }).click();
  }
}

try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("framenavigated", (frame) => frame === page.mainFrame() && found.visited.push(frame.url().split("?")[0]));
  await page.goto(`${origin}/orders?page=2`);
  await signIn(page);
  await page.waitForURL(/\/orders/);
  found.returned = page.url();
  found.shown = await page.locator("body").innerText();
  const cookies = await context.cookies(origin);
  found.cookies = cookies.map(({ name, httpOnly, sameSite, value }) => ({ name, httpOnly, sameSite, length: value.length }));

  // A second tab of the same browser, without our session. One of the providers knows the person by now, the other asks.
  await context.clearCookies({ name: "countersign" });
  const tab = await context.newPage();
  await tab.goto(`${origin}/orders?page=3`);
  if (kind !== "node") {
    await signIn(tab);
  }
  await tab.waitForURL(/\/orders\?page=3/);
  found.second = await tab.locator("body").innerText();

  // The access token is over by now: the session is renewed in silence.
  await tab.waitForTimeout(2500);
  await tab.goto(`${origin}/orders?page=4`);
  found.renewed = await tab.locator("body").innerText();

  // Out, here and there.
  await tab.goto(`${origin}/oauth2/sign_out`);
  await tab.getByRole("button").click();
  await tab.waitForURL((url) => !url.href.startsWith(origin), { timeout: 5000 }).catch(() => {});
  found.outAt = tab.url().split("?")[0];
  const confirm = tab.locator("button[value=yes], button[name=logout]").first();
  if (await confirm.isVisible().catch(() => false)) {
    await confirm.click();
    await tab.waitForURL(/oauth2\/sign_out/);
    found.back = await tab.locator("main").innerText();
  }
  await tab.goto(`${origin}/orders?page=5`);
  found.askedAgain = tab.url();
} catch (fault) {
  found.fault = String(fault);
  found.stuck = await browser.contexts()[0]?.pages().at(-1)?.content().catch(() => "");
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
