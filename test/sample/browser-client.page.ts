import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';

/** Waits for what the page says of its connection. */
export async function reaches(page: Page, state: string): Promise<void> {
  await page.locator(`#state[data-state=${state}]`).waitFor({ timeout: 20_000 });
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** What can be read in the chat, without the names. */
async function heard(page: Page): Promise<string[]> {
  return (await page.locator('#remarks li span').allTextContents()).map((text) => text.trim());
}

/** The chat comes to hold exactly these remarks, and none of this page's is still on its way. */
export async function expectHeard(page: Page, texts: string[]): Promise<void> {
  await page.waitForFunction(`document.querySelectorAll('#remarks li').length >= ${texts.length} &&
    document.querySelector('#remarks [data-state=sent], #remarks [data-state=waiting]') === null`);
  expect(await heard(page)).toEqual(texts);
}

/** Everything that the page shows, step by step. */
export async function transcript(page: Page, partner: Page): Promise<string[]> {
  const shown: string[] = [];
  const look = async (count: number): Promise<void> => {
    await page.locator(`#remarks li:nth-child(${count})`).waitFor();
    shown.push(await page.locator('.chat').innerText());
  };
  await page.getByRole('status').getByText('connected').waitFor();
  await say(page, 'mine');
  await look(1);
  await say(partner, 'yours');
  await look(2);
  // Longer than the heartbeats of both: none is seen, nobody leaves.
  await page.waitForTimeout(3_500);
  await look(2);
  return shown;
}
