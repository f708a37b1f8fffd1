import { fork } from 'node:child_process';
import { once } from 'node:events';

import { Gaps } from './monotonic.mjs';

/** Every process of this soak that runs. */
const running = new Set();

/** Ends what this soak started, by process id; SIGKILL reaches the stopped ones too. */
export function endAll() {
  for (const child of running) child.end();
}

/** A process of the soak: what it tells goes to `told`, what it is asked comes back as a promise. */
export class Child {
  gaps = new Gaps();
  #process;
  #questions = new Map();
  #lastQuestion = 0;
  #isExpectedToEnd = false;

  /** @param told called with each thing that the process tells, and this child */
  constructor({ script, args, execArgv = [], told, failed }) {
    const path = new URL(script, import.meta.url);
    this.#process = fork(path, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv });
    running.add(this);
    this.ready = new Promise((resolve) => {
      this.#process.on('message', (message) => {
        if (message.ready !== undefined) resolve(message.ready);
        if (message.gaps !== undefined) this.gaps.add(message.gaps);
        for (const item of message.news ?? []) told(item, this);
        if (message.ask !== undefined) this.#questions.get(message.ask)?.(message.answer);
        this.#questions.delete(message.ask);
      });
    });
    this.#process.on('error', () => undefined);
    this.exited = once(this.#process, 'exit').then(([code, signal]) => {
      running.delete(this);
      if (!this.#isExpectedToEnd) failed(new Error(`${script} ended by itself (${signal ?? code})`));
      return code;
    });
  }

  tell(list) {
    if (list.length > 0) this.#process.send({ list });
  }

  ask(order, details = {}) {
    const ask = ++this.#lastQuestion;
    this.#process.send({ order, ask, ...details });
    return new Promise((resolve) => this.#questions.set(ask, resolve));
  }

  stop() {
    this.#process.kill('SIGSTOP');
  }

  continue() {
    this.#process.kill('SIGCONT');
  }

  end() {
    this.#isExpectedToEnd = true;
    this.#process.kill('SIGKILL');
  }

  /** It is about to end by itself. */
  letGo() {
    this.#isExpectedToEnd = true;
  }
}
