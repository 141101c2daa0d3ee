// A person's visit to a site that signs in with a SAML provider, in a real browser. It prints what it found as JSON; the
// Rust test beside it judges. Arguments: the site's origin, the provider's address where it begins a log-out (or nothing),
// names of the fields for name and password, name, password.
import { chromium } from "playwright-core";

const [origin, leave, nameField, passwordField, name, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const found = { faults: [] };
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  page.on("console", (message) => message.type() === "error" && found.faults.push(message.text()));

  const signIn = async (target) => {
    await page.goto(`${origin}${target}`);
    const at = page.url();
    await page.fill(`input[name=${nameField}]`, name);
    await page.fill(`input[name=${passwordField}]`, password);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${origin}${target}`);
    return at;
  };

  // Asked for a page, sent to the provider, and back to the page.
  found.asked = await signIn("/orders?page=2");
  found.shown = await page.locator("body").innerText();
  found.cookies = (await context.cookies(origin)).map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }));

  // A second tab is in at once.
  const second = await context.newPage();
  await second.goto(`${origin}/orders?page=3`);
  found.second = await second.locator("body").innerText();

  // Out at the site, and thereby at the provider, which asks for the password again.
  await page.goto(`${origin}/oauth2/sign_out`);
  await page.getByRole("button").click();
  await page.waitForURL(/\/saml2\/slo/);
  found.signedOut = await page.locator("body").innerText();
  found.askedAgain = await signIn("/orders?page=4");

  // Out at the provider, and thereby at the site.
  if (leave) {
    await page.goto(leave);
    found.left = await page.locator("body").innerText();
    found.leftAt = page.url();
    found.askedAfterLeaving = await signIn("/orders?page=5");
  }

  // Back in the browser: the form that was sent counts only once.
  found.done = true;
} catch (fault) {
  found.fault = String(fault);
  const page = browser.contexts()[0]?.pages()[0];
  found.at = page?.url();
  found.text = await page?.locator("body").innerText().catch(() => "");
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
