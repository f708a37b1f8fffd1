const BUTTONS = {
  freeze: (seconds) => `The server is frozen for ${seconds} s.`,
  cut: (seconds) => `The network is cut for ${seconds} s.`,
};

/** Lets the buttons do what they say, one at a time. */
export function offerTrouble(log) {
  const buttons = Object.keys(BUTTONS).map((id) => document.getElementById(id));
  const enable = (isOn) => {
    for (const button of buttons) button.disabled = !isOn;
  };
  for (const button of buttons) {
    button.addEventListener('click', async () => {
      enable(false);
      try {
        const answer = await fetch(`trouble/${button.id}`, { method: 'POST' });
        const { ms } = await answer.json();
        log.add('bad', BUTTONS[button.id](ms / 1_000));
        await new Promise((resolve) => setTimeout(resolve, ms));
      } catch {
        log.add('quiet', 'The server cannot be reached to make trouble.');
      }
      enable(true);
    });
  }
}
