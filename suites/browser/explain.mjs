// A person's visit to the page of `countersign explain --web`, in a real browser. It is given the page's address and what to
// paste, and prints what it found as JSON; the Rust test beside it judges.
import { chromium } from "playwright-core";

const [url, pasted, script] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const found = {};
try {
  const context = await browser.newContext({ javaScriptEnabled: script === "scripts", colorScheme: "dark" });
  const page = await context.newPage();
  const faults = [];
  const asked = new Set();
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => asked.add(request.url()));

  const seen = async () => ({
    heading: await page.locator("article h1").innerText(),
    text: await page.locator("article").innerText(),
    // The policy allows the one style by its hash: without it nothing would be masked, boxed or coloured.
    styled: await page.locator("main").evaluate((main) => getComputedStyle(main).maxWidth).catch(() => null),
    url: page.url(),
  });

  // Pasted, and explained by the button.
  await page.goto(url);
  await page.getByLabel("Text").fill(pasted);
  await page.getByRole("button", { name: "Explain" }).click();
  await page.waitForSelector("article");
  found.pasted = await seen();

  // Chosen as a file.
  await page.goto(url);
  const file = { name: "refused.http", mimeType: "application/octet-stream", buffer: Buffer.from(pasted) };
  await page.getByLabel("Files").setInputFiles(file);
  await page.getByRole("button", { name: "Explain" }).click();
  await page.waitForSelector("article");
  found.chosen = await seen();

  if (script === "scripts") {
    // Dropped anywhere: the page takes it and asks by itself.
    const dropped = await page.evaluateHandle((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "refused.http"));
      return data;
    }, pasted);
    const answered = page.waitForNavigation();
    await page.locator("body").dispatchEvent("drop", { dataTransfer: dropped });
    await answered;
    found.dropped = await seen();

    // By the keyboard alone.
    await page.goto(url);
    await page.getByLabel("Text").fill(pasted);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Control+Enter")]);
    found.typed = await seen();
  }
  found.faults = faults;
  found.asked = [...asked];
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
