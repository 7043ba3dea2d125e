// Waiting for the check that follows an upload: asked for every second, and then less and less often.
import { Away, get } from "./upload-api.js";
import { percent } from "./upload-words.js";

const SHORTEST = 500;
const LONGEST = 5000;

// Tell how far the check has come until it has ended; return the server's last answer.
export async function watch(address, words, tell) {
  for (let wait = SHORTEST; ; wait = Math.min(LONGEST, wait * 1.3)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const answer = await get(address);
      if (answer.state !== "verifying") return answer;
      tell(said(words, answer));
    } catch (error) {
      if (!(error instanceof Away)) throw error;
    }
  }
}

function said(words, answer) {
  if (!answer.worker) return words.asleep;
  return answer.checked ? `${words.checking} ${percent(answer.checked, answer.size)}` : words.checking;
}
