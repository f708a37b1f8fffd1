// Every way in which a client of a soak dies, and what the server must make of it.
// - `share`: how many are born for it, relative to the others
// - `reason`: of the event `closed`
// - `ghost`: how a ghost is classified (R8); whoever has none is noticed without a question
// - `answersClose`: whether something at the other end still answers a close frame
export const KINDS = {
  clean: { share: 25, reason: 'clean', text: 'close frame' },
  fin: { share: 8, reason: 'error', text: 'FIN without a close frame' },
  rst: { share: 8, reason: 'error', text: 'RST' },
  paused: { share: 14, ghost: 'silent', text: 'reads and says nothing more' },
  proxy: { share: 14, ghost: 'proxy_answered', answersClose: true, text: 'answers protocol pings only' },
  deaf: { share: 8, ghost: 'proxy_answered', text: 'the same, answers no close frame' },
  // Born in groups behind one relay.
  cut: { share: 2, ghost: 'silent', text: 'line cut, by a relay' },
  // Born in small processes of their own.
  killed: { share: 0, reason: 'error', text: 'process killed (SIGKILL)' },
  frozen: { share: 0, ghost: 'silent', text: 'process stopped (SIGSTOP)' },
  // Nobody is born for these.
  mass: { share: 0, ghost: 'silent', text: 'most of all cut at once' },
  leaving: { share: 0, reason: 'clean', text: 'everybody leaves at the end' },
};

export const SHARES = Object.fromEntries(Object.entries(KINDS).map(([kind, { share }]) => [kind, share]));

/** What a client is told to do to die so. */
export const HOW = { mass: 'paused', leaving: 'clean' };
