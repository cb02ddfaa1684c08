// Drives Firefox by JSON lines: one request on stdin, one answer on stdout.
//   {"goto": url} {"evaluate": script} {"click": selector} {"fill": selector, "text": text}
//   {"await": selector, "patience": ms} {"screenshot": path} {"close": true}
// An answer is {"value": ...} or {"error": text}. Arguments: path of Firefox, a script to run in every page.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const [executablePath, probe] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": true,
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "media.gmp-manager.updateEnabled": false,
    "network.captive-portal-service.enabled": false,
  },
});
const page = await browser.newPage();
await page.evaluateOnNewDocument(await readFile(probe, "utf8"));

async function answer(request) {
  if (request.goto) return void (await page.goto(request.goto));
  if (request.evaluate) return page.evaluate(request.evaluate);
  if (request.click) return page.locator(request.click).click();
  if (request.fill) return page.locator(request.fill).fill(request.text);
  if (request.await) return void (await page.waitForSelector(request.await, { timeout: request.patience ?? 30000 }));
  if (request.screenshot) return void (await page.screenshot({ path: request.screenshot }));
  if (request.close) return browser.close();
  throw new Error(`unknown request: ${Object.keys(request)}`);
}

console.log(JSON.stringify({ value: "ready" }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    console.log(JSON.stringify({ value: (await answer(request)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
  if (request.close) break;
}
process.exit(0);
