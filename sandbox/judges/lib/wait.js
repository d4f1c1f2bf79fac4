/**
 * Asks again until there is an answer other than undefined, null or false, and returns it; fails with what was waited for.
 * An error of ask ends the wait at once.
 */
export async function eventually(what, ask, timeout = 20_000) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeout / 1000} s in vain until ${what}`);
    await new Promise((again) => setTimeout(again, 20));
  }
}
