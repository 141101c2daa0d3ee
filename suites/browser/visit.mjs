// A person's visit to the login pages, in a real browser without scripts of ours. It is given the gateway's address and
// the password, and prints what it found as JSON; the Rust test beside it judges.
import { chromium } from "playwright-core";

const [origin, name, password, script] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const found = {};
try {
  const context = await browser.newContext({ javaScriptEnabled: script === "scripts" });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));

  // Asked for a page, sent to the login.
  await page.goto(`${origin}/orders?page=2`);
  found.asked = page.url();
  found.focused = await page.locator("input[name=username]").isVisible();

  // A wrong password: the form again, the name's owner told nothing more.
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  found.alert = await page.getByRole("alert").innerText();
  found.afterWrong = page.url();

  // The right one, by the keyboard: back to where the person was.
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/orders/);
  found.returned = page.url();
  found.shown = await page.locator("body").innerText();
  found.cookies = (await context.cookies()).map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite }));

  // Out again, and the page needs a login once more.
  await page.goto(`${origin}/oauth2/sign_out`);
  await page.getByRole("button").click();
  found.signedOut = await page.locator("main, body").first().innerText();
  await page.goto(`${origin}/orders?page=3`);
  found.askedAgain = page.url();
  found.faults = faults;
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
